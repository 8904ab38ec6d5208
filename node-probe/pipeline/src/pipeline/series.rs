//! The series that a connection records into: those that are on in its pod's telemetry, with the labels of its ends.

use super::stage::Recorder;
use crate::labels::{ConnectionLabels, Differences, EnvoyLabels, ServiceLabels, UNKNOWN, WorkloadLabels};
use crate::metrics::{CONNECTION, ENVOY, KnownLabels, SERVICE, SeriesHandles, SeriesSpec, TagSource, WORKLOAD};
use crate::observation::Reporter;
use crate::resolve::{Local, Resolution};
use longwire_model::identity::UnixNanos;
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::{Metric, Metrics};
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Group, Tag, TagValue, Telemetry};
use std::sync::Arc;

/// Metrics that every connection records into, and those of long connections.
pub(super) const AT_ONCE: Metrics = SERVICE.union(WORKLOAD).union(ENVOY);
pub(super) const ALL: Metrics = AT_ONCE.union(LONG);
pub(super) const LONG: Metrics = CONNECTION;
/// Metrics of a failed connect. It acquires no others, because a label set without a line would take room for nothing.
pub(super) const FAILED: Metrics = ENVOY.with(Metric::LongwireFailed);

/// Where series come from.
pub(super) trait Source {
    /// The value that the tag may have.
    fn admit(&mut self, namespace: &str, name: &TagName, value: Box<str>, most: Option<u32>) -> Box<str>;

    /// An expression has no value.
    fn failed(&mut self);

    fn acquire<K: KnownLabels>(&mut self, labels: K, spec: SeriesSpec, held: &mut SeriesHandles);

    fn acquire_cluster(&mut self, labels: EnvoyLabels, matcher: (u64, &StatsMatcher), held: &mut SeriesHandles);
}

impl Source for Recorder<'_> {
    fn admit(&mut self, namespace: &str, name: &TagName, value: Box<str>, most: Option<u32>) -> Box<str> {
        self.store.admitted_mut().admit(namespace, name, value, most)
    }

    fn failed(&mut self) {
        *self.expression_errors += 1;
    }

    fn acquire<K: KnownLabels>(&mut self, labels: K, spec: SeriesSpec, held: &mut SeriesHandles) {
        self.store.acquire(labels, spec, self.now, held);
    }

    fn acquire_cluster(&mut self, labels: EnvoyLabels, matcher: (u64, &StatsMatcher), held: &mut SeriesHandles) {
        self.store.acquire_cluster(labels, matcher, self.now, held);
    }
}

/// Adds handles of the series that are on for the pod, of these metrics. `start`: of the connection.
pub(super) fn acquire(
    (local, resolution): (&Local, &Resolution),
    wanted: Metrics,
    start: UnixNanos,
    source: &mut impl Source,
    held: &mut SeriesHandles,
) {
    for group in groups(&local.telemetry, resolution.reporter()) {
        let of = |kind: Metrics| group.metrics.intersection(wanted).intersection(kind);
        let (service, workload, connection) = (of(SERVICE), of(WORKLOAD), of(CONNECTION));
        if service.union(workload).union(connection).is_empty() {
            continue;
        }
        let differences = evaluate(&group.tags, resolution, source);
        let tag_source = (!differences.is_empty())
            .then(|| TagSource { pod: local.slot.number(), peer: resolution.peer_pod().map(Arc::clone) });
        let spec = |metrics| SeriesSpec { metrics, differences: differences.clone(), tag_source: tag_source.clone() };
        if !service.is_empty() {
            source.acquire(ServiceLabels(resolution.edge().into()), spec(service), held);
        }
        if !workload.is_empty() {
            source.acquire(WorkloadLabels::of(&resolution.flow(start)), spec(workload), held);
        }
        if !connection.is_empty() {
            source.acquire(ConnectionLabels::of(&resolution.flow(start)), spec(connection), held);
        }
    }
    if let Some(matcher) = local.telemetry.stats.as_ref().filter(|_| !wanted.intersection(ENVOY).is_empty())
        && let Some(labels) = resolution.cluster()
    {
        source.acquire_cluster(labels, (local.slot.number(), matcher), held);
    }
}

/// Series of single connections are on for the pod.
pub(super) fn has_long(telemetry: &Telemetry, reporter: Reporter) -> bool {
    groups(telemetry, reporter).iter().any(|group| !group.metrics.intersection(LONG).is_empty())
}

pub(super) fn groups(telemetry: &Telemetry, reporter: Reporter) -> &[Group] {
    match reporter {
        Reporter::Source => &telemetry.source,
        Reporter::Destination => &telemetry.destination,
    }
}

/// The values of tags for this connection. No label is ever empty.
fn evaluate(tags: &[Tag], facts: &Resolution, source: &mut impl Source) -> Differences {
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
                    source.failed();
                    UNKNOWN.into()
                }
            };
            source.admit(facts.edge().namespace(), name, value.into(), *max_values)
        });
        differences.push((name.clone(), value));
    }
    Differences::new(differences)
}
