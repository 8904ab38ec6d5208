//! Readings: the value of each self-metric, from the part that keeps it.

mod exports;

use crate::shared::Shared;
use longwire_endpoint::Counts;
use longwire_model::build;
use longwire_model::series::{LabelKind, OVERFLOW};
use longwire_pipeline::log::DropReason;
use std::sync::atomic::Ordering::Relaxed;

/// Kinds of the kernel side's counters that mean a loss and should stay at 0.
pub(super) const LOST: [&str; 4] =
    ["record_dropped", "connections_full", "connections_share_full", "aggregation_share_full"];

#[derive(Debug)]
pub(super) struct Reading {
    pub(super) name: &'static str,
    /// Values of its labels.
    labels: Vec<String>,
    pub(super) value: f64,
}

impl Reading {
    pub(super) fn labels(&self) -> Vec<&str> {
        self.labels.iter().map(String::as_str).collect()
    }

    /// Of a counter of events.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made of a count")]
    pub(super) fn count(&self) -> u64 {
        self.value as u64
    }
}

#[derive(Default)]
struct Readings(Vec<Reading>);

impl Readings {
    #[expect(clippy::cast_precision_loss, reason = "Prometheus' values are doubles: exact up to 2^53")]
    fn one(&mut self, name: &'static str, value: u64) {
        self.0.push(Reading { name, labels: Vec::new(), value: value as f64 });
    }

    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of work stay below 2^53 for a hundred days of it")]
    fn seconds(&mut self, name: &'static str, nanoseconds: u64) {
        self.0.push(Reading { name, labels: Vec::new(), value: nanoseconds as f64 / 1e9 });
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus' values are doubles: exact up to 2^53")]
    fn by<'a>(&mut self, name: &'static str, values: impl IntoIterator<Item = (&'a str, u64)>) {
        let reading =
            |(label, value): (&str, u64)| Reading { name, labels: vec![label.to_owned()], value: value as f64 };
        self.0.extend(values.into_iter().map(reading));
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus' values are doubles: exact up to 2^53")]
    fn by_all<'a, const N: usize>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = ([&'a str; N], u64)>,
    ) {
        let reading = |(labels, value): ([&str; N], u64)| Reading {
            name,
            labels: labels.map(str::to_owned).to_vec(),
            value: value as f64,
        };
        self.0.extend(values.into_iter().map(reading));
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus' values are doubles: exact up to 2^53")]
    fn refusals(&mut self, name: &'static str, listener: &str, counts: &Counts) {
        let reading = |(reason, value): (&str, u64)| {
            let labels = vec![listener.to_owned(), reason.to_owned()];
            Reading { name, labels, value: value as f64 }
        };
        self.0.extend(counts.read().into_iter().map(reading));
    }
}

pub(super) fn take(shared: &Shared) -> Vec<Reading> {
    let mut readings = Readings::default();
    kernel(shared, &mut readings);
    pipeline(shared, &mut readings);
    series(shared, &mut readings);
    listeners(shared, &mut readings);
    exports::take(shared, &mut readings);
    operator(shared, &mut readings);
    live(shared, &mut readings);
    state(shared, &mut readings);
    let build = build::labels("probe").map(str::to_owned).to_vec();
    readings.0.push(Reading { name: "longwire_build_info", labels: build, value: 1.0 });
    readings.0
}

