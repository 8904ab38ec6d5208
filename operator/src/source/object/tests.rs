use super::{
    Endpoint, EndpointSlice, InvalidObject, Name, Namespace, Node, Pod, PodRef, SeriesAnnotation, Service, SlicePort,
    Target,
};
use k8s_openapi::api::{core::v1 as api, discovery::v1 as discovery};
use longwire_crds::SERIES_SETS_ANNOTATION as SERIES_SETS;
use longwire_model::series::{SeriesSet, SeriesSets};
use rstest::rstest;
use serde_json::{Value, from_value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

fn pod(metadata: Value, spec: Value, status: Value) -> Result<Pod, InvalidObject> {
    from_value::<api::Pod>(object("Pod", "web-1", metadata, spec, status)).unwrap().try_into()
}

fn service(metadata: Value, spec: Value, status: Value) -> Result<Option<Service>, InvalidObject> {
    Service::read(from_value::<api::Service>(object("Service", "web", metadata, spec, status)).unwrap())
}

fn object(kind: &str, name: &str, metadata: Value, spec: Value, status: Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    let Value::Object(metadata) = metadata else { panic!("{metadata}") };
    object["metadata"].as_object_mut().unwrap().extend(metadata);
    (object["spec"], object["status"]) = (spec, status);
    object
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_selector_of_a_megabyte_is_refused() {
    let selector: BTreeMap<String, String> = (0..2_000).map(|at| (format!("l{at:04}"), "x".repeat(59))).collect();
    let service = from_value(json!({"metadata": {"name": "s"}, "spec": {"selector": selector}}));
    let error = Service::read(service.unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "spec.selector: 128000 bytes, and 32768 are the most that are read");
}

#[test]
fn a_pod_is_read_whole() {
    let metadata = json!({
        "namespace": "shop", "uid": "u", "generateName": "web-7d4-", "labels": {"app": "web", "pod-template-hash": "7d4"},
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "Node", "name": "not-the-controller", "uid": "x"},
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d4", "uid": "y", "controller": true},
        ],
    });
    let spec = json!({"nodeName": "n1", "serviceAccountName": "web", "containers": [{"name": "main", "ports": [{"name": "http", "containerPort": 80}]}]});
    let status = json!({
        "phase": "Running", "podIP": "10.0.0.1", "startTime": "2024-01-02T03:04:05Z",
        "podIPs": [{"ip": "10.0.0.1"}, {"ip": "2001:db8::1"}],
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
    });
    let expected = Pod {
        name: Name::new("shop", "web-1"),
        uid: "u".to_owned(),
        mirrors: None,
        labels: BTreeMap::from(
            [("app", "web"), ("pod-template-hash", "7d4")].map(|(k, v)| (k.to_owned(), v.to_owned())),
        ),
        workload: "web".to_owned(),
        node: Some("n1".to_owned()),
        service_account: "web".to_owned(),
        host_network: false,
        addresses: ips(&["10.0.0.1", "2001:db8::1"]),
        started: 1_704_164_645_000_000_000,
        ended: false,
        finished: 0,
        ready: true,
        ports: BTreeMap::from([("http".to_owned(), 80)]),
        series: SeriesAnnotation::default(),
        annotation_settings: None,
        meshed: false,
        labels_left_out: 0,
    };
    assert_eq!(pod(metadata, spec, status), Ok(expected));
}

#[test]
fn a_bare_pod_has_defaults() {
    let bare = pod(json!({}), json!({}), json!({})).unwrap();
    assert_eq!((bare.name, bare.uid.as_str()), (Name::new("default", "web-1"), "default/web-1"));
    assert_eq!((bare.workload.as_str(), bare.started, bare.node), ("web-1", 0, None));
    assert_eq!((bare.service_account.as_str(), bare.ready), ("default", false));
}

/// Only the pod's own reference is read: there is no way to go round in.
#[rstest]
#[case::itself(json!({"generateName": "web-"}), "Pod", "web-1", "web-1")]
#[case::each_other(json!({"generateName": "web-"}), "Pod", "web-2", "web-2")]
#[case::named_by_hand(json!({}), "Pod", "web-2", "web-1")]
#[case::a_replica_set_of_its_own_name(
    json!({"generateName": "web-", "labels": {"pod-template-hash": "1"}}), "ReplicaSet", "web-1", "web"
)]
#[case::a_job_of_no_name(json!({"generateName": "web-"}), "Job", "", "web-1")]
fn a_pod_in_a_circle_of_owners_is_named_after_its_controller(
    #[case] metadata: Value,
    #[case] kind: &str,
    #[case] owner: &str,
    #[case] expected: &str,
) {
    let mut metadata = metadata;
    let reference = |controller: Option<bool>| json!({"apiVersion": "v1", "kind": kind, "name": owner, "uid": "u", "controller": controller});
    // An owner that is not the controller says nothing.
    metadata["ownerReferences"] = json!([reference(None), reference(Some(false)), reference(Some(true))]);
    assert_eq!(pod(metadata, json!({}), json!({})).unwrap().workload, expected);
}

