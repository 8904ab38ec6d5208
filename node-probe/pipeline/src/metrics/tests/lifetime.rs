//! When label sets go.

use super::shown::scrape;
use super::{ALL, SECOND, roomy};
use crate::labels::samples::{edge, flow};
use crate::labels::{ConnectionLabels, WorkloadLabels};
use crate::metrics::samples::{hold_edge, hold_flow, plain};
use crate::metrics::{Budget, CONNECTION, Consumer, Mention, SeriesHandles, SeriesStore, WORKLOAD};
use crate::observation::{Delta, Edge, Flow, Reporter};
use rstest::rstest;

const IDLE: u64 = 600 * SECOND;
const START: u64 = 1_000 * SECOND;

/// An edge whose last connection closed at START.
fn idle_edge() -> SeriesStore {
    let mut store = roomy();
    let held = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), ALL, 0);
    store.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START);
    store.release(&held, START);
    store.publish();
    store
}

fn edges(store: &mut SeriesStore) -> usize {
    scrape(store).values("istio_tcp_sent_bytes_total", &[]).len()
}

#[rstest]
#[case::idle_and_both_gone(IDLE, &[], 0)]
#[case::idle_and_the_source_gone(IDLE, &["server"], 0)]
#[case::idle_and_the_destination_gone(IDLE, &["client"], 0)]
#[case::idle_but_both_alive(1_000 * IDLE, &["client", "server"], 1)]
#[case::gone_but_not_yet_idle(IDLE - 1, &[], 1)]
fn an_edge_expires_when_it_is_idle_and_a_workload_is_gone(
    #[case] after: u64,
    #[case] alive: &[&str],
    #[case] expected: usize,
) {
    let mut store = idle_edge();
    store.expire(START + after, &mut |named| match named {
        Mention::Workload(workload) => alive.contains(&workload.name.as_str()),
        Mention::Pod(_) | Mention::TagSource(_) => panic!("an edge names no pod, but {named:?}"),
    });
    assert_eq!(edges(&mut store), expected);
    assert_eq!(store.stats().services.expired, 1 - expected as u64);
}

#[test]
fn an_edge_with_an_unknown_end_expires_by_the_end_that_is_known() {
    let mut store = roomy();
    let outside = Edge { destination: None, ..edge(Reporter::Source, "client", "") };
    let held = hold_edge(&mut store, &outside, ALL, 0);
    store.record(&held, Reporter::Source, &Delta::default(), 0);
    store.release(&held, 0);
    store.expire(IDLE, &mut |_| true);
    assert_eq!(edges(&mut store), 1);
    store.expire(IDLE, &mut |_| false);
    assert_eq!(edges(&mut store), 0);
}

#[test]
fn what_a_connection_holds_never_expires() {
    let mut store = roomy();
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut store, &flow, ALL, 0);
    store.record(&held, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, 0);
    let before = scrape(&mut store);
    store.expire(1_000 * IDLE, &mut |_| false);
    assert_eq!(scrape(&mut store), before);
}

#[rstest]
#[case::all_live(true, true, 1)]
#[case::its_pod_is_gone_though_others_of_its_workload_live(true, false, 0)]
#[case::it_names_a_mere_address(false, true, 0)]
fn a_set_that_names_a_pod_goes_with_it(#[case] named: bool, #[case] pod_lives: bool, #[case] expected: i64) {
    let mut store = roomy();
    let mut flow = flow(Reporter::Source, "client", "server", 1);
    if !named {
        flow.destination_pod = None;
    }
    let mut held = SeriesHandles::default();
    store.acquire(WorkloadLabels::of(&flow), plain(WORKLOAD), 0, &mut held);
    store.record(&held, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, START);
    store.release(&held, START);
    store.publish();
    store.expire(START + IDLE, &mut |named| matches!(named, Mention::Workload(_)) || pod_lives);
    assert_eq!(scrape(&mut store).sum("kmesh_tcp_workload_sent_bytes_total", &[]), expected);
}

#[test]
fn an_edge_that_comes_back_before_it_expires_goes_on_counting() {
    let mut store = idle_edge();
    let held = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), ALL, START + IDLE);
    store.expire(START + IDLE, &mut |_| false);
    store.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START + IDLE);
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_closed_total", &[]), ["2"]);
}

#[test]
fn an_edge_that_returns_after_it_expired_starts_at_0() {
    let mut store = idle_edge();
    store.expire(START + IDLE, &mut |_| false);
    let held = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), ALL, START + IDLE);
    store.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START + IDLE);
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_closed_total", &[]), ["1"]);
}

