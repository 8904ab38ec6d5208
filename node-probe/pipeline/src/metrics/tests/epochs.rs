//! Metrics that stand still while their label set continues.

use super::shown::scrape;
use super::{ISTIO, SECOND, roomy};
use crate::labels::samples::edge;
use crate::metrics::samples::hold_edge;
use crate::metrics::{SeriesHandles, SeriesStore};
use crate::observation::{Delta, Reporter};
use longwire_model::series::{Metric, Metrics};
use rstest::rstest;

const START: u64 = 1_000 * SECOND;
const EPOCH: u64 = 300 * SECOND;
const SENT: Metrics = Metrics::NONE.with(Metric::IstioSentBytes);

/// One connection had all of Istio's metrics on, another, which continues, has one.
fn one_of_two() -> (SeriesStore, SeriesHandles, SeriesHandles) {
    let mut store = roomy();
    store.turn_epoch(START, std::iter::empty());
    let edge = edge(Reporter::Source, "client", "server");
    let [first, other] = [ISTIO, SENT].map(|on| hold_edge(&mut store, &edge, on, START));
    for held in [&first, &other] {
        store.record(held, Reporter::Source, &Delta { received: 1, opened: 1, ..Delta::default() }, START);
    }
    (store, first, other)
}

fn turn(store: &mut SeriesStore, number: u64, recorded: Option<&SeriesHandles>, live: &[&SeriesHandles]) {
    let now = START + number * EPOCH;
    if let Some(recorded) = recorded {
        store.record(recorded, Reporter::Source, &Delta { received: 1, ..Delta::default() }, now - 1);
    }
    assert!(!store.epoch_is_over(now - 1) && store.epoch_is_over(now));
    store.turn_epoch(now, live.iter().copied());
}

#[test]
fn what_stood_still_for_an_epoch_goes_and_its_lines_are_free() {
    let (mut store, first, other) = one_of_two();
    store.release(&first, START);
    let charged = store.stats().charged;
    turn(&mut store, 1, Some(&other), &[&other]);
    assert_eq!((scrape(&mut store).samples.len(), store.stats().charged), (4, charged), "it was recorded in this one");
    turn(&mut store, 2, Some(&other), &[&other]);
    let left = scrape(&mut store);
    assert_eq!(left.names().into_iter().collect::<Vec<_>>(), ["istio_tcp_sent_bytes_total"]);
    assert_eq!((left.values("istio_tcp_sent_bytes_total", &[]), store.stats().charged), (vec!["4"], charged - 3));
}

#[test]
fn what_is_fed_in_the_very_moment_in_which_an_epoch_ends_stays_whole() {
    let (mut store, first, other) = one_of_two();
    let now = START + EPOCH;
    store.record(&first, Reporter::Source, &Delta { received: 1, ..Delta::default() }, now);
    for held in [&first, &other] {
        store.release(held, now);
    }
    store.turn_epoch(now, std::iter::empty());
    turn(&mut store, 2, None, &[]);
    turn(&mut store, 3, None, &[]);
    let left = scrape(&mut store);
    assert_eq!((left.samples.len(), left.values("istio_tcp_sent_bytes_total", &[])), (4, vec!["3"]));
}

#[test]
fn a_label_set_that_is_idle_and_partly_held_loses_nothing_for_the_sake_of_another() {
    let (mut store, first, other) = one_of_two();
    let elsewhere = edge(Reporter::Source, "client", "elsewhere");
    let [gone, goes_on] = [ISTIO, SENT].map(|on| hold_edge(&mut store, &elsewhere, on, START));
    store.record(&gone, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, START);
    for held in [&first, &gone] {
        store.release(held, START);
    }
    turn(&mut store, 1, Some(&goes_on), &[&other, &goes_on]);
    turn(&mut store, 2, Some(&goes_on), &[&other, &goes_on]);
    let left = scrape(&mut store);
    assert_eq!(left.values("istio_tcp_connections_opened_total", &[("destination_workload", "server")]), vec!["1"]);
    assert_eq!(left.values("istio_tcp_connections_opened_total", &[]).len(), 1, "the other stood still");
}

#[rstest]
#[case::an_idle_connection_has_it(true, true)]
#[case::its_label_set_is_idle_too(false, false)]
fn it_stays_while(#[case] is_held: bool, #[case] is_fed: bool) {
    let (mut store, first, other) = one_of_two();
    let live: &[&SeriesHandles] = if is_held { &[&first, &other] } else { &[&other] };
    for number in 1..9 {
        turn(&mut store, number, is_fed.then_some(&other), live);
    }
    assert_eq!(scrape(&mut store).samples.len(), 4);
}