#[rstest]
#[case::all_of_pod_ips(json!({"podIP": "10.0.0.9", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}), &["10.0.0.1", "fd00::1"])]
#[case::pod_ip_alone(json!({"podIP": "10.0.0.9"}), &["10.0.0.9"])]
#[case::mapped(json!({"podIPs": [{"ip": "::ffff:10.0.0.1"}]}), &["10.0.0.1"])]
#[case::twice(json!({"podIPs": [{"ip": "::ffff:10.0.0.1"}, {"ip": "10.0.0.1"}]}), &["10.0.0.1"])]
#[case::none_yet(json!({"podIP": "", "podIPs": []}), &[])]
fn a_pod_has_the_addresses_of_its_status(#[case] status: Value, #[case] expected: &[&str]) {
    let pod = pod(json!({}), json!({}), status).unwrap();
    assert_eq!(pod.addresses, ips(expected));
}

const DELETED: &str = "2024-01-02T03:04:05Z";

#[rstest]
#[case::running(json!({}), json!({"phase": "Running"}), false)]
#[case::succeeded(json!({}), json!({"phase": "Succeeded"}), true)]
#[case::failed(json!({}), json!({"phase": "Failed"}), true)]
#[case::being_deleted(json!({"deletionTimestamp": DELETED}), json!({"phase": "Running"}), false)]
#[case::deleted_with_one_running(
    json!({"deletionTimestamp": DELETED}),
    json!({"phase": "Running", "containerStatuses": [
        {"name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}},
        {"name": "b", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}},
    ]}),
    false
)]
#[case::deleted_and_stopped(
    json!({"deletionTimestamp": DELETED}),
    json!({"phase": "Running", "containerStatuses": [
        {"name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}},
    ]}),
    true
)]
#[case::stopped_before_a_restart(
    json!({}),
    json!({"phase": "Running", "containerStatuses": [
        {"name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 1}}},
    ]}),
    false
)]
fn a_pod_has_ended_when_nothing_of_it_can_run(#[case] metadata: Value, #[case] status: Value, #[case] ended: bool) {
    assert_eq!(pod(metadata, json!({}), status).unwrap().ended, ended);
}

#[test]
fn a_pod_is_reached_at_its_addresses_until_it_has_ended() {
    let at = |phase| pod(json!({}), json!({}), json!({"podIP": "10.9.0.1", "phase": phase})).unwrap();
    assert_eq!(at("Running").living_addresses(), ips(&["10.9.0.1"]));
    assert_eq!((at("Failed").addresses, at("Failed").living_addresses()), (ips(&["10.9.0.1"]), [].as_slice()));
}

#[test]
fn ports_have_names_in_containers_that_last() {
    let spec = json!({
        "containers": [
            {"name": "a", "ports": [{"name": "http", "containerPort": 80}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]},
            {"name": "b", "ports": [{"name": "http", "containerPort": 81}, {"containerPort": 82}]},
        ],
        "initContainers": [
            {"name": "sidecar", "restartPolicy": "Always", "ports": [{"name": "metrics", "containerPort": 9090}]},
            {"name": "once", "ports": [{"name": "setup", "containerPort": 1}]},
        ],
    });
    let ports = pod(json!({}), spec, json!({})).unwrap().ports;
    assert_eq!(ports, BTreeMap::from([("http".to_owned(), 80), ("metrics".to_owned(), 9090)]));
}

const HASH: &str = "00112233445566778899aabbccddeeff";

#[rstest]
#[case::a_kubelets(HASH, "Node", "n1", HASH)]
#[case::an_uid_of_another(&format!("{}-1122-4333-8444-556677889900", &HASH[..8]), "Node", "n1", "u")]
#[case::another_owner(HASH, "ReplicaSet", "n1", "u")]
#[case::another_node(HASH, "Node", "n2", "u")]
fn a_static_pod_is_known_to_its_node_by_the_hash_of_its_file(
    #[case] hash: &str,
    #[case] kind: &str,
    #[case] owner: &str,
    #[case] expected: &str,
) {
    let metadata = json!({
        "uid": "u", "annotations": {"kubernetes.io/config.mirror": hash},
        "ownerReferences": [{"apiVersion": "v1", "kind": kind, "name": owner, "uid": "x", "controller": true}],
    });
    let pod = pod(metadata, json!({"nodeName": "n1", "containers": []}), json!({})).unwrap();
    assert_eq!((pod.node_uid(), pod.uid.as_str()), (expected, "u"));
}

