//! When label sets go.

use super::shown::scrape;
use super::{ALL, SECOND, roomy};
use crate::labels::samples::{edge, flow};
use crate::metrics::samples::{hold_edge, hold_flow, plain};
use crate::metrics::{Aggregate, Budget, CONNECTION, Mention, SeriesHandles, WORKLOAD};
use crate::observation::{Delta, Edge, Flow, Reporter};
use rstest::rstest;

const IDLE: u64 = 600 * SECOND;
const START: u64 = 1_000 * SECOND;

/// An edge whose last connection closed at START.
fn idle_edge() -> Aggregate {
    let mut aggregate = roomy();
    let held = hold_edge(&mut aggregate, &edge(Reporter::Source, "client", "server"), ALL, 0);
    aggregate.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START);
    aggregate.release(&held, START);
    aggregate.publish();
    aggregate
}

fn edges(aggregate: &mut Aggregate) -> usize {
    scrape(aggregate).values("istio_tcp_sent_bytes_total", &[]).len()
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
    let mut aggregate = idle_edge();
    aggregate.expire(START + after, &mut |named| match named {
        Mention::Workload(workload) => alive.contains(&workload.name.as_str()),
        Mention::Pod(_) | Mention::TagSource(_) => panic!("an edge names no pod, but {named:?}"),
    });
    assert_eq!(edges(&mut aggregate), expected);
    assert_eq!(aggregate.stats().services.expired, 1 - expected as u64);
}

#[test]
fn an_edge_with_an_unknown_end_expires_by_the_end_that_is_known() {
    let mut aggregate = roomy();
    let outside = Edge { destination: None, ..edge(Reporter::Source, "client", "") };
    let held = hold_edge(&mut aggregate, &outside, ALL, 0);
    aggregate.record(&held, Reporter::Source, &Delta::default(), 0);
    aggregate.release(&held, 0);
    aggregate.expire(IDLE, &mut |_| true);
    assert_eq!(edges(&mut aggregate), 1);
    aggregate.expire(IDLE, &mut |_| false);
    assert_eq!(edges(&mut aggregate), 0);
}

#[test]
fn what_a_connection_holds_never_expires() {
    let mut aggregate = roomy();
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut aggregate, &flow, ALL, 0);
    aggregate.record(&held, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, 0);
    let before = scrape(&mut aggregate);
    aggregate.expire(1_000 * IDLE, &mut |_| false);
    assert_eq!(scrape(&mut aggregate), before);
}

#[rstest]
#[case::all_live(true, true, 1)]
#[case::its_pod_is_gone_though_others_of_its_workload_live(true, false, 0)]
#[case::it_names_a_mere_address(false, true, 0)]
fn a_set_that_names_a_pod_goes_with_it(#[case] named: bool, #[case] pod_lives: bool, #[case] expected: i64) {
    let mut aggregate = roomy();
    let mut flow = flow(Reporter::Source, "client", "server", 1);
    if !named {
        flow.destination_pod = None;
    }
    let mut held = SeriesHandles::default();
    aggregate.acquire_workload(&flow, plain(WORKLOAD), 0, &mut held);
    aggregate.record(&held, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, START);
    aggregate.release(&held, START);
    aggregate.publish();
    aggregate.expire(START + IDLE, &mut |named| matches!(named, Mention::Workload(_)) || pod_lives);
    assert_eq!(scrape(&mut aggregate).sum("kmesh_tcp_workload_sent_bytes_total", &[]), expected);
}

#[test]
fn an_edge_that_comes_back_before_it_expires_goes_on_counting() {
    let mut aggregate = idle_edge();
    let held = hold_edge(&mut aggregate, &edge(Reporter::Source, "client", "server"), ALL, START + IDLE);
    aggregate.expire(START + IDLE, &mut |_| false);
    aggregate.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START + IDLE);
    assert_eq!(scrape(&mut aggregate).values("istio_tcp_connections_closed_total", &[]), ["2"]);
}

#[test]
fn an_edge_that_returns_after_it_expired_starts_at_0() {
    let mut aggregate = idle_edge();
    aggregate.expire(START + IDLE, &mut |_| false);
    let held = hold_edge(&mut aggregate, &edge(Reporter::Source, "client", "server"), ALL, START + IDLE);
    aggregate.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START + IDLE);
    assert_eq!(scrape(&mut aggregate).values("istio_tcp_connections_closed_total", &[]), ["1"]);
}

