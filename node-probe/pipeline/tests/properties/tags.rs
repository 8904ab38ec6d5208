//! What tags say, and what becomes of label sets that read the same.

use crate::scenarios::{client, moved, server, to_web};
use crate::world::{Socket, World, options, tagged};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_model::telemetry::Telemetry;
use std::sync::Arc;

const ISTIO: Metrics = Metrics::of(SeriesSet::Istio);
const ALL: Metrics = ISTIO.union(Metrics::of(SeriesSet::KmeshWorkload)).union(Metrics::of(SeriesSet::Longwire));
const SENT: &str = "istio_tcp_sent_bytes_total";
const RECEIVED: &str = "istio_tcp_received_bytes_total";
const OPENED: &str = "istio_tcp_connections_opened_total";

/// The client of a connection from `a` through the Service to `b`, and the server.
fn with(telemetry: Telemetry) -> World {
    let mut world = World::unconfigured(options());
    world.observe(&Arc::new(telemetry));
    world.announce(&to_web(moved(10, 200)));
    world.announce(&Socket { remote: "10.0.0.254", ..server(moved(200, 10)) });
    world.answer();
    world
}

fn tag(expression: &str, reporter: &str) -> String {
    let mut world = with(tagged(ALL, ALL, &[("tag", Some(expression))]));
    let scrape = world.scrape();
    let of = |family: &str| {
        let labels = scrape[family].iter().map(|(labels, _)| labels).find(|labels| labels["reporter"] == reporter);
        labels.unwrap()["tag"].clone()
    };
    assert_eq!(of(OPENED), of("kmesh_tcp_workload_sent_bytes_total"));
    of(OPENED)
}

#[test]
fn every_attribute_is_what_is_known_of_the_connection() {
    for (expression, of_source, of_destination) in [
        ("connection.reporter", "source", "destination"),
        ("connection.ip_family", "ipv4", "ipv4"),
        ("source.workload", "a", "a"),
        ("destination.workload", "b", "b"),
        ("source.namespace + '/' + source.pod", "default/a-0", "default/a-0"),
        ("destination.pod", "b-0", "b-0"),
        ("source.service_account", "sa-a", "sa-a"),
        ("destination.node + destination.zone", "nodezone", "nodezone"),
        ("destination.region", "unknown", "unknown"),
        ("source.address", "10.0.0.1", "10.0.0.254"),
        ("destination.address", "10.0.0.2", "10.0.0.2"),
        ("string(source.port)", "1000", "1000"),
        ("string(destination.port)", "80", "8080"),
        ("destination.canonical_service + destination.canonical_revision", "blatest", "blatest"),
        ("source.cluster", "Kubernetes", "Kubernetes"),
        ("destination.service.host", "web.default.svc.cluster.local", "web.default.svc.cluster.local"),
        ("destination.service.name", "web", "web"),
        ("destination.service.requested.name", "web", "unknown"),
        ("source.labels.team", "team-a", "team-a"),
        ("'team' in destination.labels ? destination.labels['team'] : 'none'", "team-b", "team-b"),
        ("'tier' in destination.labels ? destination.labels['tier'] : 'none'", "none", "none"),
        ("source.labels.tier", "unknown", "unknown"),
        ("''", "unknown", "unknown"),
    ] {
        let read = (tag(expression, "source"), tag(expression, "destination"));
        assert_eq!(read, (of_source.to_owned(), of_destination.to_owned()), "{expression}");
    }
}

#[test]
fn what_is_not_known_of_a_peer_is_unknown_and_a_label_of_it_an_error() {
    let mut world = World::unconfigured(options());
    let tags = [("pod", Some("destination.pod")), ("tier", Some("destination.labels.tier"))];
    world.observe(&Arc::new(tagged(ISTIO, ISTIO, &tags)));
    world.close(&Socket { remote: "8.8.8.8", ..client(moved(1, 1)) });
    world.answer();
    world.pass(&[]);
    world.wait(1_000_000_000);
    assert_eq!(world.value(OPENED, "pod=unknown tier=unknown destination_service_name=PassthroughCluster"), Some(1.0));
    assert_eq!(world.pipeline.stats().expression_errors, 1);
}

