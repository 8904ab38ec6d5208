//! Istio's labels, word for word.

use crate::labels::samples::{edge, service, workload};
use crate::labels::{Differences, LabelSet, ServiceLabels};
use crate::observation::{DestinationService, Edge, Reporter};
use longwire_model::identity::Workload;
use rstest::rstest;
use std::sync::Arc;

pub(super) fn text(labels: &impl LabelSet) -> String {
    customised(labels, &Differences::default())
}

/// `{name="value",...`, as Rust writes a string, and much as the text formats do.
pub(super) fn customised(labels: &impl LabelSet, differences: &Differences) -> String {
    let mut written = Vec::new();
    labels.pairs(differences, &mut |name, value| written.push(format!("{name}={value:?}")));
    format!("{{{}", written.join(","))
}

const CLIENT: &str = concat!(
    r#"source_workload="client",source_canonical_service="client-app",source_canonical_revision="v1","#,
    r#"source_workload_namespace="ns",source_principal="unknown",source_app="client-app",source_version="v1","#,
    r#"source_cluster="Kubernetes","#,
);
const SERVER: &str = concat!(
    r#"destination_workload="server",destination_canonical_service="server-app",destination_canonical_revision="v1","#,
    r#"destination_workload_namespace="ns",destination_principal="unknown",destination_app="server-app","#,
    r#"destination_version="v1",destination_cluster="Kubernetes","#,
);
const NO_SERVER: &str = concat!(
    r#"destination_workload="unknown",destination_canonical_service="unknown","#,
    r#"destination_canonical_revision="latest",destination_workload_namespace="unknown","#,
    r#"destination_principal="unknown",destination_app="unknown",destination_version="unknown","#,
);
const TAIL: &str = r#"request_protocol="tcp",response_flags="-",connection_security_policy="unknown""#;

fn named(host: &str, namespace: &str, name: &str) -> String {
    format!(
        "destination_service=\"{host}\",destination_service_namespace=\"{namespace}\",destination_service_name=\"{name}\","
    )
}

#[rstest]
#[case::source(Reporter::Source, "source")]
#[case::destination(Reporter::Destination, "destination")]
fn an_edge_to_a_service_has_istios_labels_in_the_order_of_the_table(#[case] reporter: Reporter, #[case] word: &str) {
    let edge =
        Edge { destination_service: DestinationService::Service(service("web")), ..edge(reporter, "client", "server") };
    let service = named("web.shop.svc.cluster.local", "shop", "web");
    assert_eq!(text(&ServiceLabels(edge)), format!("{{reporter=\"{word}\",{CLIENT}{service}{SERVER}{TAIL}"));
}

#[test]
fn a_pod_without_a_service_lends_its_namespace() {
    let service = named("unknown", "ns", "unknown");
    let labels = ServiceLabels(edge(Reporter::Source, "client", "server"));
    assert_eq!(text(&labels), format!("{{reporter=\"source\",{CLIENT}{service}{SERVER}{TAIL}"));
}

#[rstest]
#[case::outside(DestinationService::Outside, ["unknown", "unknown", "PassthroughCluster"], "unknown")]
#[case::unknown(DestinationService::Unknown, ["unknown", "unknown", "unknown"], "unknown")]
#[case::a_service_whose_backend_is_not_known_has_a_cluster(
    DestinationService::Service(service("web")),
    ["web.shop.svc.cluster.local", "shop", "web"],
    "far"
)]
fn of_an_unknown_destination_the_revision_is_latest_and_the_version_is_not(
    #[case] destination_service: DestinationService,
    #[case] names: [&str; 3],
    #[case] cluster: &str,
) {
    let edge = Edge { destination: None, destination_service, ..edge(Reporter::Source, "client", "") };
    let [host, namespace, name] = names;
    let service = named(host, namespace, name);
    let expected =
        format!("{{reporter=\"source\",{CLIENT}{service}{NO_SERVER}destination_cluster=\"{cluster}\",{TAIL}");
    assert_eq!(text(&ServiceLabels(edge)), expected);
}

#[test]
fn an_unknown_source_is_unknown_in_every_label() {
    let edge = Edge { source: None, ..edge(Reporter::Destination, "", "server") };
    let client = concat!(
        r#"source_workload="unknown",source_canonical_service="unknown",source_canonical_revision="latest","#,
        r#"source_workload_namespace="unknown",source_principal="unknown",source_app="unknown","#,
        r#"source_version="unknown",source_cluster="unknown","#,
    );
    let service = named("unknown", "ns", "unknown");
    assert_eq!(text(&ServiceLabels(edge)), format!("{{reporter=\"destination\",{client}{service}{SERVER}{TAIL}"));
}

#[test]
fn no_label_is_empty_whatever_a_pods_labels_are() {
    let empty = || String::new();
    let unknown = Arc::new(Workload {
        namespace: empty(),
        name: empty(),
        canonical_service: empty(),
        canonical_revision: empty(),
        cluster: empty(),
    });
    let edge = Edge { destination: Some(unknown), ..edge(Reporter::Source, "client", "") };
    let destination = NO_SERVER.replace("destination_version=\"unknown\"", "destination_version=\"latest\"");
    let service = named("unknown", "unknown", "unknown");
    let expected =
        format!("{{reporter=\"source\",{CLIENT}{service}{destination}destination_cluster=\"unknown\",{TAIL}");
    assert_eq!(text(&ServiceLabels(edge)), expected);
}

#[test]
fn edges_that_read_the_same_are_the_same() {
    let known = edge(Reporter::Source, "client", "unknown");
    let mut namesake = Workload::clone(&workload("unknown"));
    namesake.name = String::new();
    let other = Edge { destination: Some(Arc::new(namesake)), ..edge(Reporter::Source, "client", "") };
    assert_ne!(known, other);
    assert_eq!(ServiceLabels(known), ServiceLabels(other));
}

#[rstest]
#[case::the_reporter(edge(Reporter::Destination, "client", "server"))]
#[case::the_source(edge(Reporter::Source, "other", "server"))]
#[case::the_destination(edge(Reporter::Source, "client", "other"))]
#[case::the_service(Edge { destination_service: DestinationService::Service(service("web")), ..edge(Reporter::Source, "client", "server") })]
fn edges_that_differ_in_one_part_are_different(#[case] other: Edge) {
    assert_ne!(ServiceLabels(edge(Reporter::Source, "client", "server")), ServiceLabels(other));
}

#[test]
fn overflow_names_nothing_but_the_reporter() {
    let overflow = text(&ServiceLabels::overflow(Reporter::Destination));
    let naming = |end: &str| {
        format!(
            "{end}_workload=\"overflow\",{end}_canonical_service=\"overflow\",{end}_canonical_revision=\"overflow\",\
             {end}_workload_namespace=\"overflow\",{end}_principal=\"unknown\",{end}_app=\"overflow\",\
             {end}_version=\"overflow\",{end}_cluster=\"overflow\","
        )
    };
    let service = named("overflow", "overflow", "overflow");
    let expected = format!("{{reporter=\"destination\",{}{service}{}{TAIL}", naming("source"), naming("destination"));
    assert_eq!(overflow, expected);
}
