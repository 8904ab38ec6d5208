//! Pods with the same telemetry together. Pure.

use longwire_live::EffectiveTelemetry;
use longwire_live::effective_telemetry::EffectiveTelemetryStatus;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Who is in it, and what they have.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) pods: Vec<String>,
    pub(super) workloads: BTreeSet<String>,
    pub(super) nodes: BTreeSet<String>,
    /// With their revisions.
    pub(super) canonical_services: BTreeSet<Canonical>,
    pub(super) services: BTreeSet<String>,
    pub(super) telemetry: EffectiveTelemetryStatus,
}

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Canonical {
    pub(super) name: String,
    pub(super) revision: String,
}

/// The largest first.
pub(super) fn groups(telemetries: Vec<EffectiveTelemetry>) -> Vec<Group> {
    let mut groups = BTreeMap::<EffectiveTelemetryStatus, Group>::new();
    for telemetry in telemetries {
        let EffectiveTelemetry { metadata, spec, status } = telemetry;
        let group = groups.entry(status.unwrap_or_default()).or_default();
        group.pods.extend(metadata.name);
        group.workloads.insert(spec.workload);
        group.nodes.extend(spec.node);
        group.canonical_services.insert(Canonical { name: spec.canonical_service, revision: spec.canonical_revision });
        group.services.extend(spec.services);
    }
    let with_telemetry = |(telemetry, mut group): (EffectiveTelemetryStatus, Group)| {
        group.pods.sort_unstable();
        Group { telemetry, ..group }
    };
    let mut groups: Vec<Group> = groups.into_iter().map(with_telemetry).collect();
    groups.sort_by(|left, right| right.pods.len().cmp(&left.pods.len()).then_with(|| left.pods.cmp(&right.pods)));
    groups
}
