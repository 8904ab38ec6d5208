//! On how many nodes an object is programmed. Pure: a function of its state, the acknowledgements and the ready probes.

use super::conditions::condition;
use crate::acks::Acked;
use crate::policy::state::PolicyState;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use longwire_crds::status::{NodeCount, condition_type, reason};
use std::collections::{BTreeSet, HashMap};

#[cfg(test)]
mod tests;

/// Nodes that a message names.
const NAMED: usize = 3;

/// The condition Programmed, and what it counts: desired are nodes with a ready probe and a selected pod. `acked` is by
/// node, `ready` the nodes with a ready probe.
#[must_use]
pub(super) fn progress(
    state: &PolicyState,
    acked: &HashMap<String, Acked>,
    ready: &BTreeSet<String>,
) -> (Condition, NodeCount) {
    let nodes = state.nodes.intersection(ready).filter(|_| state.accepted.is_ok());
    let desired: Vec<&str> = nodes.map(String::as_str).collect();
    let has_applied = |node: &&&str| acked.get(**node).is_some_and(|acked| acked.revision >= state.revision);
    let behind: Vec<&str> = desired.iter().filter(|node| !has_applied(node)).copied().collect();
    let (is_so, reason, message) = verdict(state, acked, &desired, &behind);
    let count = |nodes: usize| u32::try_from(nodes).unwrap_or(u32::MAX);
    let nodes = NodeCount { programmed: count(desired.len() - behind.len()), desired: count(desired.len()) };
    (condition(state, condition_type::PROGRAMMED, is_so, reason, &message), nodes)
}

fn verdict(
    state: &PolicyState,
    acked: &HashMap<String, Acked>,
    desired: &[&str],
    behind: &[&str],
) -> (Option<bool>, &'static str, String) {
    let text = str::to_owned;
    if state.accepted.is_err() {
        return (Some(false), reason::NOT_ACCEPTED, text("an object that is not accepted has no effect"));
    }
    if desired.is_empty() {
        return (Some(true), reason::NO_TARGETS, text("no node has a ready probe and a selected pod"));
    }
    if behind.is_empty() {
        return (
            Some(true),
            reason::PROGRAMMED,
            text("every node with a ready probe and a selected pod has applied it"),
        );
    }
    let refusal = |node: &&str| {
        let (revision, error) = acked.get(*node)?.refused.as_ref()?;
        (*revision >= state.revision).then(|| format!("the probe of node {node} could not apply it: {error}"))
    };
    if let Some(text) = behind.iter().find_map(refusal) {
        return (Some(false), reason::REJECTED, text);
    }
    // A replica that has just become the leader must not report a working object as pending.
    let is_known = behind.iter().any(|node| acked.contains_key(*node));
    (is_known.then_some(false), reason::PENDING, format!("not yet on {}", some(behind)))
}

fn some(nodes: &[&str]) -> String {
    let named = nodes.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match nodes.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