fn kernel(shared: &Shared, to: &mut Readings) {
    let counters = &shared.counters;
    let (losses, exceptions): (Vec<_>, Vec<_>) = shared.losses().into_iter().partition(|(kind, _)| LOST.contains(kind));
    to.by("longwire_probe_kernel_losses_total", losses);
    to.by("longwire_probe_kernel_exceptions_total", exceptions);
    to.by("longwire_probe_recursion_misses_total", shared.misses());
    to.one("longwire_probe_passes_total", counters.passes.load(Relaxed));
    to.one("longwire_probe_passes_cut_total", counters.passes_cut.load(Relaxed));
    to.seconds("longwire_probe_pass_seconds_total", counters.pass_time.load(Relaxed));
    to.seconds("longwire_probe_pass_kernel_seconds_total", counters.walk_time.load(Relaxed));
    to.seconds("longwire_probe_pass_delay_seconds_total", counters.pass_delay.load(Relaxed));
    to.one("longwire_probe_passes_delayed_total", counters.passes_delayed.load(Relaxed));
    to.by("longwire_probe_watchdog_misses_total", shared.heartbeats.misses().map(|(name, misses)| (name, misses.all)));
    let mega_misses = shared.heartbeats.misses().map(|(name, misses)| (name, misses.mega));
    to.by("longwire_probe_watchdog_mega_misses_total", mega_misses);
    to.one("longwire_probe_address_observations_withheld_total", counters.observations_withheld.load(Relaxed));
    let (queries, reports) = (counters.conntrack_queue_full.load(Relaxed), counters.operator_queue_full.load(Relaxed));
    to.by("longwire_probe_queue_full_total", [("conntrack", queries), ("operator", reports)]);
    to.one("longwire_probe_conntrack_errors_total", counters.conntrack_errors.load(Relaxed));
    let (searches, found) = (counters.conntrack_searches.load(Relaxed), counters.conntrack_found.load(Relaxed));
    to.by("longwire_probe_conntrack_searches_total", [("found", found), ("nothing", searches.saturating_sub(found))]);
}

fn pipeline(shared: &Shared, to: &mut Readings) {
    let (stats, store, lines) = {
        let pipeline = shared.pipeline();
        (pipeline.stats(), pipeline.store().stats(), pipeline.journal().counts())
    };
    to.one("longwire_probe_records_total", stats.records);
    to.one("longwire_probe_samples_total", stats.samples);
    to.by(
        "longwire_probe_records_skipped_total",
        [
            ("invalid_size", stats.invalid_size),
            ("invalid_kind", stats.invalid_kind),
            ("invalid_id", stats.invalid_id),
            ("unknown", stats.samples_unknown),
            ("late", stats.late),
            ("untracked", stats.untracked_closes),
            ("unadopted", stats.unadopted_closes),
        ],
    );
    to.one("longwire_probe_decreases_clamped_total", stats.backwards);
    to.one("longwire_probe_connections", stats.connections);
    to.one("longwire_probe_connections_waiting", stats.pending);
    to.one("longwire_probe_connections_untracked_total", stats.connections_refused);
    to.by(
        "longwire_probe_connections_ignored_total",
        [
            ("host", stats.host_connections),
            ("foreign", stats.foreign_connections),
            ("local_leg", stats.local_legs),
            ("role_unknown", stats.role_unknown),
            ("dropped", stats.pending_dropped),
        ],
    );
    to.one("longwire_probe_closes_lost_total", stats.closes_lost);
    to.one("longwire_probe_connections_without_histograms_total", stats.folded);
    to.by(
        "longwire_probe_connections_unresolved_total",
        [
            ("ambiguous", stats.ambiguous),
            ("unanswered", stats.unanswered),
            ("backend", stats.backend_unknown),
            ("outside", stats.sources_outside),
            ("forced", stats.pending_forced),
        ],
    );
    to.one("longwire_probe_expression_errors_total", stats.expression_errors);
    to.one("longwire_probe_access_log_filter_errors_total", lines.filter_errors);
    to.one("longwire_probe_access_log_lines_total", lines.lines);
    let dropped = DropReason::ALL.map(|reason| (reason.name(), lines.dropped(reason)));
    to.by(
        "longwire_probe_access_log_lines_dropped_total",
        dropped.into_iter().chain([("not_written", shared.lines.failed())]),
    );
    to.by(
        "longwire_probe_table_evictions_total",
        [
            ("closed", stats.closed_forgotten),
            ("cgroups", stats.cgroups_evicted),
            ("addresses", stats.addresses_evicted),
            ("joins", stats.joins_evicted),
            ("scrapers", store.consumers_evicted),
        ],
    );
    to.by(
        "longwire_probe_table_entries",
        [
            ("addresses", stats.addresses),
            ("cgroups", stats.cgroups),
            ("pods", stats.pods),
            ("joins", stats.joins),
            ("scrapers", store.consumers as u64),
        ],
    );
}

