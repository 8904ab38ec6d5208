//! The series that a connection records into: those that are on in its pod's telemetry, with the labels of its ends.

use super::stage::Recorder;
use crate::labels::{ConnectionLabels, Differences, LocalityLabels, ServiceLabels, UNKNOWN, WorkloadLabels};
use crate::metrics::{CONNECTION, ENVOY, LOCALITY, SERVICE, SeriesHandles, SeriesSpec, TagSource, WORKLOAD};
use crate::observation::Reporter;
use crate::resolve::{Local, Resolution};
use longwire_model::identity::UnixNanos;
use longwire_model::series::{DIRECTION, Metric, Metrics};
use longwire_model::telemetry::{Group, Tag, TagValue, Telemetry};
use std::sync::Arc;

/// Metrics that every connection records into, and those of long connections.
pub(super) const AT_ONCE: Metrics = SERVICE.union(LOCALITY).union(WORKLOAD).union(ENVOY);
pub(super) const ALL: Metrics = AT_ONCE.union(LONG);
pub(super) const LONG: Metrics = CONNECTION;
/// Metrics of a failed connect. It acquires no others, because a label set without a line would take room for nothing.
pub(super) const FAILED: Metrics = ENVOY.with(Metric::LongwireFailed);

/// What its series are for, so that no tag of the same name may replace it.
const OWN_OF_LOCALITY: [&str; 2] = ["scope", DIRECTION];

/// Adds handles of the series that are on for the pod, of these metrics. `start`: of the connection.
pub(super) fn acquire(
    (local, resolution): (&Local, &Resolution),
    wanted: Metrics,
    start: UnixNanos,
    recorder: &mut Recorder<'_>,
    held: &mut SeriesHandles,
) {
    for group in groups(&local.telemetry, resolution.reporter()) {
        let of = |kind: Metrics| group.metrics.intersection(wanted).intersection(kind);
        let (service, locality, workload, connection) = (of(SERVICE), of(LOCALITY), of(WORKLOAD), of(CONNECTION));
        if service.union(locality).union(workload).union(connection).is_empty() {
            continue;
        }
        let differences = evaluate(&group.tags, resolution, recorder);
        let tag_source = (!differences.is_empty())
            .then(|| TagSource { pod: local.slot.number(), peer: resolution.peer_pod().map(Arc::clone) });
        let spec = |metrics| SeriesSpec { metrics, differences: differences.clone(), tag_source: tag_source.clone() };
        if !service.is_empty() {
            recorder.store.acquire(ServiceLabels(resolution.edge().into()), spec(service), recorder.now, held);
        }
        if !locality.is_empty() {
            let labels = LocalityLabels::new(resolution.edge().into(), resolution.scope());
            let spec = SeriesSpec { differences: differences.without(&OWN_OF_LOCALITY), ..spec(locality) };
            recorder.store.acquire(labels, spec, recorder.now, held);
        }
        if !workload.is_empty() {
            recorder.store.acquire(WorkloadLabels::of(&resolution.flow(start)), spec(workload), recorder.now, held);
        }
        if !connection.is_empty() {
            recorder.store.acquire(ConnectionLabels::of(&resolution.flow(start)), spec(connection), recorder.now, held);
        }
    }
    if let Some(matcher) = local.telemetry.stats.as_ref().filter(|_| !wanted.intersection(ENVOY).is_empty())
        && let Some(labels) = resolution.cluster()
    {
        recorder.store.acquire_cluster(labels, (local.slot.number(), matcher), recorder.now, held);
    }
}

/// Series of single connections are on for the pod.
pub(super) fn has_long(telemetry: &Telemetry, reporter: Reporter) -> bool {
    groups(telemetry, reporter).iter().any(|group| !group.metrics.intersection(LONG).is_empty())
}

fn groups(telemetry: &Telemetry, reporter: Reporter) -> &[Group] {
    match reporter {
        Reporter::Source => &telemetry.source,
        Reporter::Destination => &telemetry.destination,
    }
}

/// The values of tags for this connection. No label is ever empty.
fn evaluate(tags: &[Tag], facts: &Resolution, recorder: &mut Recorder<'_>) -> Differences {
    if tags.is_empty() {
        return Differences::default();
    }
    let mut differences = Vec::with_capacity(tags.len());
    for Tag { name, value } in tags {
        let value = value.as_ref().map(|TagValue { expression, max_values }| {
            let value = match expression.evaluate(facts) {
                Ok(value) if value.is_empty() => UNKNOWN.into(),
                Ok(value) => value,
                Err(_) => {
                    *recorder.expression_errors += 1;
                    UNKNOWN.into()
                }
            };
            recorder.store.admitted_mut().admit(facts.edge().namespace(), name, value.into(), *max_values)
        });
        differences.push((name.clone(), value));
    }
    Differences::new(differences)
}
