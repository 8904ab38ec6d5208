//! Which series a label set has, and when.

use super::shown::{scrape, shown};
use super::{ALL, ISTIO, LONGWIRE, roomy};
use crate::labels::samples::{edge, flow};
use crate::metrics::samples::{hold_edge, hold_flow};
use crate::metrics::{CONNECTION, SeriesStore};
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{Metric, Metrics};
use rstest::rstest;

const ISTIOS: [&str; 4] = [
    "istio_tcp_connections_closed_total",
    "istio_tcp_connections_opened_total",
    "istio_tcp_received_bytes_total",
    "istio_tcp_sent_bytes_total",
];
const LONGWIRES: [&str; 3] =
    ["longwire_tcp_connections_active", "longwire_tcp_lost_packets_total", "longwire_tcp_retransmitted_bytes_total"];

fn after(deltas: &[(Metrics, Delta)]) -> SeriesStore {
    let mut store = roomy();
    for (on, delta) in deltas {
        let held = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), *on, 0);
        store.record(&held, Reporter::Source, delta, 0);
    }
    store
}

fn names(deltas: &[(Metrics, Delta)]) -> Vec<String> {
    scrape(&mut after(deltas)).names().into_iter().map(str::to_owned).collect()
}

fn failed() -> Delta {
    Delta { failed: Some((FailReason::Refused, 1)), ..Delta::default() }
}

#[test]
fn a_label_set_without_an_event_has_no_series() {
    assert_eq!(names(&[]), [""; 0]);
}

#[test]
fn all_four_of_istios_series_come_with_the_first_connection_even_at_zero() {
    assert_eq!(names(&[(ISTIO, Delta { opened: 1, ..Delta::default() })]), ISTIOS);
}

#[test]
fn an_adopted_connection_brings_them_before_it_moves() {
    assert_eq!(names(&[(ISTIO, Delta::default())]), ISTIOS);
    assert_eq!(names(&[(LONGWIRE, Delta::default())]), LONGWIRES);
}

#[test]
fn a_label_set_of_failures_has_that_series_alone() {
    assert_eq!(names(&[(ALL, failed())]), ["longwire_tcp_connections_failed_total"]);
}

#[test]
fn what_was_never_on_is_not_exposed() {
    assert_eq!(names(&[(ISTIO, failed())]), [""; 0]);
    assert_eq!(names(&[(Metrics::NONE, Delta { opened: 1, ..Delta::default() })]), [""; 0]);
}

#[test]
fn what_is_off_for_a_while_stands_still() {
    let one = Delta { opened: 1, ..Delta::default() };
    let mut store = after(&[(ISTIO, one), (LONGWIRE, one), (ISTIO, one)]);
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_opened_total", &[]), ["2"]);
}

#[rstest]
#[case::source(Reporter::Source, "5", "3")]
#[case::destination(Reporter::Destination, "3", "5")]
fn istios_received_bytes_are_those_from_the_client_at_both_reporters(
    #[case] reporter: Reporter,
    #[case] received: &str,
    #[case] sent: &str,
) {
    let mut store = roomy();
    let held = hold_edge(&mut store, &edge(reporter, "client", "server"), ISTIO, 0);
    store.record(&held, reporter, &Delta { sent: 5, received: 3, ..Delta::default() }, 0);
    let scrape = scrape(&mut store);
    assert_eq!(scrape.values("istio_tcp_received_bytes_total", &[]), [received]);
    assert_eq!(scrape.values("istio_tcp_sent_bytes_total", &[]), [sent]);
}

#[test]
fn kmeshs_bytes_are_the_reporting_sockets_own() {
    let mut store = roomy();
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut store, &flow, ALL, 0);
    let delta = Delta { sent: 5, received: 3, retransmits: 2, lost: 1, opened: 1, ..Delta::default() };
    store.record(&held, Reporter::Source, &delta, 0);
    let scrape = scrape(&mut store);
    for (name, value) in [
        ("kmesh_tcp_workload_connections_opened_total", "1"),
        ("kmesh_tcp_workload_connections_closed_total", "0"),
        ("kmesh_tcp_workload_sent_bytes_total", "5"),
        ("kmesh_tcp_workload_received_bytes_total", "3"),
        ("kmesh_tcp_retrans_total", "2"),
        ("kmesh_tcp_packet_loss_total", "1"),
        ("kmesh_tcp_connection_sent_bytes_total", "5"),
        ("kmesh_tcp_connection_received_bytes_total", "3"),
        ("kmesh_tcp_connection_retrans_total", "2"),
        ("kmesh_tcp_connection_packet_lost_total", "1"),
    ] {
        assert_eq!(scrape.values(name, &[]), [value], "{name}");
    }
}