fn listeners(shared: &Shared, to: &mut Readings) {
    let (counters, mut accepts) = (&shared.counters, 0);
    for (listener, endpoint) in [("metrics", &shared.metrics), ("health", &shared.health)] {
        to.refusals("longwire_probe_http_refused_total", listener, endpoint.counts());
        accepts += endpoint.counts().accepts_without_descriptor();
    }
    to.by("longwire_probe_scrape_authorizations_total", shared.metrics.counts().readers());
    let missing = [
        ("accept", accepts),
        ("adoption", counters.searches_without_descriptor.load(Relaxed)),
        ("save", counters.saves_without_descriptor.load(Relaxed)),
        ("operator", counters.streams_without_descriptor.load(Relaxed)),
        ("statistics", counters.readings_without_descriptor.load(Relaxed)),
        ("process", counters.processes_without_descriptor.load(Relaxed)),
        ("cgroup", counters.cgroups_without_descriptor.load(Relaxed)),
        ("conntrack", counters.conntrack_without_descriptor.load(Relaxed)),
    ];
    to.by("longwire_probe_out_of_descriptors_total", missing);
}

fn state(shared: &Shared, to: &mut Readings) {
    let counters = &shared.counters;
    let (saved, failed) = (counters.saves.load(Relaxed), counters.saves_failed.load(Relaxed));
    to.by("longwire_probe_saves_total", [("saved", saved), ("failed", failed)]);
    to.seconds("longwire_probe_save_seconds_total", counters.save_time.load(Relaxed));
    to.one("longwire_probe_state_bytes", counters.saved_bytes.load(Relaxed));
    to.by("longwire_probe_restart_losses", shared.restart_losses().by_kind());
}

fn operator(shared: &Shared, to: &mut Readings) {
    let counters = &shared.counters;
    to.one("longwire_probe_operator_connected", counters.connected.load(Relaxed).into());
    to.one("longwire_probe_operator_streams_total", counters.streams.load(Relaxed));
    let (applied, refused) = (counters.updates.load(Relaxed), counters.updates_refused.load(Relaxed));
    to.by("longwire_probe_updates_total", [("applied", applied), ("refused", refused)]);
    to.one("longwire_probe_update_bytes_total", counters.update_bytes.load(Relaxed));
}

fn live(shared: &Shared, to: &mut Readings) {
    let pipeline = shared.pipeline();
    let live = pipeline.live();
    let counts = live.counts();
    to.one("longwire_probe_live_watched", live.is_on().into());
    to.one("longwire_probe_live_updates_total", counts.updates);
    to.one("longwire_probe_live_missed_total", counts.missed);
    to.one("longwire_probe_live_ended", live.kept() as u64);
}

fn series(shared: &Shared, to: &mut Readings) {
    let pipeline = shared.pipeline();
    let (stats, overflowed) = (pipeline.store().stats(), pipeline.store().overflowed_by_namespace());
    let kinds = LabelKind::ALL.map(|kind| (kind.name(), stats.of(kind)));
    to.by("longwire_probe_label_sets", kinds.map(|(kind, of)| (kind, of.sets as u64)));
    to.by("longwire_probe_series", kinds.map(|(kind, of)| (kind, of.lines as u64)));
    let of_the_node = kinds.map(|(kind, of)| (kind, of.overflowed));
    let of_the_node = of_the_node.into_iter().chain([("tag_value", stats.overflowed_values)]);
    // The same labels as the node's overflow series.
    to.by_all("longwire_probe_overflowed_total", of_the_node.map(|(kind, overflowed)| ([kind, OVERFLOW], overflowed)));
    let of_shares = overflowed.into_iter().map(|((kind, namespace), overflowed)| ([kind, namespace], overflowed));
    to.by_all("longwire_probe_overflowed_total", of_shares);
    to.by("longwire_probe_label_sets_expired_total", kinds.map(|(kind, of)| (kind, of.expired)));
    to.one("longwire_probe_series_charged", stats.charged as u64);
    to.one("longwire_probe_label_set_bytes", stats.bytes as u64);
    to.one("longwire_probe_label_set_bytes_limit", stats.most_bytes as u64);
}
