//! Kmesh's labels: pods, addresses, times.

use super::service::text;
use crate::labels::samples::{flow, service};
use crate::labels::{ConnectionLabels, LabelSet, WorkloadLabels};
use crate::observation::{DestinationService, Edge, Flow, Reporter};
use longwire_model::series::{CONNECTION_LABELS, WORKLOAD_LABELS};
use rstest::rstest;
use std::net::SocketAddr;

const SOURCE: &str = concat!(
    r#"source_workload="client",source_canonical_service="client-app",source_canonical_revision="v1","#,
    r#"source_workload_namespace="ns",source_principal="unknown",source_app="client-app",source_version="v1","#,
    r#"source_cluster="Kubernetes","#,
);
const REST: &str = concat!(
    r#"destination_workload="server",destination_canonical_service="server-app",destination_canonical_revision="v1","#,
    r#"destination_workload_namespace="ns",destination_principal="unknown",destination_app="server-app","#,
    r#"destination_version="v1",destination_cluster="Kubernetes","#,
    r#"request_protocol="tcp",response_flags="-",connection_security_policy="unknown""#,
);
const TARGET: &str =
    r#"destination_pod_address="10.0.0.2",destination_pod_namespace="ns",destination_pod_name="server-0","#;

fn sample() -> Flow {
    flow(Reporter::Source, "client", "server", 40_000)
}

#[test]
fn a_workload_set_has_kmeshs_labels_in_the_order_of_the_table() {
    assert_eq!(text(&WorkloadLabels::of(&sample())), format!("{{reporter=\"source\",{SOURCE}{TARGET}{REST}"));
}

#[test]
fn a_connection_has_kmeshs_labels_in_the_order_of_the_table() {
    let edge = Edge { destination_service: DestinationService::Service(service("web")), ..sample().edge };
    let flow = Flow { edge, start: 1_746_675_514_201_259_611, ..sample() };
    let expected = format!(
        "{{reporter=\"source\",start_time=\"2025-05-08 03:38:34.201259611 +0000 UTC\",{SOURCE}\
         source_address=\"10.0.0.1:40000\",destination_address=\"10.0.0.2:80\",{TARGET}\
         destination_service=\"web.shop.svc.cluster.local\",destination_service_namespace=\"shop\",\
         destination_service_name=\"web\",{REST}"
    );
    assert_eq!(text(&ConnectionLabels::of(&flow)), expected);
}

#[test]
fn ipv6_stands_in_brackets_where_a_port_follows() {
    let flow = Flow {
        source_address: "[2001:db8::1]:40000".parse().unwrap(),
        destination_address: "[2001:db8::2]:80".parse().unwrap(),
        destination_pod_address: "2001:db8::3".parse().unwrap(),
        ..sample()
    };
    let text = text(&ConnectionLabels::of(&flow));
    let expected = concat!(
        r#"source_address="[2001:db8::1]:40000",destination_address="[2001:db8::2]:80","#,
        r#"destination_pod_address="2001:db8::3","#
    );
    assert!(text.contains(expected), "{text}");
}

#[test]
fn of_an_unknown_pod_only_the_address_is_known() {
    let flow = Flow { destination_pod: None, ..sample() };
    let text = text(&WorkloadLabels::of(&flow));
    let expected =
        r#"destination_pod_address="10.0.0.2",destination_pod_namespace="unknown",destination_pod_name="unknown","#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_overflow_of_connections_has_no_place_and_no_time() {
    let text = text(&ConnectionLabels::overflow(Reporter::Source));
    let overflows = [
        "start_time",
        "source_address",
        "destination_address",
        "destination_pod_address",
        "destination_pod_namespace",
        "destination_pod_name",
    ];
    for label in overflows {
        assert!(text.contains(&format!("{label}=\"overflow\",")), "{label}: {text}");
    }
    assert_eq!(text.matches("=\"").count(), CONNECTION_LABELS.len());
}

#[test]
fn the_overflow_of_workloads_has_every_label() {
    let text = text(&WorkloadLabels::overflow(Reporter::Destination));
    assert_eq!(text.matches("=\"").count(), WORKLOAD_LABELS.len());
    assert_eq!(text.matches("=\"overflow\"").count(), 17);
}

#[test]
fn workload_sets_do_not_tell_services_ports_and_times_apart() {
    let edge = Edge { destination_service: DestinationService::Service(service("web")), ..sample().edge };
    let address: SocketAddr = ([10, 0, 0, 9], 9).into();
    let other = Flow { edge, source_address: address, destination_address: address, start: 1, ..sample() };
    assert!(WorkloadLabels::of(&sample()) == WorkloadLabels::of(&other));
}

#[rstest]
#[case::start(Flow { start: 1, ..sample() })]
#[case::source_address(flow(Reporter::Source, "client", "server", 40_001))]
#[case::destination_address(Flow { destination_address: ([10, 96, 0, 1], 80).into(), ..sample() })]
#[case::pod_address(Flow { destination_pod_address: [10, 0, 0, 3].into(), ..sample() })]
#[case::pod(Flow { destination_pod: None, ..sample() })]
#[case::service(Flow { edge: Edge { destination_service: DestinationService::Unknown, ..sample().edge }, ..sample() })]
#[case::reporter(flow(Reporter::Destination, "client", "server", 40_000))]
fn connections_that_differ_in_one_part_are_different(#[case] other: Flow) {
    assert!(ConnectionLabels::of(&sample()) != ConnectionLabels::of(&other));
}