#[test]
fn labels_keep_the_order_of_the_table_and_new_ones_follow_by_name() {
    let mut world = with(tagged(
        ISTIO,
        ISTIO,
        &[
            ("zone", Some("'z'")),
            ("alpha", Some("'a\"\\\\b'")),
            ("source_principal", None),
            ("source_app", Some("'x'")),
        ],
    ));
    let text = world.text();
    let line = text.lines().find(|line| line.starts_with(OPENED) && line.contains("reporter=\"source\"")).unwrap();
    let expected = concat!(
        r#"istio_tcp_connections_opened_total{reporter="source",source_workload="a",source_canonical_service="a","#,
        r#"source_canonical_revision="latest",source_workload_namespace="default",source_app="x","#,
        r#"source_version="latest",source_cluster="Kubernetes","#,
    );
    assert!(line.starts_with(expected), "{line}");
    assert!(line.ends_with(r#"connection_security_policy="unknown",alpha="a\"\\b",zone="z"} 1"#), "{line}");
}

#[test]
fn label_sets_that_become_equal_are_summed_and_bytes_keep_their_direction() {
    let mut world = with(tagged(ISTIO, ISTIO, &[("reporter", None)]));
    world.close(&Socket { id: 7, sequence: (7, 7), ..client(moved(1, 2)) });
    world.pass(&[to_web(moved(10, 200)), Socket { remote: "10.0.0.254", ..server(moved(200, 10)) }]);
    let scrape = world.scrape_of(|name| [SENT, RECEIVED].contains(&name));
    assert_eq!((scrape[SENT].len(), scrape[RECEIVED].len()), (1, 1), "{scrape:?}");
    assert_eq!((scrape[SENT][0].1, scrape[RECEIVED][0].1), (400.0, 20.0));
    world.answer();
    world.wait(1_000_000_000);
    let scrape = world.scrape_of(|name| [SENT, RECEIVED].contains(&name));
    assert_eq!((scrape[SENT][0].1, scrape[RECEIVED][0].1), (402.0, 21.0));
}

#[test]
fn a_customised_label_set_that_reads_as_a_plain_one_is_that_one() {
    let mut world = with(tagged(ISTIO, ISTIO, &[]));
    world.observe(&Arc::new(tagged(ISTIO, ISTIO, &[("source_workload", Some("source.workload"))])));
    world.pass(&[to_web(moved(11, 200)), Socket { remote: "10.0.0.254", ..server(moved(200, 11)) }]);
    assert_eq!(world.scrape()[RECEIVED].len(), 2);
    assert_eq!(world.value(RECEIVED, "reporter=source"), Some(11.0));
    let mut world = with(tagged(ISTIO, ISTIO, &[("source_workload", Some("source.workload"))]));
    world.observe(&Arc::new(tagged(ISTIO, ISTIO, &[])));
    world.pass(&[to_web(moved(11, 200)), Socket { remote: "10.0.0.254", ..server(moved(200, 11)) }]);
    assert_eq!(world.scrape()[RECEIVED].len(), 2, "whichever comes first");
}

#[test]
fn with_every_label_left_out_there_is_one_line_a_metric() {
    let names = longwire_model::series::SERVICE_LABELS.map(|name| (name, None));
    let mut world = with(tagged(ALL.difference(Metrics::of(SeriesSet::KmeshWorkload)), ALL, &names));
    let text = world.text();
    assert!(text.contains("\nistio_tcp_connections_opened_total{} 2\n"), "{text}");
    assert!(text.contains("\nlongwire_tcp_handshake_seconds_bucket{le=\"0.001\"} 0\n"), "{text}");
}

#[test]
fn past_its_bound_a_tag_reads_overflow_until_a_value_is_gone() {
    let mut telemetry = tagged(ISTIO, ISTIO, &[("port", Some("string(source.port)"))]);
    for group in telemetry.source.iter_mut().chain(&mut telemetry.destination) {
        group.tags[0].value.as_mut().unwrap().max_values = Some(2);
    }
    let mut world = World::unconfigured(options());
    world.observe(&Arc::new(telemetry));
    let socket =
        |port: u16| Socket { id: port.into(), local_port: port, sequence: (port.into(), 0), ..client(moved(1, 1)) };
    for port in [1, 2, 3, 4, 2] {
        world.close(&Socket { id: 100 + u64::from(port), ..socket(port) });
        world.close(&socket(port));
    }
    world.answer();
    world.wait(1_000_000_000);
    let value = |world: &mut World, port: &str| world.value(OPENED, &format!("port={port}"));
    assert_eq!(
        ["1", "2", "3", "overflow"].map(|port| value(&mut world, port)),
        [Some(2.0), Some(2.0), None, Some(4.0)]
    );
    assert_eq!(world.pipeline.store().stats().overflowed_values, 4);
    let gone = longwire_model::update::Update { removed_pods: vec!["uid-a".to_owned()], ..Default::default() };
    world.pipeline.apply(&gone, world.now);
    for _ in 0..130 {
        world.wait(5_000_000_000);
    }
    assert_eq!(value(&mut world, "1"), None);
    world.observe_again();
    world.close(&Socket { id: 200, ..socket(9) });
    world.answer();
    world.wait(1_000_000_000);
    assert_eq!(value(&mut world, "9"), Some(1.0));
}

/// Ten minutes without a connection, and a little more.
fn rest(world: &mut World) {
    (0..130).for_each(|_| world.wait(5_000_000_000));
}

fn lines(world: &mut World) -> usize {
    world.scrape()[OPENED].len()
}

#[test]
fn twelve_edits_of_a_tag_leave_no_more_than_was_there_before() {
    let tagged_with = |value: &str| tagged(ISTIO, ISTIO, &[("edit", Some(value))]);
    let mut world = with(tagged_with("\"0\""));
    let before = (lines(&mut world), world.pipeline.store().stats().services.sets);
    for edit in 1..=12 {
        world.observe(&Arc::new(tagged_with(&format!("\"{edit}\""))));
        world.pass(&[to_web(moved(10 + edit, 200)), Socket { remote: "10.0.0.254", ..server(moved(200, 10 + edit)) }]);
        world.wait(1_000_000_000);
    }
    assert!(lines(&mut world) > 6 * before.0, "edits are kept for ten minutes");
    rest(&mut world);
    assert_eq!((lines(&mut world), world.pipeline.store().stats().services.sets), before);
}

#[test]
fn a_tag_of_a_deleted_pod_expires_and_one_in_use_stays() {
    let mut world = with(tagged(ISTIO, ISTIO, &[("far", Some("destination.pod"))]));
    let socket = client(moved(1, 1));
    world.close(&socket);
    rest(&mut world);
    assert_eq!(world.value(OPENED, "far=b-0 reporter=source"), Some(1.0), "its next connection feeds it again");
    let gone = longwire_model::update::Update { removed_pods: vec!["uid-b".to_owned()], ..Default::default() };
    world.pipeline.apply(&gone, world.now);
    rest(&mut world);
    assert_eq!(world.value(OPENED, "far=b-0 reporter=source"), None);
}
