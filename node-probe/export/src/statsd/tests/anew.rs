//! A metric that was switched off and comes back in its label set begins anew.

use super::parsed::Line;
use super::stage::{SENT, Stage, bytes, everything, options, values};
use crate::statsd::{Flavor, Histograms, Options};
use longwire_model::series::Metric;
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::SeriesHandles;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::observation::{Delta, Reporter};
use rstest::rstest;

/// Other metrics of the label set go on.
fn switch_off(stage: &mut Stage, held: &SeriesHandles, metric: Metric) {
    let without = everything().without(metric);
    let other = hold_edge(&mut stage.store, &edge(Reporter::Source, "client", "server"), without, stage.now);
    stage.store.release(held, stage.now);
    for _ in 0..2 {
        stage.add(&other, &Delta::default());
        stage.store.turn_epoch(stage.now, std::iter::empty());
    }
    stage.store.publish();
}

/// Counts, switches the metric off, flushes so many times, and counts again.
fn said_after(flushes: usize, metric: Metric, options: Options, [first, again]: [&Delta; 2]) -> Vec<Line> {
    let mut stage = Stage::new(options);
    let held = stage.edge("client");
    stage.add(&held, first);
    stage.flush();
    switch_off(&mut stage, &held, metric);
    for _ in 0..flushes {
        stage.flush();
    }
    let held = stage.edge("client");
    stage.add(&held, again);
    let lines = stage.flush();
    lines.into_iter().filter(|line| line.name.starts_with(metric.family().name)).collect()
}

/// 7 bytes first.
fn bytes_said_after(flushes: usize, again: u64) -> Vec<String> {
    let deltas = [&bytes(7), &bytes(again)];
    let lines = said_after(flushes, Metric::IstioSentBytes, Options::default(), deltas);
    lines.into_iter().map(|line| line.value).collect()
}

#[test]
fn what_is_smaller_than_what_was_sent_is_all_new() {
    assert_eq!(bytes_said_after(0, 3), ["3"]);
    assert_eq!(bytes_said_after(1, 3), ["3"]);
}

#[test]
fn what_was_away_for_a_flush_is_all_new() {
    assert_eq!(bytes_said_after(1, 9), ["9"]);
    assert_eq!(bytes_said_after(5, 9), ["9"]);
}

#[test]
fn what_was_not_sent_before_it_went_away_is_lost() {
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.add(&held, &bytes(7));
    stage.flush();
    stage.add(&held, &bytes(1));
    stage.flush_some(|_| false);
    switch_off(&mut stage, &held, Metric::IstioSentBytes);
    let held = stage.edge("client");
    stage.add(&held, &bytes(3));
    assert_eq!(values(&stage.flush(), SENT), ["3"]);
    assert_eq!(stage.lost(), 1);
}

#[test]
fn each_line_of_a_histogram_that_went_away_is_lost() {
    let of = |rtt_us| Delta { rtt_us: Some(rtt_us), ..Delta::default() };
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.add(&held, &of(50_000));
    stage.flush_some(|_| false);
    switch_off(&mut stage, &held, Metric::LongwireRtt);
    let held = stage.edge("client");
    stage.add(&held, &of(700));
    stage.flush();
    // It was never sent, so it is not smaller than what was, and nothing shows that it is another.
    assert_eq!(stage.lost(), 0);
    stage.add(&held, &of(50_000));
    stage.flush_some(|_| false);
    switch_off(&mut stage, &held, Metric::LongwireRtt);
    let held = stage.edge("client");
    stage.add(&held, &of(600));
    assert_eq!(values(&stage.flush(), "longwire_tcp_rtt_seconds_sum"), ["0.0006"]);
    // The bucket up to 0.1 s, infinity, sum and count.
    assert_eq!(stage.lost(), 4);
}

#[test]
fn a_flush_that_is_broken_off_is_no_flush() {
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.add(&held, &bytes(7));
    stage.flush();
    for _ in 0..3 {
        let mut encoder = stage.encoder.lock().unwrap();
        let mut cursor = encoder.begin();
        encoder.render(&stage.store, &mut cursor, 1, &mut Vec::new());
    }
    stage.add(&held, &bytes(2));
    assert_eq!(values(&stage.flush(), SENT), ["2"]);
}

#[rstest]
fn a_histogram_that_comes_back_is_all_new(#[values(0, 1)] flushes: usize) {
    let of = |rtt_us| Delta { rtt_us: Some(rtt_us), ..Delta::default() };
    let said = |histograms| {
        let options = options(Flavor::Dogstatsd, histograms);
        let lines = said_after(flushes, Metric::LongwireRtt, options, [&of(50_000), &of(800)]);
        lines.into_iter().map(|line| line.value).collect::<Vec<_>>()
    };
    assert_eq!(said(Histograms::Buckets), ["1", "1", "1", "1", "0.0008", "1"]);
    assert_eq!(said(Histograms::Timers), ["0.0008"]);
}
