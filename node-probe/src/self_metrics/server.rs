//! Envoy's statistics of a server, for who reads those: of this probe, where a StatsMatcher accepts them.

use crate::shared::Shared;
use longwire_model::series::{SERVER_STATISTICS, ServerStatistic};
use longwire_model::telemetry::Telemetry;
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Opts};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Those that the matcher of a pod of this node accepts.
pub(super) fn families(shared: &Shared) -> prometheus::Result<Vec<MetricFamily>> {
    let telemetries = telemetries(shared);
    let is_accepted = |name: &str| {
        let mut matchers = telemetries.iter().filter_map(|telemetry| telemetry.stats.as_ref());
        matchers.any(|matcher| matcher.accepts(name))
    };
    let (misses, mega_misses) =
        shared.heartbeats.misses().fold((0, 0), |(all, mega), (_, misses)| (all + misses.all, mega + misses.mega));
    let mut families = Vec::new();
    for (ServerStatistic { statistic, name, help }, value) in SERVER_STATISTICS.into_iter().zip([misses, mega_misses]) {
        if is_accepted(statistic) {
            let counter = IntCounter::with_opts(Opts::new(name, help))?;
            counter.inc_by(value);
            families.extend(counter.collect());
        }
    }
    Ok(families)
}

/// Each once: most pods share theirs.
fn telemetries(shared: &Shared) -> Vec<Arc<Telemetry>> {
    let pipeline = shared.pipeline();
    let of_pods = pipeline.local_pods().map(|local| (Arc::as_ptr(&local.telemetry), Arc::clone(&local.telemetry)));
    of_pods.collect::<BTreeMap<_, _>>().into_values().collect()
}
