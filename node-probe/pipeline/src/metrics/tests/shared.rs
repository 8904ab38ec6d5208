//! Label sets that read the same are one, whatever they were made of.

use super::shown::scrape;
use super::{ALL, ISTIO, roomy};
use crate::labels::samples::{edge, flow};
use crate::labels::{Differences, ServiceLabels};
use crate::metrics::samples::hold_edge;
use crate::metrics::{SERVICE, SeriesHandles, SeriesSpec, SeriesStore};
use crate::observation::{Delta, Edge, Reporter};
use longwire_model::series::Metrics;
use longwire_model::tag::TagName;
use rstest::rstest;

fn differences(labels: &[(&str, Option<&str>)]) -> Differences {
    let label = |(name, value): &(&str, Option<&str>)| (TagName::parse(name).unwrap(), value.map(Into::into));
    Differences::new(labels.iter().map(label).collect())
}

fn hold(store: &mut SeriesStore, edge: &Edge, on: Metrics, labels: &[(&str, Option<&str>)]) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    let spec = SeriesSpec { metrics: on.intersection(SERVICE), differences: differences(labels), tag_source: None };
    store.acquire(ServiceLabels(edge.clone()), spec, 0, &mut held);
    held
}

/// Every name in which the labels of the two edges differ.
const AS_SERVER: [(&str, Option<&str>); 4] = [
    ("destination_app", Some("server-app")),
    ("destination_canonical_service", Some("server-app")),
    ("destination_workload", Some("server")),
    ("destination_workload_namespace", Some("ns")),
];

#[rstest]
#[case::first(true)]
#[case::last(false)]
fn a_customised_one_may_read_as_another_edge_and_is_that_edge(#[case] customised_first: bool) {
    let mut store = roomy();
    let (server, other) = (edge(Reporter::Source, "client", "server"), edge(Reporter::Source, "client", "other"));
    let mut held = Vec::new();
    for customised in [customised_first, !customised_first] {
        held.push(match customised {
            true => hold(&mut store, &other, ISTIO, &AS_SERVER),
            false => hold_edge(&mut store, &server, ISTIO, 0),
        });
    }
    for held in &held {
        store.record(held, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, 0);
    }
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_opened_total", &[]), ["2"]);
    for held in &held {
        store.release(held, 0);
    }
    store.publish();
    store.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(store.stats().services.expired, 1);
    let again = hold_edge(&mut store, &server, ISTIO, 0);
    store.record(&again, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, 0);
    assert_eq!(scrape(&mut store).values("istio_tcp_connections_opened_total", &[]), ["1"]);
}

#[test]
fn bytes_keep_the_direction_of_the_connection_that_moved_them() {
    let mut store = roomy();
    for reporter in [Reporter::Source, Reporter::Destination] {
        let held = hold(&mut store, &edge(reporter, "client", "server"), ISTIO, &[("reporter", None)]);
        let (sent, received) = if reporter == Reporter::Source { (5, 3) } else { (3, 5) };
        store.record(&held, reporter, &Delta { sent, received, ..Delta::default() }, 0);
    }
    let scrape = scrape(&mut store);
    assert_eq!(scrape.values("istio_tcp_received_bytes_total", &[]), ["10"]);
    assert_eq!(scrape.values("istio_tcp_sent_bytes_total", &[]), ["6"]);
}

#[test]
fn two_groups_of_one_connection_that_read_the_same_are_one_feed() {
    let mut store = roomy();
    let flow = flow(Reporter::Source, "client", "server", 1);
    let mut held = SeriesHandles::default();
    for metrics in ISTIO.iter().map(|metric| Metrics::NONE.with(metric)) {
        store.acquire(
            ServiceLabels(flow.edge.clone()),
            SeriesSpec { metrics, differences: Differences::default(), tag_source: None },
            0,
            &mut held,
        );
    }
    assert_eq!(held.handles().map(|handle| handle.metrics).collect::<Vec<_>>(), [ISTIO]);
    store.record(&held, Reporter::Source, &Delta { opened: 1, ..Delta::default() }, 0);
    store.release(&held, 0);
    store.publish();
    store.expire(1_000_000_000_000, &mut |_| false);
    assert_eq!(store.stats().services.sets, 0, "one reference was taken");
}

#[test]
fn many_groups_feed_many_label_sets() {
    let mut store = roomy();
    let edge = edge(Reporter::Source, "client", "server");
    let mut held = SeriesHandles::default();
    for (metric, number) in ALL.intersection(SERVICE).iter().zip(0..) {
        let number = number.to_string();
        let spec = SeriesSpec {
            metrics: Metrics::NONE.with(metric),
            differences: differences(&[("group", Some(&number))]),
            tag_source: None,
        };
        store.acquire(ServiceLabels(edge.clone()), spec, 0, &mut held);
    }
    let delta = Delta { sent: 1, rtt_us: Some(1), handshake: Some(1), duration: Some(1), ..Delta::default() };
    store.record(&held, Reporter::Source, &delta, 0);
    store.activate(&held);
    let shown = scrape(&mut store);
    assert_eq!((held.handles().count(), store.stats().services.sets), (11, 10), "nothing failed");
    assert_eq!(shown.values("longwire_tcp_connections_active", &[("group", "5")]), ["1"]);
}
