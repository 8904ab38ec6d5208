//! What counts as sent when an encoder begins.

use super::stage::{SENT, Stage, bytes, everything, options, values};
use crate::statsd::{Baseline, Flavor, Histograms, Options};
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesHandles, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;
use rstest::rstest;

/// A store that has counted.
fn store() -> (SeriesStore, SeriesHandles) {
    let mut store = SeriesStore::new(Budget::undivided(10_000, 100));
    let held = hold_edge(&mut store, &edge(Reporter::Source, "old", "server"), everything(), 0);
    for rtt in [700, 50_000] {
        let delta = Delta { received: 50, opened: 1, rtt_us: Some(rtt), ..Delta::default() };
        store.record(&held, Reporter::Source, &delta, 0);
    }
    store.publish();
    (store, held)
}

#[test]
fn from_zero_all_that_was_counted_is_sent() {
    let mut stage = Stage::of(store().0, Options::default(), |_| Baseline::ZERO);
    assert_eq!(values(&stage.flush(), SENT), ["100"]);
}

#[rstest]
fn from_what_is_present_only_what_is_new_is_sent(
    #[values(Histograms::Buckets, Histograms::Timers)] histograms: Histograms,
) {
    let (store, held) = store();
    let mut stage = Stage::of(store, options(Flavor::Dogstatsd, histograms), Baseline::present);
    let young = stage.edge("young");
    stage.add(&young, &bytes(7));
    let first = stage.flush();
    assert_eq!(values(&first, SENT), ["7"]);
    assert!(first.iter().all(|line| line.kind == "g" || line.has(&[("source_workload", "young")])), "{first:?}");
    let again = Delta { received: 5, rtt_us: Some(800), failed: None, ..Delta::default() };
    stage.add(&held, &again);
    let second = stage.flush();
    assert_eq!(values(&second, SENT), ["5"]);
    let rtt: Vec<_> = second.iter().filter(|line| line.name.starts_with("longwire_tcp_rtt_seconds")).collect();
    match histograms {
        Histograms::Buckets => {
            let said: Vec<_> = rtt.iter().map(|line| line.value.as_str()).collect();
            assert_eq!(said, ["1", "1", "1", "1", "0.0008", "1"]);
        }
        Histograms::Timers => assert_eq!((rtt.len(), rtt[0].value.as_str(), rtt[0].rate), (1, "0.0008", 1.0)),
    }
}

#[test]
fn a_line_that_appears_later_in_an_old_label_set_begins_at_zero() {
    let (store, held) = store();
    let mut stage = Stage::of(store, Options::default(), Baseline::present);
    stage.flush();
    stage.add(&held, &Delta { failed: Some((FailReason::Timeout, 3)), ..Delta::default() });
    assert_eq!(values(&stage.flush(), "longwire_tcp_connections_failed_total"), ["3"]);
}

#[test]
fn a_first_flush_that_is_broken_off_is_begun_again() {
    let mut stage = Stage::of(store().0, Options::default(), Baseline::present);
    let mut cursor = stage.encoder.lock().unwrap().begin();
    assert!(stage.encoder.lock().unwrap().render(&stage.store, &mut cursor, 1, &mut Vec::new()));
    assert!(stage.flush().iter().all(|line| line.kind == "g"));
}
