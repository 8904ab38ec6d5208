//! On how many nodes an object is programmed. Pure: a function of its state, the acknowledgements and the ready probes.

use crate::policy::state::PolicyState;
use crate::publish::acks::Acked;
use std::collections::{BTreeSet, HashMap};

#[cfg(test)]
mod tests;

/// The condition Programmed, and what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) programmed: Programmed,
    pub(crate) programmed_nodes: u32,
    /// With a ready probe and a selected pod.
    pub(crate) desired_nodes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Programmed {
    /// Every desired node runs it.
    True,
    /// There is no desired node.
    NoTargets,
    /// The object has no effect anywhere.
    NotAccepted,
    /// Some probe could not apply it.
    Rejected(String),
    /// Some nodes lag.
    Pending(String),
    /// Some probes have not yet connected to this replica.
    Unknown(String),
}

/// Nodes that a message names.
const NAMED: usize = 3;

impl Programmed {
    /// The condition's status, as Kubernetes writes it.
    #[must_use]
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::True | Self::NoTargets => "True",
            Self::NotAccepted | Self::Rejected(_) | Self::Pending(_) => "False",
            Self::Unknown(_) => "Unknown",
        }
    }

    #[must_use]
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::True => "Programmed",
            Self::NoTargets => "NoTargets",
            Self::NotAccepted => "NotAccepted",
            Self::Rejected(_) => "Rejected",
            Self::Pending(_) | Self::Unknown(_) => "Pending",
        }
    }

    #[must_use]
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::True => "every node with a ready probe and a selected pod has applied it",
            Self::NoTargets => "no node has a ready probe and a selected pod",
            Self::NotAccepted => "an object that is not accepted has no effect",
            Self::Rejected(text) | Self::Pending(text) | Self::Unknown(text) => text,
        }
    }
}

/// `acked` is by node, `ready` the nodes with a ready probe.
#[must_use]
pub(crate) fn progress(state: &PolicyState, acked: &HashMap<String, Acked>, ready: &BTreeSet<String>) -> Progress {
    if state.accepted.is_err() {
        return Progress { programmed: Programmed::NotAccepted, programmed_nodes: 0, desired_nodes: 0 };
    }
    let desired: Vec<&str> = state.nodes.intersection(ready).map(String::as_str).collect();
    let has_applied = |node: &&&str| acked.get(**node).is_some_and(|acked| acked.revision >= state.revision);
    let behind: Vec<&str> = desired.iter().filter(|node| !has_applied(node)).copied().collect();
    let programmed = verdict(state, acked, &desired, &behind);
    let count = |nodes: usize| u32::try_from(nodes).unwrap_or(u32::MAX);
    Progress { programmed, programmed_nodes: count(desired.len() - behind.len()), desired_nodes: count(desired.len()) }
}

fn verdict(state: &PolicyState, acked: &HashMap<String, Acked>, desired: &[&str], behind: &[&str]) -> Programmed {
    if desired.is_empty() {
        return Programmed::NoTargets;
    }
    if behind.is_empty() {
        return Programmed::True;
    }
    let refusal = |node: &&str| {
        let (revision, error) = acked.get(*node)?.refused.as_ref()?;
        (*revision >= state.revision).then(|| format!("the probe of node {node} could not apply it: {error}"))
    };
    if let Some(text) = behind.iter().find_map(refusal) {
        return Programmed::Rejected(text);
    }
    let text = format!("not yet on {}", some(behind));
    // A replica that has just become the leader must not report a working object as pending.
    if behind.iter().any(|node| acked.contains_key(*node)) {
        Programmed::Pending(text)
    } else {
        Programmed::Unknown(text)
    }
}

fn some(nodes: &[&str]) -> String {
    let named = nodes.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match nodes.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
