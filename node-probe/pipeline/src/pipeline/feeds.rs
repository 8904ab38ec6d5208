//! Which label sets a connection feeds: what its pod's telemetry says, for the ends that it has.

use super::stage::Recorder;
use crate::labels::{Differences, UNKNOWN};
use crate::metrics::{Attribution, CONNECTION, Claim, ENVOY, SERVICE, TagSource, WORKLOAD};
use crate::observation::{Flow, Reporter};
use crate::resolve::{Local, Resolution};
use longwire_model::identity::UnixNanos;
use longwire_model::series::{Metric, Metrics};
use longwire_model::telemetry::{Group, Tag, TagValue, Telemetry};
use std::sync::Arc;

/// All that a connection feeds from its begin, and what it feeds once it is long.
pub(super) const AT_ONCE: Metrics = SERVICE.union(WORKLOAD).union(ENVOY);
pub(super) const ALL: Metrics = AT_ONCE.union(LONG);
pub(super) const LONG: Metrics = CONNECTION;
/// What an attempt feeds that failed. It claims nothing else: a label set without a line would take room for nothing.
pub(super) const FAILED: Metrics = ENVOY.with(Metric::LongwireFailed);

/// Adds what is on for the pod, of these metrics. `start`: of the connection.
pub(super) fn take(
    (local, resolution): (&Local, &Resolution),
    wanted: Metrics,
    start: UnixNanos,
    recorder: &mut Recorder<'_>,
    held: &mut Attribution,
) {
    for group in groups(&local.telemetry, resolution.edge.reporter) {
        let of = |kind: Metrics| group.metrics.intersection(wanted).intersection(kind);
        let (service, workload, connection) = (of(SERVICE), of(WORKLOAD), of(CONNECTION));
        let others = workload.union(connection);
        if service.union(others).is_empty() {
            continue;
        }
        let differences = evaluate(&group.tags, resolution, recorder);
        let tag_source = (!differences.is_empty())
            .then(|| TagSource { pod: local.slot.number(), peer: resolution.peer_pod().map(Arc::clone) });
        let claim = |metrics| Claim { metrics, differences: differences.clone(), tag_source: tag_source.clone() };
        if !service.is_empty() {
            recorder.aggregate.service(&resolution.edge, claim(service), recorder.now, held);
        }
        if !others.is_empty() {
            let flow: Flow = resolution.flow(start);
            recorder.aggregate.workload(&flow, claim(workload), recorder.now, held);
            recorder.aggregate.connection(&flow, claim(connection), recorder.now, held);
        }
    }
    if let Some(matcher) = local.telemetry.stats.as_ref().filter(|_| !wanted.intersection(ENVOY).is_empty())
        && let Some(labels) = resolution.cluster()
    {
        recorder.aggregate.cluster(labels, (local.slot.number(), matcher), recorder.now, held);
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

/// What the tags say of this connection. No label is ever empty.
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
            recorder.aggregate.admitted_mut().admit(facts.edge.namespace(), name, value.into(), *max_values)
        });
        differences.push((name.clone(), value));
    }
    Differences::new(differences)
}