#[test]
fn overflow_never_expires() {
    let mut store = SeriesStore::new(Budget::undivided(0, 0));
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut store, &flow, ALL, 0);
    store.record(&held, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, 0);
    store.release(&held, 0);
    let before = scrape(&mut store);
    store.expire(1_000 * IDLE, &mut |_| false);
    assert_eq!(scrape(&mut store), before);
    assert_eq!(before.sum("kmesh_tcp_connection_sent_bytes_total", &[]), 1);
}

fn long(store: &mut SeriesStore, flow: &Flow, now: u64) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    store.acquire(ConnectionLabels::of(flow), plain(CONNECTION), now, &mut held);
    held
}

/// A long connection that ended at START.
fn ended() -> SeriesStore {
    let mut store = roomy();
    let held = long(&mut store, &flow(Reporter::Source, "client", "server", 1), 0);
    store.record(&held, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, 0);
    store.release(&held, START);
    store.publish();
    store
}

fn is_shown(store: &mut SeriesStore, after: u64) -> bool {
    store.expire(START + after, &mut |_| true);
    !scrape(store).samples.is_empty()
}

#[test]
fn the_last_value_of_a_long_connection_stays_for_two_scrapes_and_a_minute() {
    let mut store = ended();
    for _ in 0..2 {
        let scrape = store.open(None, 0);
        assert!(is_shown(&mut store, 60 * SECOND));
        store.completed(&scrape);
    }
    assert!(is_shown(&mut store, 60 * SECOND - 1));
    assert!(!is_shown(&mut store, 60 * SECOND));
}

#[test]
fn it_is_removed_after_five_minutes_without_a_scrape() {
    let mut store = ended();
    assert!(is_shown(&mut store, 300 * SECOND - 1));
    assert!(!is_shown(&mut store, 300 * SECOND));
}

/// Scrapes by nobody in particular, and one push by an exporter whose receiver goes away then.
fn pushed_once(store: &mut SeriesStore) {
    let push = store.open(Some(Consumer::Exporter("otlp".into())), START);
    store.completed(&push);
    for _ in 0..2 {
        let scrape = store.open(None, START);
        store.completed(&scrape);
    }
}

#[test]
fn an_exporter_whose_receiver_is_away_for_ten_minutes_sees_the_last_value() {
    let (mut store, mut edges_store) = (ended(), idle_edge());
    pushed_once(&mut store);
    pushed_once(&mut edges_store);
    let after = 660 * SECOND;
    assert!(is_shown(&mut store, after));
    edges_store.expire(START + after, &mut |_| false);
    assert_eq!(edges(&mut edges_store), 1);
    assert!(!is_shown(&mut store, 900 * SECOND), "it is not waited for any longer");
    edges_store.expire(START + 900 * SECOND, &mut |_| false);
    assert_eq!(edges(&mut edges_store), 0);
}

#[test]
fn a_scrape_that_started_before_the_end_was_published_does_not_count() {
    let mut store = roomy();
    let early = store.open(None, 0);
    let held = long(&mut store, &flow(Reporter::Source, "client", "server", 1), 0);
    store.record(&held, Reporter::Source, &Delta::default(), 0);
    store.release(&held, START);
    let unpublished = store.open(None, 0);
    store.completed(&unpublished);
    store.publish();
    let late = store.open(None, 0);
    store.completed(&late);
    store.completed(&early);
    assert!(is_shown(&mut store, 60 * SECOND));
    let last = store.open(None, 0);
    store.completed(&last);
    assert!(!is_shown(&mut store, 60 * SECOND));
}

#[test]
fn a_long_connection_that_is_taken_up_again_lives() {
    let mut store = ended();
    long(&mut store, &flow(Reporter::Source, "client", "server", 1), START);
    assert!(is_shown(&mut store, 300 * SECOND));
}

#[test]
fn room_that_a_long_connection_leaves_is_used_again() {
    let mut store = SeriesStore::new(Budget::undivided(0, 3));
    for round in 0..5 {
        let flow = flow(Reporter::Source, "client", "server", round);
        let held = long(&mut store, &flow, 0);
        store.release(&held, 0);
        store.publish();
        store.expire(300 * SECOND, &mut |_| true);
    }
    assert_eq!((store.stats().connections.overflowed, store.stats().connections.expired), (0, 5));
}

#[test]
fn a_value_that_no_scrape_could_expose_does_not_expire() {
    let mut store = idle_edge();
    let held = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), ALL, START);
    store.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START);
    store.release(&held, START);
    store.expire(START + IDLE, &mut |_| false);
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_closed_total", &[]), ["2"]);
    store.expire(START + IDLE, &mut |_| false);
    assert_eq!((edges(&mut store), store.stats().services.sets), (0, 0));
}
