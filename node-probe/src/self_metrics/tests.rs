use super::*;
use longwire_model::series::{LABEL_VALUES, OPEN_LABELS, PROBE_LOOP_DURATION, is_listed};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use std::collections::BTreeSet;

#[test]
fn the_reference_lists_the_kinds_that_the_kernel_side_counts() {
    let of = |metric| {
        let rows = LABEL_VALUES.iter().filter(move |row| row.metrics.contains(&metric));
        rows.flat_map(|row| row.values).map(|(kind, _)| *kind).collect::<BTreeSet<_>>()
    };
    let (losses, exceptions): (BTreeSet<_>, BTreeSet<_>) =
        crate::kernel::KINDS.into_iter().partition(|kind| readings::LOST.contains(kind));
    assert_eq!(of("longwire_probe_kernel_losses_total"), losses);
    assert_eq!(of("longwire_probe_kernel_exceptions_total"), exceptions);
}

#[test]
fn every_row_of_the_table_is_read_and_every_reading_has_a_row() {
    let shared = Shared::new(Pipeline::new(Options {
        budget: Budget::undivided(1000, 10),
        max_connections: 10,
        long_connection_threshold: 1,
        waits: Waits { answer: 1, pod: 1, settling: 0 },
        max_pending: 10,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 0,
    }));
    let readings = readings::take(&shared);
    let histograms = shared.heartbeats.families();
    let read: BTreeSet<_> =
        readings.iter().map(|reading| reading.name).chain(histograms.iter().map(MetricFamily::name)).collect();
    for metric in histograms.iter().flat_map(MetricFamily::get_metric) {
        let [label] = metric.get_label() else { panic!("{metric:?}") };
        assert!(is_listed(PROBE_LOOP_DURATION.name, label.name(), label.value()), "{}", label.value());
    }
    // Values of the kernel side exist after the first pass.
    let of_kernel = [
        "longwire_probe_kernel_losses_total",
        "longwire_probe_kernel_exceptions_total",
        "longwire_probe_recursion_misses_total",
    ];
    let rows: BTreeSet<_> = SELF_METRICS.iter().map(|row| row.name).filter(|name| !of_kernel.contains(name)).collect();
    assert_eq!(read, rows);
    for reading in &readings {
        let row = SELF_METRICS.iter().find(|row| row.name == reading.name).unwrap();
        assert_eq!(reading.labels().len(), row.labels.len(), "{}", row.name);
        for (label, value) in row.labels.iter().zip(reading.labels()) {
            let is_known = OPEN_LABELS.contains(label) || is_listed(row.name, label, value);
            assert!(is_known, "docs/metrics.md does not say what {label}={value} of {} means", row.name);
        }
    }
    assert!(gather(&readings).is_ok());
}