#[test]
fn overflow_never_expires() {
    let mut aggregate = Aggregate::new(Budget::undivided(0, 0));
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut aggregate, &flow, ALL, 0);
    aggregate.record(&held, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, 0);
    aggregate.release(&held, 0);
    let before = scrape(&mut aggregate);
    aggregate.expire(1_000 * IDLE, &mut |_| false);
    assert_eq!(scrape(&mut aggregate), before);
    assert_eq!(before.sum("kmesh_tcp_connection_sent_bytes_total", &[]), 1);
}

fn long(aggregate: &mut Aggregate, flow: &Flow, now: u64) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    aggregate.acquire_connection(flow, plain(CONNECTION), now, &mut held);
    held
}

/// A long connection that ended at START.
fn ended() -> Aggregate {
    let mut aggregate = roomy();
    let held = long(&mut aggregate, &flow(Reporter::Source, "client", "server", 1), 0);
    aggregate.record(&held, Reporter::Source, &Delta { sent: 1, ..Delta::default() }, 0);
    aggregate.release(&held, START);
    aggregate.publish();
    aggregate
}

fn is_shown(aggregate: &mut Aggregate, after: u64) -> bool {
    aggregate.expire(START + after, &mut |_| true);
    !scrape(aggregate).samples.is_empty()
}

#[test]
fn the_last_value_of_a_long_connection_stays_for_two_scrapes_and_a_minute() {
    let mut aggregate = ended();
    for _ in 0..2 {
        let scrape = aggregate.scrape_started(None, 0);
        assert!(is_shown(&mut aggregate, 60 * SECOND));
        aggregate.scrape_completed(&scrape);
    }
    assert!(is_shown(&mut aggregate, 60 * SECOND - 1));
    assert!(!is_shown(&mut aggregate, 60 * SECOND));
}

#[test]
fn it_is_removed_after_five_minutes_without_a_scrape() {
    let mut aggregate = ended();
    assert!(is_shown(&mut aggregate, 300 * SECOND - 1));
    assert!(!is_shown(&mut aggregate, 300 * SECOND));
}

#[test]
fn a_scrape_that_started_before_the_end_was_published_does_not_count() {
    let mut aggregate = roomy();
    let early = aggregate.scrape_started(None, 0);
    let held = long(&mut aggregate, &flow(Reporter::Source, "client", "server", 1), 0);
    aggregate.record(&held, Reporter::Source, &Delta::default(), 0);
    aggregate.release(&held, START);
    let unpublished = aggregate.scrape_started(None, 0);
    aggregate.scrape_completed(&unpublished);
    aggregate.publish();
    let late = aggregate.scrape_started(None, 0);
    aggregate.scrape_completed(&late);
    aggregate.scrape_completed(&early);
    assert!(is_shown(&mut aggregate, 60 * SECOND));
    let last = aggregate.scrape_started(None, 0);
    aggregate.scrape_completed(&last);
    assert!(!is_shown(&mut aggregate, 60 * SECOND));
}

#[test]
fn a_long_connection_that_is_taken_up_again_lives() {
    let mut aggregate = ended();
    long(&mut aggregate, &flow(Reporter::Source, "client", "server", 1), START);
    assert!(is_shown(&mut aggregate, 300 * SECOND));
}

#[test]
fn room_that_a_long_connection_leaves_is_used_again() {
    let mut aggregate = Aggregate::new(Budget::undivided(0, 3));
    for round in 0..5 {
        let flow = flow(Reporter::Source, "client", "server", round);
        let held = long(&mut aggregate, &flow, 0);
        aggregate.release(&held, 0);
        aggregate.publish();
        aggregate.expire(300 * SECOND, &mut |_| true);
    }
    assert_eq!((aggregate.stats().connections.overflowed, aggregate.stats().connections.expired), (0, 5));
}

#[test]
fn a_value_that_no_scrape_could_expose_does_not_expire() {
    let mut aggregate = idle_edge();
    let held = hold_edge(&mut aggregate, &edge(Reporter::Source, "client", "server"), ALL, START);
    aggregate.record(&held, Reporter::Source, &Delta { closed: 1, ..Delta::default() }, START);
    aggregate.release(&held, START);
    aggregate.expire(START + IDLE, &mut |_| false);
    assert_eq!(scrape(&mut aggregate).values("istio_tcp_connections_closed_total", &[]), ["2"]);
    aggregate.expire(START + IDLE, &mut |_| false);
    assert_eq!((edges(&mut aggregate), aggregate.stats().services.sets), (0, 0));
}
