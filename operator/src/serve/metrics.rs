//! The operator's own metrics: the rows of the model's table, gathered by the `prometheus` crate at each scrape.

use crate::publish::role::Role;
use crate::serve::health::State;
use longwire_endpoint::process;
use longwire_model::build;
use longwire_model::series::{OPERATOR_METRICS, SelfKind, SelfMetric};
use prometheus::{CounterVec, GaugeVec, Opts, Registry, TextEncoder};
use std::sync::atomic::Ordering::Relaxed;

#[cfg(test)]
mod tests;

/// One value, with the values of its labels.
struct Reading {
    name: &'static str,
    labels: Vec<&'static str>,
    value: f64,
}

/// In the text format 0.0.4.
pub(crate) fn text(state: &State) -> prometheus::Result<String> {
    let registry = Registry::new();
    let readings = take(state);
    for row in &OPERATOR_METRICS {
        register(&registry, row, readings.iter().filter(|reading| reading.name == row.name))?;
    }
    let (process, is_whole) = process::families();
    state.counters.processes_without_descriptor.fetch_add((!is_whole).into(), Relaxed);
    let families = [registry.gather(), process].concat();
    TextEncoder::new().encode_to_string(&families)
}

fn register<'a>(
    registry: &Registry,
    row: &SelfMetric,
    readings: impl Iterator<Item = &'a Reading>,
) -> prometheus::Result<()> {
    let opts = Opts::new(row.name, row.help);
    match row.kind {
        SelfKind::Counter => {
            let vector = CounterVec::new(opts, row.labels)?;
            for Reading { labels, value, .. } in readings {
                vector.get_metric_with_label_values(labels)?.inc_by(*value);
            }
            registry.register(Box::new(vector))
        }
        SelfKind::Gauge => {
            let vector = GaugeVec::new(opts, row.labels)?;
            for Reading { labels, value, .. } in readings {
                vector.get_metric_with_label_values(labels)?.set(*value);
            }
            registry.register(Box::new(vector))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus' values are doubles: exact up to 2^53")]
fn take(state: &State) -> Vec<Reading> {
    let counters = &state.counters;
    let one = |name, value: u64| Reading { name, labels: Vec::new(), value: value as f64 };
    let mut readings = vec![
        one("longwire_operator_synced", u64::from(state.published.borrow().synced)),
        one("longwire_operator_endpointslices_refused", counters.slices_refused.load(Relaxed)),
        one("longwire_operator_streams", counters.streams.load(Relaxed)),
        one("longwire_operator_streams_behind", counters.behind.load(Relaxed)),
        one("longwire_operator_streams_total", counters.streams_made.load(Relaxed)),
        one("longwire_operator_updates_total", counters.updates.load(Relaxed)),
        one("longwire_operator_acks_total", counters.acks.load(Relaxed)),
        one("longwire_operator_nacks_total", counters.nacks.load(Relaxed)),
        Reading {
            name: "longwire_operator_ack_seconds_total",
            labels: Vec::new(),
            value: counters.ack_time.load(Relaxed) as f64 / 1e9,
        },
    ];
    let mut by = |name, values: Vec<(&'static str, u64)>| {
        let reading = |(label, value)| Reading { name, labels: vec![label], value: value as f64 };
        readings.extend(values.into_iter().map(reading));
    };
    by("longwire_operator_address_observations_total", counters.observations().into());
    by("longwire_operator_streams_refused_total", counters.refusals().into_iter().collect());
    by("longwire_operator_handshakes_refused_total", counters.handshake_refusals().into_iter().collect());
    by("longwire_operator_tokens_verified_total", counters.reviews().into_iter().collect());
    by("longwire_operator_authorization_requests_total", counters.reader_questions().into_iter().collect());
    by("longwire_operator_connections", counters.connections_now().into_iter().collect());
    let (metrics, health) = (state.endpoints.metrics.counts(), state.endpoints.health.counts());
    let accepts = metrics.accepts_without_descriptor() + health.accepts_without_descriptor();
    let missing = vec![
        ("accept", accepts),
        ("control", counters.accepts_without_descriptor.load(Relaxed)),
        ("manifests", counters.manifests_without_descriptor.load(Relaxed)),
        ("api_server", counters.requests_without_descriptor.load(Relaxed)),
        ("process", counters.processes_without_descriptor.load(Relaxed)),
    ];
    by("longwire_operator_out_of_descriptors_total", missing);
    by("longwire_operator_scrape_authorizations_total", metrics.readers().into());
    by("longwire_operator_objects", counters.objects().into_iter().collect());
    by("longwire_operator_objects_conflicted", counters.objects_conflicted().into_iter().collect());
    by("longwire_operator_identities_left_out", counters.identities_left_out().into_iter().collect());
    by("longwire_operator_pods_reduced", counters.pods_reduced().into_iter().collect());
    let holds = matches!(*state.role.borrow(), Role::Leader);
    by("longwire_operator_role", vec![("leader", u64::from(holds)), ("standby", u64::from(!holds))]);
    if let Some(serving) = state.certificate.as_ref().and_then(|certificate| certificate.borrow().clone()) {
        let expiries = vec![("leaf", serving.leaf_expires), ("authority", serving.authority_expires)];
        by("longwire_operator_certificate_expiry_timestamp_seconds", expiries);
    }
    for (listener, counts) in [("metrics", metrics), ("health", health)] {
        let reading = |(reason, value)| Reading {
            name: "longwire_operator_http_refused_total",
            labels: vec![listener, reason],
            value: value as f64,
        };
        readings.extend(counts.read().into_iter().map(reading));
    }
    let refused = counters.objects_refused().into_iter();
    readings.extend(refused.map(|((kind, reason), value)| Reading {
        name: "longwire_operator_objects_refused",
        labels: vec![kind, reason],
        value: value as f64,
    }));
    readings.push(Reading { name: "longwire_build_info", labels: build::labels("operator").to_vec(), value: 1.0 });
    readings
}
