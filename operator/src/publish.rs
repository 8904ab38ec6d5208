//! The snapshot that the one writer publishes, for every stream to read.

use crate::policy::compile::{Answer, Changes, NodeConfiguration};
use crate::policy::state::PolicyStates;
use longwire_model::telemetry::NodeSettings;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

pub mod role;

/// The state of the cluster as probes are sent it.
#[derive(Debug, Default)]
pub struct Published {
    /// Nothing is sent before: half a cluster looks like pods that are gone.
    pub synced: bool,
    /// The state of each object of the three kinds.
    pub policy_states: Arc<PolicyStates>,
    revision: u64,
    /// The revision of the last change that woke the streams.
    announced: u64,
    settings: NodeSettings,
    nodes: HashMap<String, Arc<NodeConfiguration>>,
    answers: HashMap<IpAddr, Arc<Answer>>,
    answers_revision: u64,
}

impl Published {
    /// The revision that all configurations here contain; an object's state has the one from which on they contain the
    /// object.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision that every probe should have applied: later ones change nothing for any of them.
    #[must_use]
    pub(crate) fn announced(&self) -> u64 {
        self.announced
    }

    /// Of every node, those on which nothing runs too.
    #[must_use]
    pub fn settings(&self) -> &NodeSettings {
        &self.settings
    }

    /// `None`: nothing runs there.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<NodeConfiguration>> {
        self.nodes.get(name)
    }

    /// `None`: it is outside the cluster.
    #[must_use]
    pub fn answer(&self, address: IpAddr) -> Option<&Arc<Answer>> {
        self.answers.get(&address)
    }

    /// Rises with every change of an answer.
    #[must_use]
    pub(crate) fn answers_revision(&self) -> u64 {
        self.answers_revision
    }

    /// Whether anything is different now.
    fn update(&mut self, changes: Changes, synced: bool) -> bool {
        let became_synced = synced && !self.synced;
        self.synced |= synced;
        self.revision = changes.revision;
        let mut nodes = self.settings != changes.settings;
        self.settings = changes.settings;
        if let Some(policy_states) = changes.policy_states.filter(|policy_states| *self.policy_states != *policy_states)
        {
            (self.policy_states, nodes) = (Arc::new(policy_states), true);
        }
        for (name, configuration) in changes.nodes {
            nodes |= self.update_node(name, configuration);
        }
        let mut answers = false;
        for (address, answer) in changes.answers {
            answers |= self.update_answer(address, answer);
        }
        self.answers_revision += u64::from(answers);
        let is_different = became_synced || nodes || answers;
        if is_different {
            self.announced = self.revision;
        }
        is_different
    }

    fn update_node(&mut self, name: String, configuration: NodeConfiguration) -> bool {
        if self.nodes.get(&name).is_some_and(|known| known.version == configuration.version) {
            return false;
        }
        if configuration.pods.is_empty() {
            return self.nodes.remove(&name).is_some();
        }
        self.nodes.insert(name, Arc::new(configuration));
        true
    }

    fn update_answer(&mut self, address: IpAddr, answer: Option<Answer>) -> bool {
        let Some(answer) = answer else { return self.answers.remove(&address).is_some() };
        if self.answers.get(&address).is_some_and(|known| known.version == answer.version) {
            return false;
        }
        self.answers.insert(address, Arc::new(answer));
        true
    }
}

#[derive(Debug)]
pub struct Publisher(watch::Sender<Published>);

impl Publisher {
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<Published>) {
        let (sender, receiver) = watch::channel(Published::default());
        (Self(sender), receiver)
    }

    /// Wakes the streams if anything is different.
    pub fn publish(&self, changes: Changes, synced: bool) {
        self.0.send_if_modified(|published| published.update(changes, synced));
    }
}

#[cfg(test)]
mod tests;
