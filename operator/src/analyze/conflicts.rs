//! Parts that lose to other objects, and objects that are defined twice.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::finding::split;
use super::read::{Input, Known};
use crate::policy::merge::{Conflict, ConflictKind};
use crate::source::object::Key;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ptr;

pub(super) fn check(cluster: &Cluster<'_>, findings: &mut Findings) {
    let mut seen = HashSet::new();
    let pods = cluster.pods().filter_map(|pod| cluster.compiler.outcome(&pod.name));
    // Pods that the same objects select share one.
    let pods = pods.filter(|outcome| seen.insert(ptr::from_ref(*outcome)));
    let conflicts: BTreeSet<&Conflict> =
        pods.chain(cluster.compiler.bases()).flat_map(|outcome| &outcome.conflicts).collect();
    for Conflict { loser, kind, message } in conflicts {
        let Some(known) = cluster.known.get(loser) else { continue };
        let code = match kind {
            ConflictKind::Overridden => Code::Conflict,
            ConflictKind::OverLimit => Code::OverLimit,
            ConflictKind::TooLarge => Code::PodTooLarge,
        };
        let (field, message) = split(message);
        findings.add(code, known, field.unwrap_or_default(), message);
    }
}

/// Objects of the three kinds alone: others are not what is analyzed.
pub(super) fn check_definitions(input: &Input<'_>, findings: &mut Findings) {
    let mut first: BTreeMap<Key, &Known> = BTreeMap::new();
    for known in input.known.iter().filter(|known| known.object.key().kind.is_policy()) {
        let Some(former) = first.insert(known.object.key(), known).filter(|former| former.value != known.value) else {
            continue;
        };
        let Some((file, _)) = input.files.get(former.place.file) else { continue };
        findings.add(Code::DefinedTwice, known, "", &format!("{file} defines it in another way, which does not count"));
    }
}
