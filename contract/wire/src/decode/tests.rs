use super::{Decoder, InvalidUpdate};
use crate::address::InvalidAddress;
use crate::proto;
use crate::proto::access_log::Format;
use crate::telemetry::{InvalidAccessLog, InvalidTelemetry};
use longwire_model::access_log::{InvalidShare, InvalidTemplate, Share};
use longwire_model::expression::InvalidExpression;
use longwire_model::series::{InvalidMetric, Metric};
use longwire_model::telemetry::Group;
use longwire_model::update::Update;
use rstest::rstest;

fn workload(r#ref: u32) -> proto::Workload {
    proto::Workload { r#ref, name: format!("w{ref}"), ..proto::Workload::default() }
}

fn service(r#ref: u32) -> proto::Service {
    proto::Service { r#ref, name: format!("s{ref}"), ..proto::Service::default() }
}

fn pod() -> proto::Pod {
    proto::Pod { uid: "uid".to_owned(), workload: 1, place: 1, ..proto::Pod::default() }
}

fn local(pod: proto::Pod) -> proto::Update {
    let pods = vec![proto::LocalPod { pod: Some(pod), telemetry: 1, version: 0 }];
    let places = vec![proto::Place { r#ref: 1, ..proto::Place::default() }];
    let (workloads, services, telemetries) = (vec![workload(1)], vec![service(1)], vec![telemetry(vec![])]);
    proto::Update { workloads, services, telemetries, places, pods, ..proto::Update::default() }
}

fn telemetry(source: Vec<proto::Group>) -> proto::Telemetry {
    proto::Telemetry { r#ref: 1, source, ..proto::Telemetry::default() }
}

fn configured(source: Vec<proto::Group>) -> proto::Update {
    proto::Update { telemetries: vec![telemetry(source)], ..local(pod()) }
}

fn group(metrics: &[&str], tags: &[&str]) -> proto::Group {
    let tag = |name: &&str| proto::Tag { name: (*name).to_owned(), ..proto::Tag::default() };
    let metrics = metrics.iter().map(|name| (*name).to_owned()).collect();
    proto::Group { metrics, tags: tags.iter().map(tag).collect(), ..proto::Group::default() }
}

fn stats(stats: proto::StatsMatcher) -> proto::Update {
    let telemetry = proto::Telemetry { stats: Some(stats), ..telemetry(vec![]) };
    proto::Update { telemetries: vec![telemetry], ..local(pod()) }
}

fn logging(change: impl FnOnce(&mut proto::AccessLog)) -> proto::Update {
    let mut log = proto::AccessLog { format: Some(Format::Preset("json".to_owned())), ..proto::AccessLog::default() };
    change(&mut log);
    let telemetry = proto::Telemetry { access_log: Some(log), ..telemetry(vec![]) };
    proto::Update { telemetries: vec![telemetry], ..local(pod()) }
}

fn invalid_log(error: InvalidAccessLog) -> InvalidUpdate {
    InvalidTelemetry::from(error).into()
}

fn too_many() -> InvalidShare {
    Share::try_from(1_000_001_u32).unwrap_err()
}

fn labels(names: &[&str]) -> proto::Update {
    let label = |name: &&str| proto::Label { name: (*name).to_owned(), value: String::new() };
    local(proto::Pod { labels: names.iter().map(label).collect(), ..pod() })
}

fn ports(ports: &[(u32, u32)]) -> proto::Update {
    let port = |&(port, service)| proto::ServicePort { port, service, service_port: 80 };
    let services = ports.iter().map(port).collect();
    local(proto::Pod { services, ..pod() })
}

fn owner(kind: Option<proto::owner::Kind>) -> proto::Update {
    let owners = vec![proto::Owner { kind, ..proto::Owner::default() }];
    let address = proto::Address { address: vec![10, 0, 0, 1], owners, version: 0 };
    proto::Update { addresses: vec![address], ..proto::Update::default() }
}

#[rstest]
#[case::no_pod(
    proto::Update { pods: vec![proto::LocalPod::default()], ..proto::Update::default() },
    InvalidUpdate::Missing { field: "local_pod.pod" },
    "local_pod.pod: missing"
)]
#[case::no_uid(
    local(proto::Pod { uid: String::new(), ..pod() }),
    InvalidUpdate::Missing { field: "pod.uid" },
    "pod.uid: missing"
)]
#[case::no_kind(owner(None), InvalidUpdate::Missing { field: "owner.kind" }, "owner.kind: missing")]
#[case::no_workload(
    local(proto::Pod { workload: 0, ..pod() }),
    InvalidUpdate::Undefined { field: "pod.workload", value: 0 },
    "pod.workload: nothing was defined as 0"
)]
#[case::an_unknown_workload(
    local(proto::Pod { workload: 9, ..pod() }),
    InvalidUpdate::Undefined { field: "pod.workload", value: 9 },
    "pod.workload: nothing was defined as 9"
)]
#[case::an_unknown_service_of_a_port(
    ports(&[(80, 1), (81, 2)]),
    InvalidUpdate::Undefined { field: "pod.services.service", value: 2 },
    "pod.services.service: nothing was defined as 2"
)]
#[case::an_unknown_service_of_an_address(
    owner(Some(proto::owner::Kind::Service(1))),
    InvalidUpdate::Undefined { field: "owner.service", value: 1 },
    "owner.service: nothing was defined as 1"
)]
#[case::a_port_beyond_all_ports(
    ports(&[(65_536, 1)]),
    InvalidUpdate::Port { field: "pod.services.port", value: 65_536 },
    "pod.services.port: 65536 is not a port"
)]
#[case::ports_out_of_order(
    ports(&[(81, 1), (80, 1)]),
    InvalidUpdate::PortOrder { value: 80 },
    "pod.services.port: 80 does not ascend"
)]
#[case::a_port_twice(
    ports(&[(80, 1), (80, 1)]),
    InvalidUpdate::PortOrder { value: 80 },
    "pod.services.port: 80 does not ascend"
)]
#[case::a_workload_without_a_reference(
    proto::Update { workloads: vec![workload(0)], ..proto::Update::default() },
    InvalidUpdate::Ref { field: "workload.ref", value: 0 },
    "workload.ref: 0 is not between 1 and 65536"
)]
#[case::a_service_reference_out_of_bounds(
    proto::Update { services: vec![service(65_537)], ..proto::Update::default() },
    InvalidUpdate::Ref { field: "service.ref", value: 65_537 },
    "service.ref: 65537 is not between 1 and 65536"
)]
#[case::an_address_of_five_bytes(
    proto::Update {
        addresses: vec![proto::Address { address: vec![1; 5], ..proto::Address::default() }],
        ..proto::Update::default()
    },
    InvalidUpdate::Address(InvalidAddress { field: "address.address", value: vec![1; 5] }),
    "address.address: an address has 4 or 16 bytes, not 5: [01, 01, 01, 01, 01]"
)]
#[case::a_pod_with_an_empty_address(
    local(proto::Pod { addresses: vec![vec![]], ..pod() }),
    InvalidUpdate::Address(InvalidAddress { field: "pod.addresses", value: vec![] }),
    "pod.addresses: an address has 4 or 16 bytes, not 0: []"
)]
#[case::a_telemetry_that_nobody_defined(
    proto::Update { telemetries: vec![], ..local(pod()) },
    InvalidUpdate::Undefined { field: "local_pod.telemetry", value: 1 },
    "local_pod.telemetry: nothing was defined as 1"
)]
#[case::a_place_that_nobody_defined(
    local(proto::Pod { place: 2, ..pod() }),
    InvalidUpdate::Undefined { field: "pod.place", value: 2 },
    "pod.place: nothing was defined as 2"
)]
#[case::labels_out_of_order(
    labels(&["b", "a"]),
    InvalidUpdate::LabelOrder { name: "a".to_owned() },
    "pod.labels: \"a\" does not ascend"
)]
#[case::an_unknown_metric(
    configured(vec![group(&["istio_tcp_bytes"], &[])]),
    InvalidTelemetry::Metric(InvalidMetric("istio_tcp_bytes".to_owned())).into(),
    "group.metrics: unknown metric \"istio_tcp_bytes\""
)]
#[case::a_metric_in_two_groups(
    configured(vec![group(&["istio_tcp_sent_bytes_total"], &[]), group(&["istio_tcp_sent_bytes_total"], &[])]),
    InvalidTelemetry::Misplaced("istio_tcp_sent_bytes_total").into(),
    "group.metrics: istio_tcp_sent_bytes_total is one of Envoy's, or in two groups"
)]
#[case::one_of_envoys_in_a_group(
    configured(vec![group(&["envoy_cluster_upstream_cx_total"], &[])]),
    InvalidTelemetry::Misplaced("envoy_cluster_upstream_cx_total").into(),
    "group.metrics: envoy_cluster_upstream_cx_total is one of Envoy's, or in two groups"
)]
#[case::a_tag_twice(
    configured(vec![group(&[], &["zone", "zone"])]),
    InvalidTelemetry::TagOrder("zone".to_owned()).into(),
    "group.tags: \"zone\" does not ascend"
)]
#[case::a_matcher_of_nothing(
    stats(proto::StatsMatcher { mode: 1, patterns: vec![proto::StringMatcher::default()] }),
    InvalidTelemetry::NoPattern.into(),
    "string_matcher.pattern: missing, or one from a newer operator"
)]
#[case::a_matcher_of_tomorrow(
    stats(proto::StatsMatcher { mode: 7, patterns: vec![] }),
    InvalidTelemetry::Mode(7).into(),
    "stats_matcher.mode: 7 is none that is known"
)]
#[case::an_event_of_tomorrow(
    logging(|log| log.events = vec!["close".to_owned(), "half-closed".to_owned()]),
    invalid_log(InvalidAccessLog::Event("half-closed".to_owned())),
    "access_log.events: \"half-closed\" is none that is known"
)]
#[case::a_filter_of_no_truth(
    logging(|log| log.filter = Some("source.zonne == 'a'".to_owned())),
    invalid_log(InvalidAccessLog::Filter(InvalidExpression::UnknownAttribute { name: "source.zonne".to_owned() })),
    "access_log.filter: unknown attribute source.zonne: did you mean source.zone?"
)]
#[case::more_than_all_connections(
    logging(|log| log.sample_millionths = 1_000_001),
    invalid_log(InvalidAccessLog::Sample(too_many())),
    "access_log.sample_millionths: 1000001 millionths are more than all connections"
)]
#[case::no_format(
    logging(|log| log.format = None),
    invalid_log(InvalidAccessLog::NoFormat),
    "access_log.format: missing, or one from a newer operator"
)]
#[case::a_preset_of_tomorrow(
    logging(|log| log.format = Some(Format::Preset("otlp".to_owned()))),
    invalid_log(InvalidAccessLog::Preset("otlp".to_owned())),
    "access_log.preset: \"otlp\" is none that is known"
)]
#[case::a_template_without_an_end(
    logging(|log| log.format = Some(Format::Template("a %BYTES_SENT".to_owned()))),
    invalid_log(InvalidAccessLog::Template(InvalidTemplate::Open(2))),
    "access_log.template: a % at byte 2 is not closed: write %OPERATOR%, or %% for a percent sign"
)]
fn what_cannot_be_is_refused_with_field_and_value(
    #[case] update: proto::Update,
    #[case] error: InvalidUpdate,
    #[case] text: &str,
) {
    let refused = Decoder::default().decode(update).unwrap_err();
    assert_eq!(refused, error);
    assert_eq!(refused.to_string(), text);
}