#[test]
fn kmeshs_series_follow_their_own_switches() {
    for (on, samples) in [(Metrics::NONE, 0), (ISTIO, 4), (CONNECTION, 4), (ISTIO.union(CONNECTION), 8)] {
        let mut store = roomy();
        let held = hold_flow(&mut store, &flow(Reporter::Source, "client", "server", 1), on, 0);
        store.record(&held, Reporter::Source, &Delta { sent: 5, ..Delta::default() }, 0);
        assert_eq!(scrape(&mut store).samples.len(), samples);
    }
}

#[test]
fn each_metric_follows_its_own_switch() {
    let delta = Delta { sent: 5, opened: 1, closed: 1, rtt_us: Some(1), ..Delta::default() };
    for metric in ISTIO.union(LONGWIRE).iter() {
        let shown = names(&[(Metrics::NONE.with(metric), delta)]);
        let name = metric.family().name;
        let is_absent = [Metric::LongwireFailed, Metric::LongwireHandshake, Metric::LongwireDuration].contains(&metric);
        assert_eq!(shown.is_empty(), is_absent, "{name}");
        assert!(shown.iter().all(|shown| shown.starts_with(name)), "{shown:?} for {name}");
    }
}

#[test]
fn connections_of_one_edge_share_its_series() {
    let mut store = roomy();
    let mut held = Vec::new();
    for _ in 0..3 {
        let one = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), ALL, 0);
        store.record(&one, Reporter::Source, &Delta { opened: 1, lost: 2, ..Delta::default() }, 0);
        store.activate(&one);
        held.push(one);
    }
    store.deactivate(&held[0]);
    let scrape = scrape(&mut store);
    assert_eq!(scrape.values("istio_tcp_connections_opened_total", &[]), ["3"]);
    assert_eq!(scrape.values("longwire_tcp_lost_packets_total", &[]), ["6"]);
    assert_eq!(scrape.values("longwire_tcp_connections_active", &[]), ["2"]);
}

#[test]
fn the_stats_say_what_a_scrape_has() {
    let delta = Delta { opened: 1, rtt_us: Some(1), handshake: Some(1), duration: Some(1), ..Delta::default() };
    let mut store = after(&[(ALL, delta), (ALL, failed())]);
    assert_eq!(store.stats().services.lines, 0, "nothing is published");
    store.publish();
    let stats = store.stats();
    assert_eq!(
        (stats.services.sets, stats.services.lines),
        (1, scrape(&mut after(&[(ALL, delta), (ALL, failed())])).samples.len())
    );
    assert_eq!((stats.workloads.sets, stats.connections.sets), (0, 0));
}

#[test]
fn a_scrape_shows_what_was_published_and_nothing_that_came_since() {
    let one = Delta { opened: 1, rtt_us: Some(1), ..Delta::default() };
    let mut store = after(&[(ALL, one)]);
    store.publish();
    let before = shown(&store);
    assert_eq!(before.values("istio_tcp_connections_opened_total", &[]), ["1"]);
    let held = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), ALL, 0);
    store.record(&held, Reporter::Source, &one, 0);
    store.activate(&held);
    let other = hold_edge(&mut store, &edge(Reporter::Source, "client", "other"), ALL, 0);
    store.record(&other, Reporter::Source, &one, 0);
    assert_eq!((shown(&store), store.stats().services.sets), (before, 1));
    store.publish();
    assert_eq!(shown(&store).values("longwire_tcp_connections_active", &[]).len(), 2);
    assert_eq!(shown(&store).sum("longwire_tcp_rtt_seconds_count", &[]), 3);
    assert_eq!(store.stats().services.lines, shown(&store).samples.len());
}