#[rstest]
#[case::sidecar(json!({"sidecar.istio.io/status": ""}), true)]
#[case::ambient(json!({"ambient.istio.io/redirection": "enabled"}), true)]
#[case::not_ambient(json!({"ambient.istio.io/redirection": "disabled"}), false)]
#[case::requested_a_sidecar_and_has_none(json!({"sidecar.istio.io/inject": "true"}), false)]
fn a_mesh_leaves_its_mark(#[case] annotations: Value, #[case] meshed: bool) {
    assert_eq!(pod(json!({"annotations": annotations}), json!({}), json!({})).unwrap().meshed, meshed);
}

#[rstest]
#[case::as_it_was_installed_first(json!({"app": "ztunnel"}), true)]
#[case::by_the_recommended_label(json!({"app.kubernetes.io/name": "ztunnel"}), true)]
#[case::another_app(json!({"app": "ztunnel-exporter"}), false)]
fn the_proxy_of_the_ambient_mode_is_of_the_mesh(#[case] labels: Value, #[case] meshed: bool) {
    assert_eq!(pod(json!({"labels": labels}), json!({}), json!({})).unwrap().meshed, meshed);
}

#[rstest]
#[case::one("istio", Some(SeriesSets::NONE.with(SeriesSet::Istio)), &[])]
#[case::several(" kmesh-workload , longwire,", Some(SeriesSets::NONE.with(SeriesSet::KmeshWorkload).with(SeriesSet::Longwire)), &[])]
#[case::none_at_all("", Some(SeriesSets::NONE), &[])]
#[case::the_rest_still_counts("isto,longwire", Some(SeriesSets::NONE.with(SeriesSet::Longwire)), &["isto"])]
#[case::a_lone_typing_error_counts_for_nothing("isto", None, &["isto"])]
fn the_annotation_names_series_sets(#[case] text: &str, #[case] sets: Option<SeriesSets>, #[case] unknown: &[&str]) {
    let metadata = json!({"name": "shop", "annotations": {SERIES_SETS: text}});
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    let namespace = Namespace::try_from(from_value::<api::Namespace>(object).unwrap()).unwrap();
    let unknown = unknown.iter().map(|name| (*name).to_owned()).collect();
    let expected = SeriesAnnotation { sets, unknown, ..SeriesAnnotation::default() };
    assert_eq!(namespace, Namespace { name: "shop".to_owned(), uid: String::new(), series: expected });
}

#[test]
fn an_annotation_that_looks_like_longwires_and_is_none_causes_one_warning() {
    let long = format!("telemetry.longwire.io/{}", "x".repeat(100));
    let names = ["telemetry.longwire.io/serie-sets", "telemetry.longwire.io/series-sets", &long, "longwire.io/a"];
    let annotations: BTreeMap<&str, &str> = names.into_iter().map(|name| (name, "istio")).collect();
    let annotation = pod(json!({"annotations": annotations}), json!({}), json!({})).unwrap().series;
    assert_eq!(annotation.sets, Some(SeriesSets::NONE.with(SeriesSet::Istio)));
    let known =
        "is not known, and has no effect: telemetry.longwire.io/series-sets and telemetry.longwire.io/access-log are";
    let expected = [format!("annotation {} {known}", names[0]), format!("annotation {} {known}", &long[..86])];
    assert_eq!((annotation.warnings(None), annotation.warnings(Some(&annotation))), (expected.to_vec(), vec![]));
    let own = json!({"telemetry.longwire.io/defaults": "0123", "telemetry.longwire.io/access-log": "true"});
    assert_eq!(pod(json!({"annotations": own}), json!({}), json!({})).unwrap().series, SeriesAnnotation::default());
}

#[test]
fn of_a_quarter_of_a_megabyte_of_series_sets_three_names_are_kept_and_the_rest_is_counted() {
    let long = "x".repeat(100_000);
    let many: Vec<String> = (0..20_000).map(|number| format!("s{number}")).collect();
    let text = format!("s0,istio,{long},{},s1", many.join(","));
    let metadata = json!({"annotations": {SERIES_SETS: text}});
    let annotation = pod(metadata, json!({}), json!({})).unwrap().series;
    let unknown = ["s0".to_owned(), long[..64].to_owned(), "s1".to_owned()].to_vec();
    let sets = Some(SeriesSets::NONE.with(SeriesSet::Istio));
    assert_eq!(annotation, SeriesAnnotation { sets, unknown, unnamed: 19_998, misspelt: vec![] });
    let text = annotation.warnings(None);
    assert_eq!((text.len(), annotation.warnings(Some(&annotation))), (4, vec![]));
    assert_eq!(text[3], "annotation telemetry.longwire.io/series-sets: 19998 more of its entries name no series set");
}

