//! The budget for all telemetries of one node. The smallest are granted first, so that a large one does not crowd out others.

use crate::index::warning::{NODE_BUDGET_EXCEEDED, On, Warning};
use crate::source::object::Pod;
use longwire_model::limits::MAX_NODE_TELEMETRY_BYTES;
use longwire_model::telemetry::Telemetry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Pods that were left out, by node and UID.
#[derive(Debug, Default)]
pub(super) struct NodeBudgets {
    reduced: HashMap<String, BTreeSet<String>>,
}

/// The telemetry that a pod of the node is configured with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) uid: &'a str,
    pub(super) telemetry: &'a Arc<Telemetry>,
    pub(super) bytes: usize,
}

/// UIDs of the pods whose telemetry finds no room. Equal ones are kept once, and counted once.
pub(super) fn without_room<'a>(pods: &[Wanted<'a>]) -> BTreeSet<&'a str> {
    // By telemetry, with the first UID, so that the order does not depend on where they lie in memory.
    let mut different: HashMap<*const Telemetry, (usize, &str)> = HashMap::new();
    for &Wanted { uid, telemetry, bytes } in pods {
        let entry = different.entry(Arc::as_ptr(telemetry)).or_insert((bytes, uid));
        entry.1 = entry.1.min(uid);
    }
    let total: usize = different.values().map(|(bytes, _)| bytes).sum();
    if total <= MAX_NODE_TELEMETRY_BYTES {
        return BTreeSet::new();
    }
    let ranked: BTreeMap<(usize, &str), *const Telemetry> =
        different.into_iter().map(|(of, rank)| (rank, of)).collect();
    let mut taken = 0;
    let mut over = HashSet::new();
    for ((bytes, _), telemetry) in ranked {
        taken += bytes;
        if taken > MAX_NODE_TELEMETRY_BYTES {
            over.insert(telemetry);
        }
    }
    pods.iter().filter(|pod| over.contains(&Arc::as_ptr(pod.telemetry))).map(|pod| pod.uid).collect()
}

impl NodeBudgets {
    /// Notes the pods that were left out on a node; those that were not before get a warning.
    pub(super) fn note<'a>(
        &mut self,
        node: &str,
        reduced: impl IntoIterator<Item = (&'a Pod, usize)>,
        warnings: &mut Vec<Warning>,
    ) {
        let former = self.reduced.remove(node).unwrap_or_default();
        let mut now = BTreeSet::new();
        for (pod, bytes) in reduced {
            if !former.contains(&pod.uid) {
                warnings.push(warning(pod, node, bytes));
            }
            now.insert(pod.uid.clone());
        }
        if !now.is_empty() {
            self.reduced.insert(node.to_owned(), now);
        }
    }

    /// Of a pod that is left out now.
    pub(super) fn warning_of(&self, pod: &Pod, bytes: usize) -> Option<Warning> {
        let node = pod.node.as_deref()?;
        let is_reduced = self.reduced.get(node).is_some_and(|reduced| reduced.contains(&pod.uid));
        is_reduced.then(|| warning(pod, node, bytes))
    }

    /// Pods that are left out now.
    pub(super) fn reduced(&self) -> usize {
        self.reduced.values().map(BTreeSet::len).sum()
    }
}

fn warning(pod: &Pod, node: &str, bytes: usize) -> Warning {
    let (namespace, name) = (pod.name.namespace.clone(), pod.name.name.clone());
    let note = format!(
        "tags, statistics and the access log of this pod are left out: they take {bytes} bytes, and those of the pods of node \
         {node} together more than the {MAX_NODE_TELEMETRY_BYTES} that a probe takes: use fewer tags, patterns or regular \
         expressions"
    );
    Warning {
        on: On::Pod,
        namespace,
        name,
        uid: pod.uid.clone(),
        reason: NODE_BUDGET_EXCEEDED,
        note,
        occasion: String::new(),
    }
}
