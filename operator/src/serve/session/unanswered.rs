//! Updates that the probe has neither acknowledged nor refused.

use longwire_model::update::Update;
use std::collections::VecDeque;

/// Unanswered updates of a probe, at most. With as many it is sent nothing; when it answers one it is sent the latest state.
pub(super) const MAX: usize = 64;

/// In the order of sending, in which the probe answers each once.
#[derive(Debug, Default)]
pub(super) struct Unanswered(VecDeque<Offer>);

/// The parts of the node's configuration in one update. An update with answers alone has none.
#[derive(Debug)]
pub(super) struct Offer {
    version: u64,
    pub(super) settings: bool,
    /// UIDs of pods that were added, changed or removed.
    pub(super) pods: Vec<String>,
}

impl Unanswered {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX
    }

    pub(super) fn push(&mut self, update: &Update) {
        let Update { version, settings, pods, removed_pods, addresses: _ } = update;
        let pods = pods.iter().map(|local| local.pod.uid.clone()).chain(removed_pods.iter().cloned()).collect();
        self.0.push_back(Offer { version: *version, settings: settings.is_some(), pods });
    }

    /// The update that an answer is about; `None`: the answer is about no update that is unanswered.
    pub(super) fn answered(&mut self, version: u64) -> Option<Offer> {
        self.0.pop_front_if(|offer| offer.version == version)
    }

    /// Whether an unanswered update has a part of the configuration.
    pub(super) fn has_configuration(&self) -> bool {
        self.0.iter().any(|offer| offer.settings || !offer.pods.is_empty())
    }
}