#[rstest]
#[case::cluster_ips(json!({"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"]}), &["10.96.0.1", "fd00::1"])]
#[case::cluster_ip_alone(json!({"clusterIP": "10.96.0.1"}), &["10.96.0.1"])]
#[case::headless(json!({"clusterIP": "None", "clusterIPs": ["None"]}), &[])]
#[case::not_allocated_yet(json!({"clusterIP": ""}), &[])]
fn a_service_has_virtual_addresses(#[case] spec: Value, #[case] expected: &[&str]) {
    assert_eq!(service(json!({}), spec, json!({})).unwrap().unwrap().addresses, ips(expected));
}

#[test]
fn an_address_of_a_service_is_what_its_strongest_right_makes_it() {
    let spec = json!({"clusterIP": "10.96.0.1", "externalIPs": ["192.0.2.1", "10.96.0.1", "192.0.2.2"]});
    let ingress = json!([{"ip": "192.0.2.2"}, {"hostname": "lb.example.org"}, {"ip": "10.96.0.1"}]);
    let service = service(json!({}), spec, json!({"loadBalancer": {"ingress": ingress}})).unwrap().unwrap();
    let expected = (ips(&["10.96.0.1"]), ips(&["192.0.2.2"]), ips(&["192.0.2.1"]));
    assert_eq!((service.addresses, service.load_balancer, service.external), expected);
}

#[rstest]
#[case::its_own(json!({"port": 80}), Some(Target::Port(80)))]
#[case::another(json!({"port": 80, "targetPort": 8080}), Some(Target::Port(8080)))]
#[case::named(json!({"port": 80, "targetPort": "http"}), Some(Target::Named("http".to_owned())))]
#[case::a_number_in_quotes(json!({"port": 80, "targetPort": "8080"}), Some(Target::Port(8080)))]
#[case::zero(json!({"port": 80, "targetPort": 0}), Some(Target::Port(80)))]
#[case::tcp(json!({"port": 80, "protocol": "TCP"}), Some(Target::Port(80)))]
#[case::udp(json!({"port": 53, "protocol": "UDP"}), None)]
fn a_service_port_leads_to_a_target(#[case] port: Value, #[case] expected: Option<Target>) {
    let service = service(json!({}), json!({"ports": [port]}), json!({})).unwrap().unwrap();
    let targets: Vec<_> = service.ports.into_iter().map(|port| port.target).collect();
    assert_eq!(targets, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn an_external_name_is_no_end_of_a_connection() {
    assert_eq!(service(json!({}), json!({"type": "ExternalName", "externalName": "example.org"}), json!({})), Ok(None));
}

#[test]
fn a_service_knows_its_age() {
    let old = service(json!({"creationTimestamp": "1970-01-01T00:00:01.5Z"}), json!({}), json!({})).unwrap().unwrap();
    let unknown = service(json!({}), json!({}), json!({})).unwrap().unwrap();
    assert_eq!((old.created, unknown.created), (1_500_000_000, 0));
}

#[test]
fn a_slice_leads_to_pods_or_to_addresses() {
    let object = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": "web-x", "namespace": "shop", "uid": "s", "creationTimestamp": "2024-01-02T03:04:05Z",
            "labels": {"kubernetes.io/service-name": "web"},
        },
        "ports": [{"name": "http", "port": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "any"}],
        "endpoints": [
            {"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "shop", "uid": "u"}},
            {"addresses": ["10.0.0.2"], "conditions": {"ready": false}, "targetRef": {"kind": "Pod", "name": "web-2"}},
            {"addresses": ["10.0.0.3"]},
            {"addresses": ["10.0.0.4"], "targetRef": {"kind": "VirtualMachine", "name": "vm"}},
            {"addresses": ["10.0.0.5"], "targetRef": {"kind": "Pod", "name": "web-5", "namespace": "another"}},
        ],
    });
    let slice = EndpointSlice::read(from_value::<discovery::EndpointSlice>(object).unwrap()).unwrap().unwrap();
    let expected = EndpointSlice {
        name: Name::new("shop", "web-x"),
        uid: "s".to_owned(),
        created: 1_704_164_645_000_000_000,
        service: Name::new("shop", "web"),
        ports: vec![SlicePort { name: "http".to_owned(), number: 8080 }],
        endpoints: vec![
            Endpoint::Pod(PodRef { name: Name::new("shop", "web-1"), uid: Some("u".to_owned()) }),
            Endpoint::Pod(PodRef { name: Name::new("shop", "web-2"), uid: None }),
            Endpoint::Addresses(ips(&["10.0.0.3"])),
            Endpoint::Addresses(ips(&["10.0.0.4"])),
            Endpoint::Addresses(ips(&["10.0.0.5"])),
        ],
    };
    assert_eq!(slice, expected);
}

