//! The state of each object of the three kinds: what its status contains, without what depends on probes.

use crate::source::object::policy::Reason;
use crate::source::object::{Key, Kind, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// By object.
pub type PolicyStates = BTreeMap<Key, Arc<PolicyState>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyState {
    pub uid: String,
    /// `metadata.generation` of what was read.
    pub generation: i64,
    pub accepted: Result<(), Refusal>,
    /// Parts that have no effect, or that break a consumer of series; a few at most.
    pub warnings: Vec<String>,
    /// Which parts lost, and to which objects; `None`: no conflict.
    pub conflicted: Option<String>,
    /// Workloads with a selected pod, in all namespaces.
    pub workloads_selected: u32,
    /// With a selected pod.
    pub nodes: BTreeSet<String>,
    /// From this revision on every published configuration contains the object.
    pub revision: u64,
}

/// Objects that are refused, by kind and reason; every kind with every reason, 0 too.
pub(crate) fn refused(policy_states: &PolicyStates) -> BTreeMap<(&'static str, &'static str), u64> {
    let reasons = |kind| Reason::ALL.map(move |reason: Reason| ((kind, reason.as_str()), 0));
    let mut refused: BTreeMap<_, _> = Kind::POLICIES.map(Kind::plural).into_iter().flat_map(reasons).collect();
    for (Key { kind, .. }, state) in policy_states {
        if let Err(refusal) = &state.accepted {
            *refused.entry((kind.plural(), refusal.reason.as_str())).or_default() += 1;
        }
    }
    refused
}

/// Objects of which another object overrides a part, by kind; every kind, 0 too.
pub(crate) fn conflicted(policy_states: &PolicyStates) -> BTreeMap<&'static str, u64> {
    let mut conflicted: BTreeMap<_, _> = Kind::POLICIES.map(|kind| (kind.plural(), 0)).into();
    for (Key { kind, .. }, state) in policy_states {
        *conflicted.entry(kind.plural()).or_default() += u64::from(state.conflicted.is_some());
    }
    conflicted
}
