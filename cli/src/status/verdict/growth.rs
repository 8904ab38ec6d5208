//! What has grown between two looks at a probe.

use super::super::found::{Earlier, Probes};
use longwire_live::Probe;
use longwire_live::probe::ProbeFacts;

/// `None`: it was looked at once, or did not answer then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth<'a>(Option<(&'a ProbeFacts, u64)>);

impl<'a> Growth<'a> {
    pub(super) fn of(probe: &Probe, earlier: Option<&'a Earlier>) -> Self {
        let facts = |Earlier { found, seconds }: &'a Earlier| {
            let Probes::Known(probes) = &found.probes else { return None };
            let same = probes.iter().find(|other| other.spec.node == probe.spec.node)?;
            Some((same.status.as_ref()?.facts.as_ref()?, *seconds))
        };
        Self(earlier.and_then(facts))
    }

    /// How much more there is now. A probe that was restarted meanwhile begins anew.
    pub(super) fn since(self, now: u64, before: impl Fn(&ProbeFacts) -> u64) -> u64 {
        self.0.map_or(0, |(facts, _)| now.saturating_sub(before(facts)))
    }

    /// In words; empty if there is no more.
    pub(super) fn text(self, more: u64) -> String {
        let seconds = self.0.map_or(0, |(_, seconds)| seconds);
        if more == 0 { String::new() } else { format!("; {more} more in the last {seconds} s") }
    }
}