#[rstest]
#[case::of_no_service(json!({}), "IPv4")]
#[case::of_names(json!({"kubernetes.io/service-name": "web"}), "FQDN")]
fn a_slice_that_leads_nowhere_is_none(#[case] labels: Value, #[case] address_type: &str) {
    let object = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": address_type,
        "metadata": {"name": "x", "labels": labels}, "endpoints": [{"addresses": ["web.example.org"]}],
    });
    assert_eq!(EndpointSlice::read(from_value::<discovery::EndpointSlice>(object).unwrap()), Ok(None));
}

#[test]
fn a_node_has_its_own_addresses_alone_ranges_for_its_pods_and_a_place() {
    let labels = json!({"topology.kubernetes.io/zone": "eu-1a", "topology.kubernetes.io/region": ""});
    let object = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": labels}, "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24", "fd00::/64", "?"]},
        "status": {"addresses": [
            {"type": "InternalIP", "address": "10.9.0.1"}, {"type": "Hostname", "address": "n1"},
            {"type": "ExternalIP", "address": "192.0.2.9"}, {"type": "InternalIP", "address": "fd00:9::1"},
        ]},
    });
    let node = Node::try_from(from_value::<api::Node>(object).unwrap()).unwrap();
    let expected = Node {
        name: "n1".to_owned(),
        addresses: ips(&["10.9.0.1", "192.0.2.9", "fd00:9::1"]),
        pod_ranges: vec!["10.0.0.0/24".parse().unwrap(), "fd00::/64".parse().unwrap()],
        zone: Some("eu-1a".to_owned()),
        region: None,
    };
    assert_eq!(node, expected);
}

#[test]
fn what_cannot_be_is_left_out_alone() {
    let status = json!({"podIPs": [{"ip": "10.0.0.256"}, {"ip": "10.0.0.1"}]});
    let ports = json!([{"name": "a", "containerPort": 0}, {"name": "b", "containerPort": 80}]);
    let pod_read = pod(json!({}), json!({"containers": [{"name": "main", "ports": ports}]}), status).unwrap();
    assert_eq!((pod_read.addresses, pod_read.ports), (ips(&["10.0.0.1"]), BTreeMap::from([("b".to_owned(), 80)])));
    let spec = json!({
        "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "?"], "externalIPs": ["172.030.099.196", "172.31.0.300"],
        "ports": [{"port": 0}, {"port": 80, "targetPort": 65_536}, {"port": 81}],
    });
    let ingress = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2"}, {"ip": "192.0.2.1"}]}});
    let service = service(json!({}), spec, ingress).unwrap().unwrap();
    let addresses = (service.addresses, service.external, service.load_balancer);
    assert_eq!(addresses, (ips(&["10.96.0.1"]), ips(&["172.30.99.196"]), ips(&["192.0.2.1"])));
    assert_eq!(service.ports.iter().map(|port| port.number).collect::<Vec<_>>(), [81]);
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"port": 70_000}, {"port": 80}], "endpoints": [{"addresses": ["10.0.0.x", "10.0.0.1"]}],
    });
    let slice = EndpointSlice::read(from_value::<discovery::EndpointSlice>(slice).unwrap()).unwrap().unwrap();
    assert_eq!(slice.endpoints, [Endpoint::Addresses(ips(&["10.0.0.1"]))]);
    assert_eq!(slice.ports, [SlicePort { name: String::new(), number: 80 }]);
    let addresses = json!([{"type": "InternalIP", "address": "n1"}, {"type": "InternalIP", "address": "10.9.0.1"}]);
    let node = json!({"metadata": {"name": "n1"}, "status": {"addresses": addresses}});
    let node = Node::try_from(from_value::<api::Node>(node).unwrap()).unwrap();
    assert_eq!(node.addresses, ips(&["10.9.0.1"]));
    assert_eq!(pod(json!({"name": ""}), json!({}), json!({})), Err(InvalidObject::NoName));
}
