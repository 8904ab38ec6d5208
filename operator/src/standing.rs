//! What is true of each object of the three kinds: what its status says, but for what the probes have to say.

use crate::object::{Key, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// By object.
pub type Standings = BTreeMap<Key, Arc<Standing>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub uid: String,
    /// `metadata.generation` of what was read.
    pub generation: i64,
    pub accepted: Result<(), Refusal>,
    /// What of it has no effect, or breaks somebody who reads series, a few at most.
    pub warnings: Vec<String>,
    /// Which parts lost to other objects, and to whom; `None`: nothing did.
    pub conflicted: Option<String>,
    /// Workloads with a selected pod, in all namespaces.
    pub workloads_selected: u32,
    /// With a selected pod.
    pub nodes: BTreeSet<String>,
    /// From this one on every published configuration contains what the object asks for.
    pub revision: u64,
}
