//! The operator's own metrics: the rows of the model's table, gathered by the `prometheus` crate at each scrape.

use crate::publish::role::Role;
use crate::serve::health::State;
use longwire_endpoint::process;
use longwire_model::build;
use longwire_model::series::{OPERATOR_METRICS, SelfKind, SelfMetric, operator_names};
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
    let families = [registry.gather(), state.counters.loops.0.families(), process].concat();
    TextEncoder::new().encode_to_string(&families)
}

fn register<'a>(
    registry: &Registry,
    row: &SelfMetric,
    readings: impl Iterator<Item = &'a Reading>,
) -> prometheus::Result<()> {
    let opts = Opts::new(row.name, row.help);
    match row.kind {
        // Its vector is kept, because it cannot be made from one value.
        SelfKind::Histogram => Ok(()),
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
        one(operator_names::SYNCED, u64::from(state.published.borrow().synced)),
        one(operator_names::ENDPOINTSLICES_REFUSED, counters.slices_refused.load(Relaxed)),
        one(operator_names::STREAMS, counters.streams.load(Relaxed)),
        one(operator_names::STREAMS_BEHIND, counters.behind.load(Relaxed)),
        one(operator_names::STREAMS_TOTAL, counters.streams_made.load(Relaxed)),
        one(operator_names::UPDATES, counters.updates.load(Relaxed)),
        one(operator_names::ACKS, counters.acks.load(Relaxed)),
        one(operator_names::NACKS, counters.nacks.load(Relaxed)),
        Reading {
            name: operator_names::ACK_SECONDS,
            labels: Vec::new(),
            value: counters.ack_time.load(Relaxed) as f64 / 1e9,
        },
    ];
    let mut by = |name, values: Vec<(&'static str, u64)>| {
        let reading = |(label, value)| Reading { name, labels: vec![label], value: value as f64 };
        readings.extend(values.into_iter().map(reading));
    };
    by(operator_names::LIVE_DISBELIEVED, counters.live.disbelieved().into_iter().collect());
    by(operator_names::LIVE_REFUSED, counters.live.refusals().into_iter().collect());
    by(operator_names::ADDRESS_OBSERVATIONS, counters.observations().into());
    by(operator_names::STREAMS_REFUSED, counters.refusals().into_iter().collect());
    by(operator_names::HANDSHAKES_REFUSED, counters.handshake_refusals().into_iter().collect());
    by(operator_names::TOKENS_VERIFIED, counters.reviews().into_iter().collect());
    by(operator_names::AUTHORIZATION_REQUESTS, counters.authorization_requests().into_iter().collect());
    by(operator_names::CONNECTIONS, counters.connections_now().into_iter().collect());
    let (metrics, health) = (state.endpoints.metrics.counts(), state.endpoints.health.counts());
    let accepts = metrics.accepts_without_descriptor() + health.accepts_without_descriptor();
    let missing = vec![
        ("accept", accepts),
        ("control", counters.accepts_without_descriptor.load(Relaxed)),
        ("manifests", counters.manifests_without_descriptor.load(Relaxed)),
        ("api_server", counters.requests_without_descriptor.load(Relaxed)),
        ("process", counters.processes_without_descriptor.load(Relaxed)),
    ];
    by(operator_names::OUT_OF_DESCRIPTORS, missing);
    by(operator_names::SCRAPE_AUTHORIZATIONS, metrics.readers().into());
    by(operator_names::OBJECTS, counters.objects().into_iter().collect());
    by(operator_names::OBJECTS_CONFLICTED, counters.objects_conflicted().into_iter().collect());
    by(operator_names::IDENTITIES_LEFT_OUT, counters.identities_left_out().into_iter().collect());
    by(operator_names::PODS_REDUCED, counters.pods_reduced().into_iter().collect());
    let holds = matches!(*state.role.borrow(), Role::Leader);
    by(operator_names::ROLE, vec![("leader", u64::from(holds)), ("standby", u64::from(!holds))]);
    if let Some(serving) = state.certificate.as_ref().and_then(|certificate| certificate.borrow().clone()) {
        let expiries = vec![("leaf", serving.leaf_expires), ("authority", serving.authority_expires)];
        by(operator_names::CERTIFICATE_EXPIRY, expiries);
    }
    for (name, misses) in counters.loops.0.misses() {
        let reading = |name_of, value: u64| Reading { name: name_of, labels: vec![name], value: value as f64 };
        readings.push(reading(operator_names::WATCHDOG_MISSES, misses.all));
        readings.push(reading(operator_names::WATCHDOG_MEGA_MISSES, misses.mega));
    }
    for (listener, counts) in [("metrics", metrics), ("health", health)] {
        let reading = |(reason, value)| Reading {
            name: operator_names::HTTP_REFUSED,
            labels: vec![listener, reason],
            value: value as f64,
        };
        readings.extend(counts.read().into_iter().map(reading));
    }
    readings.push(one(operator_names::LIVE_WATCHES, counters.live.watches_now()));
    readings.push(one(operator_names::LIVE_ROWS, counters.live.rows()));
    readings.push(one(operator_names::LIVE_EDGES, counters.live.edges()));
    readings.push(one(operator_names::LIVE_EDGES_LEFT_OUT, counters.live.edges_left_out()));
    readings.push(one(operator_names::LIVE_MISSED, counters.live.missed()));
    readings.push(one(operator_names::LIVE_NODES_MISSING, counters.live.nodes_missing()));
    readings.push(one(operator_names::LIVE_RELAYED, counters.live.relayed()));
    readings.extend(counters.live.registered().map(|is_so| one(operator_names::LIVE_REGISTERED, u64::from(is_so))));
    readings.extend(counters.live.answers().into_iter().map(|((resource, verb, code), value)| Reading {
        name: operator_names::LIVE_REQUESTS,
        labels: vec![resource, verb, code],
        value: value as f64,
    }));
    let refused = counters.objects_refused().into_iter();
    readings.extend(refused.map(|((kind, reason), value)| Reading {
        name: operator_names::OBJECTS_REFUSED,
        labels: vec![kind, reason],
        value: value as f64,
    }));
    readings.push(Reading { name: "longwire_build_info", labels: build::labels("operator").to_vec(), value: 1.0 });
    readings
}