#[test]
fn after_a_refused_update_later_ones_are_understood() {
    let mut decoder = Decoder::default();
    let mut broken = local(proto::Pod { workload: 9, ..pod() });
    broken.workloads.insert(0, workload(0));
    decoder.decode(broken).unwrap_err();
    let (workloads, services, places) = (vec![], vec![], vec![]);
    let later = proto::Update { workloads, services, places, telemetries: vec![], ..local(pod()) };
    let received = decoder.decode(later).unwrap();
    assert_eq!(received.update.pods[0].pod.workload.name, "w1");
}

#[test]
fn a_newer_metric_stands_where_an_earlier_probe_ignores_it_and_an_unknown_one_is_left_out() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let (istio, locality) = ("istio_tcp_sent_bytes_total", "longwire_tcp_locality_bytes_total");
    let newer = proto::Group { newer_metrics: names(&[locality, "of_a_later_release"]), ..group(&[istio], &[]) };
    let received = Decoder::default().decode(configured(vec![newer])).unwrap();
    let telemetry = &received.update.pods[0].telemetry;
    let metrics = [Metric::IstioSentBytes, Metric::LocalityBytes].into_iter().collect();
    assert_eq!(telemetry.source, [Group { metrics, tags: Vec::new() }]);
    let sent = crate::telemetry::to_proto(telemetry, 1);
    let expected = proto::Group { newer_metrics: names(&[locality]), ..group(&[istio], &[]) };
    assert_eq!(sent.source, [expected]);
}

