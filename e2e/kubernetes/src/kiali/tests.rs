//! Behaviour that a real Kiali has shown.

use super::{Edges, Graph, GraphType, Name, Node, Traffic, View};
use longwire_testkit::Row;

const METRIC: &str = "istio_tcp_received_bytes_total";

/// A row from `web` to `db`, with these labels changed; an empty one is removed.
fn row(value: f64, other: &[(&str, &str)]) -> Row {
    let mut labels: longwire_testkit::scrape::Labels = [
        ("source_cluster", "c"),
        ("source_workload_namespace", "ns"),
        ("source_workload", "web"),
        ("source_canonical_service", "web"),
        ("source_canonical_revision", "v1"),
        ("destination_cluster", "c"),
        ("destination_service_namespace", "ns"),
        ("destination_service", "db.ns.svc.cluster.local"),
        ("destination_service_name", "db"),
        ("destination_workload_namespace", "ns"),
        ("destination_workload", "db"),
        ("destination_canonical_service", "db"),
        ("destination_canonical_revision", "v1"),
        ("response_flags", "-"),
    ]
    .map(|(label, value)| (label.to_owned(), value.to_owned()))
    .into();
    labels.extend(other.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())));
    labels.retain(|_, value| !value.is_empty());
    Row { labels, value }
}

fn drawn(graph: GraphType, with_services: bool, rows: &[Row]) -> Graph {
    let mut drawn = Graph::new(View { graph, with_services, traffic: Traffic::Sent });
    rows.iter().for_each(|row| drawn.add(METRIC, row));
    drawn
}

fn workload(name: &str) -> Node {
    Node::Workload(Name::new("c", "ns", name))
}

fn service(name: &str) -> Node {
    Node::Service(Name::new("c", "ns", name))
}

const UNKNOWN_SOURCE: [(&str, &str); 4] = [
    ("source_workload_namespace", "unknown"),
    ("source_workload", "unknown"),
    ("source_canonical_service", "unknown"),
    ("source_canonical_revision", "latest"),
];

#[test]
fn rows_of_both_reporters_count_once_only_where_all_they_say_is_equal() {
    for (difference, rate) in [
        (&[][..], 10.0),
        (&[("destination_canonical_revision", "latest")], 20.0),
        (&[("response_flags", "UH")], 20.0),
        (&[("destination_service", "unknown")], 20.0),
    ] {
        let graph = drawn(GraphType::Workload, false, &[row(10.0, &[]), row(10.0, difference)]);
        assert_eq!(graph.edges(), Edges::from([((workload("web"), workload("db")), rate)]), "{difference:?}");
        assert_eq!(graph.refused, [""; 0]);
    }
}

#[test]
fn an_unknown_source_is_one_root_and_an_edge_of_its_own() {
    let unknown = Node::Unknown { cluster: "c".to_owned() };
    let graph = drawn(GraphType::Workload, false, &[row(10.0, &UNKNOWN_SOURCE), row(10.0, &[])]);
    let expected = Edges::from([((unknown, workload("db")), 10.0), ((workload("web"), workload("db")), 10.0)]);
    assert_eq!(graph.edges(), expected);
}

#[test]
fn what_lacks_a_label_or_half_a_name_is_refused() {
    for (labels, reason) in [
        (&[("response_flags", "")][..], "response_flags is missing"),
        (&[("destination_service_name", "")], "destination_service_name is missing"),
        (
            &[("source_workload", "unknown"), ("source_canonical_service", "unknown")],
            "the source has a namespace and no name",
        ),
        (&[("source_cluster", "unknown")], "the source has a namespace and no cluster"),
        (
            &[
                ("destination_service", "10.0.0.1:80"),
                ("destination_service_name", "10.0.0.1:80"),
                ("destination_workload", "unknown"),
            ],
            "the destination is an address: 10.0.0.1:80",
        ),
    ] {
        let graph = drawn(GraphType::Workload, false, &[row(1.0, labels)]);
        assert_eq!(graph.edges(), Edges::new(), "{labels:?}");
        assert!(graph.refused[0].starts_with(reason), "{:?}", graph.refused);
    }
}

#[test]
fn what_is_outside_the_cluster_is_a_service_of_its_own() {
    let outside = [
        ("destination_cluster", "unknown"),
        ("destination_service_namespace", "unknown"),
        ("destination_service", "unknown"),
        ("destination_service_name", "PassthroughCluster"),
        ("destination_workload_namespace", "unknown"),
        ("destination_workload", "unknown"),
        ("destination_canonical_service", "unknown"),
    ];
    let node = Node::Service(Name::new("unknown", "unknown", "PassthroughCluster"));
    let graph = drawn(GraphType::Workload, true, &[row(10.0, &outside)]);
    assert_eq!(graph.edges(), Edges::from([((workload("web"), node), 10.0)]));
}

#[test]
fn a_service_graph_leads_from_service_to_service_and_starts_at_workloads_without_clients() {
    let next = row(
        5.0,
        &[
            ("source_workload", "db"),
            ("source_canonical_service", "db"),
            ("destination_workload", "disk"),
            ("destination_service_name", "disk"),
            ("destination_service", "disk.ns.svc.cluster.local"),
        ],
    );
    let graph = drawn(GraphType::Service, false, &[row(10.0, &[]), next]);
    let expected = Edges::from([((workload("web"), service("db")), 10.0), ((service("db"), service("disk")), 5.0)]);
    assert_eq!(graph.edges(), expected);
}

#[test]
fn apps_are_drawn_whole_or_by_version() {
    let other = [("destination_workload", "db-2"), ("destination_canonical_revision", "v2")];
    let app = |name: &str| Node::App(Name::new("c", "ns", name));
    let rows = [row(10.0, &[]), row(5.0, &other)];
    let whole = drawn(GraphType::App, false, &rows).edges();
    assert_eq!(whole, Edges::from([((app("web"), app("db")), 15.0)]));
    let versions = drawn(GraphType::VersionedApp, false, &rows).edges();
    assert_eq!(versions, Edges::from([((app("web"), app("db")), 10.0), ((app("web"), app("db-2")), 5.0)]));
}

#[test]
fn clients_of_one_service_add_up_behind_it() {
    let other = row(5.0, &[("source_workload", "batch"), ("source_canonical_service", "batch")]);
    let rows = [row(10.0, &[]), row(10.0, &[]), other];
    let expected = Edges::from([
        ((workload("web"), service("db")), 10.0),
        ((workload("batch"), service("db")), 5.0),
        ((service("db"), workload("db")), 15.0),
    ]);
    assert_eq!(drawn(GraphType::Workload, true, &rows).edges(), expected);
}
