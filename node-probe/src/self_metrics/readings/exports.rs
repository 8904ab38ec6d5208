//! Of exporters.

use super::Readings;
use crate::exporters::SignalCounts;
use crate::shared::Shared;
use std::sync::atomic::Ordering::Relaxed;

pub(super) fn take(shared: &Shared, to: &mut Readings) {
    for (exporter, counts) in shared.exports.all() {
        let name = exporter.as_str();
        for (signal, of_signal) in [("metrics", &counts.metrics), ("logs", &counts.logs)] {
            if let Some(of_signal) = of_signal {
                requests(name, signal, of_signal, to);
            }
        }
        if counts.logs.is_some() {
            let dropped = [
                ("queue_full", &counts.queue_full),
                ("refused", &counts.refused),
                ("gave_up", &counts.gave_up),
                ("not_written", &counts.not_written),
            ];
            let dropped = dropped.map(|(reason, count)| ([name, reason], count.load(Relaxed)));
            to.by_all("longwire_probe_export_dropped_log_records_total", dropped);
        }
        if counts.metrics.is_some() {
            let dropped = [("too_long", &counts.too_long), ("removed", &counts.removed)];
            let dropped = dropped.map(|(reason, count)| ([name, reason], count.load(Relaxed)));
            to.by_all("longwire_probe_export_dropped_lines_total", dropped);
        }
    }
}

fn requests(exporter: &str, signal: &str, counts: &SignalCounts, to: &mut Readings) {
    let results = [
        ("accepted", &counts.accepted),
        ("partial", &counts.partial),
        ("refused", &counts.refused),
        ("gave_up", &counts.gave_up),
    ];
    let results = results.map(|(result, count)| ([exporter, signal, result], count.load(Relaxed)));
    to.by_all("longwire_probe_export_requests_total", results);
    let both = [[exporter, signal]];
    let retries = both.map(|labels| (labels, counts.attempts.retries()));
    to.by_all("longwire_probe_export_retries_total", retries);
    let rejected = both.map(|labels| (labels, counts.rejected.load(Relaxed)));
    to.by_all("longwire_probe_export_rejected_total", rejected);
}