#[test]
fn a_newer_metric_in_two_groups_is_refused() {
    let locality = "longwire_tcp_locality_bytes_total";
    let newer = || proto::Group { newer_metrics: vec![locality.to_owned()], ..proto::Group::default() };
    let error = Decoder::default().decode(configured(vec![newer(), newer()])).unwrap_err();
    assert_eq!(error, InvalidTelemetry::Misplaced(locality).into());
}

#[test]
fn an_empty_update_is_one() {
    let received = Decoder::default().decode(proto::Update { version: 5, ..proto::Update::default() }).unwrap();
    assert_eq!(received.update, Update { version: 5, ..Update::default() });
    assert_eq!((received.pod_versions, received.address_versions), (vec![], vec![]));
}

/// A telemetry whose tags take about so many bytes.
fn heavy(r#ref: u32, tags: usize) -> proto::Telemetry {
    let metrics = vec!["istio_tcp_sent_bytes_total".to_owned()];
    let expression = format!("'{}'", "x".repeat(500));
    let tag = |number| proto::Tag {
        name: format!("t{number:04}"),
        expression: Some(expression.clone()),
        ..proto::Tag::default()
    };
    let source = vec![proto::Group { metrics, tags: (0..tags).map(tag).collect(), ..proto::Group::default() }];
    proto::Telemetry { r#ref, source, ..proto::Telemetry::default() }
}

fn refusal(telemetries: Vec<proto::Telemetry>) -> Option<InvalidUpdate> {
    Decoder::default().decode(proto::Update { telemetries, ..proto::Update::default() }).err()
}

#[test]
fn a_telemetry_that_would_take_too_much_is_refused() {
    assert_eq!(refusal(vec![heavy(1, 100)]), None);
    for tags in [200, 5_000] {
        let Some(InvalidUpdate::Telemetry(InvalidTelemetry::TooLarge(error))) = refusal(vec![heavy(1, tags)]) else {
            panic!("{tags} tags were taken");
        };
        assert!(error.bytes > 262_144, "{error}");
    }
}

#[test]
fn telemetries_that_would_take_too_much_together_are_refused() {
    let many = |number| (1..=number).map(|r#ref| heavy(r#ref, 100)).collect();
    assert_eq!(refusal(many(60)), None);
    let Some(error @ InvalidUpdate::TelemetriesTooLarge { bytes }) = refusal(many(130)) else {
        panic!("130 large telemetries were taken");
    };
    assert!(bytes > 16_777_216);
    assert_eq!(
        error.to_string(),
        format!("telemetries: {bytes} bytes in one update are too many for a node: at most 16777216 are allowed")
    );
}
