//! The probe's metrics of itself: the model's table, gathered by the `prometheus` crate at each scrape.

mod lost;
mod readings;
mod server;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use lost::lost;

use crate::shared::Shared;
use longwire_endpoint::process;
use longwire_export::exposition::Format;
use longwire_model::series::{SELF_METRICS, SelfKind, SelfMetric};
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, GaugeVec, Opts, Registry};
use readings::Reading;
use std::sync::atomic::Ordering::Relaxed;

/// Appends them to a scrape.
pub(crate) fn write(shared: &Shared, format: Format, out: &mut Vec<u8>) {
    match gather(&readings::take(shared)) {
        Ok(families) => families.iter().for_each(|family| text::write(family, format, out)),
        Err(error) => tracing::error!(%error, "self-metrics cannot be gathered"),
    }
    shared.heartbeats.families().iter().for_each(|family| text::write(family, format, out));
    match server::families(shared) {
        Ok(families) => families.iter().for_each(|family| text::write(family, format, out)),
        Err(error) => tracing::error!(%error, "statistics of Envoy's server cannot be gathered"),
    }
    let (families, is_whole) = process::families();
    families.iter().for_each(|family| text::write(family, format, out));
    shared.counters.processes_without_descriptor.fetch_add((!is_whole).into(), Relaxed);
}

/// A registry for each scrape, because vectors are made from readings and do not keep them.
fn gather(readings: &[Reading]) -> prometheus::Result<Vec<MetricFamily>> {
    let registry = Registry::new();
    for row in &SELF_METRICS {
        let of_row = readings.iter().filter(|reading| reading.name == row.name);
        register(&registry, row, of_row)?;
    }
    Ok(registry.gather())
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
            for reading in readings {
                vector.get_metric_with_label_values(&reading.labels())?.inc_by(reading.value);
            }
            registry.register(Box::new(vector))
        }
        SelfKind::Gauge => {
            let vector = GaugeVec::new(opts, row.labels)?;
            for reading in readings {
                vector.get_metric_with_label_values(&reading.labels())?.set(reading.value);
            }
            registry.register(Box::new(vector))
        }
    }
}
