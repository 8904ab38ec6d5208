use super::{of_address, of_local_pod, of_node};
use longwire_model::access_log::{AccessLog, LogEvent, LogEvents, LogFormat, LogOutputs, Share, Template};
use longwire_model::exporter::{Exporter, ExporterName, LogFile, Target};
use longwire_model::expression::Condition;
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::LocalPod;
use std::sync::Arc;
use std::time::Duration;

fn workload(name: &str) -> Workload {
    Workload {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        canonical_service: "web".to_owned(),
        canonical_revision: "v1".to_owned(),
        cluster: "Kubernetes".to_owned(),
    }
}

fn service(name: &str) -> Arc<Service> {
    Arc::new(Service {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        host: format!("{name}.shop.svc.cluster.local"),
        cluster: "Kubernetes".to_owned(),
    })
}

fn pod() -> Pod {
    Pod {
        uid: "u".to_owned(),
        name: "web-1".to_owned(),
        addresses: vec!["10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        host_network: false,
        workload: Arc::new(workload("web")),
        services: vec![backing(80, "a"), backing(81, "b")],
        more_services: vec![backing(80, "c")],
        service_account: "web".to_owned(),
        place: Arc::new(place("n1", "z1", "r1")),
        labels: vec![("team".to_owned(), "red".to_owned())],
    }
}

fn backing(target: u16, name: &str) -> Backing {
    Backing { target, port: 80, service: service(name) }
}

fn place(node: &str, zone: &str, region: &str) -> Place {
    Place { node: node.to_owned(), zone: zone.to_owned(), region: region.to_owned() }
}

fn local(pod: Pod) -> LocalPod {
    LocalPod { pod: Arc::new(pod), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) }
}

fn owned(owners: Vec<Owner>) -> Address {
    Address { address: "10.0.0.1".parse().unwrap(), owners }
}

fn holds(kind: OwnerKind, from: u64, until: Option<u64>) -> Owner {
    Owner { kind, from, until, observed: false }
}

fn claiming(ports: &[u16]) -> Frontend {
    Frontend { ports: ports.into(), ..Frontend::whole(service("n")) }
}

fn leading(endpoints: &[&str]) -> Frontend {
    let endpoints = endpoints.iter().map(|endpoint| endpoint.parse().unwrap()).collect();
    Frontend { endpoints, ..Frontend::whole(service("n")) }
}

#[test]
fn versions_are_the_same_in_every_process() {
    // If a release changes them, every probe gets its configuration once more, with no other effect.
    let versions = [of_local_pod(&local(pod())), of_address(&owned(vec![])), of_node(&NodeSettings::default(), [])];
    assert_eq!(versions, [18_230_452_987_173_371_113, 14_458_040_589_898_816_608, 15_034_821_391_391_295_848]);
}

#[test]
fn order_does_not_count_where_there_is_none() {
    let mut turned = pod();
    turned.addresses.reverse();
    assert_eq!(of_local_pod(&local(turned)), of_local_pod(&local(pod())));
    let owners = [
        holds(OwnerKind::Node("n".to_owned()), 0, None),
        holds(OwnerKind::Service(Frontend::whole(service("a"))), 1, Some(2)),
    ];
    let turned = owners.iter().rev().cloned().collect();
    assert_eq!(of_address(&owned(owners.to_vec())), of_address(&owned(turned)));
    let of_pods = |pods: [(&str, u64); 2]| of_node(&NodeSettings::default(), pods);
    assert_eq!(of_pods([("a", 1), ("b", 2)]), of_pods([("b", 2), ("a", 1)]));
}

#[test]
fn a_nodes_settings_count() {
    let settings = NodeSettings { reporting_interval: Some(Duration::from_secs(1)), ..NodeSettings::default() };
    assert_ne!(of_node(&settings, [("a", 1)]), of_node(&NodeSettings::default(), [("a", 1)]));
    let logging = NodeSettings { access_log_rate: Some(0), ..NodeSettings::default() };
    assert_ne!(of_node(&logging, [("a", 1)]), of_node(&NodeSettings::default(), [("a", 1)]));
    let name = ExporterName::parse("archive").unwrap();
    let exporters = vec![Exporter { name, target: Target::File(LogFile::default()) }];
    let exporting = NodeSettings { exporters, ..NodeSettings::default() };
    assert_ne!(of_node(&exporting, [("a", 1)]), of_node(&NodeSettings::default(), [("a", 1)]));
}

#[test]
fn every_field_of_an_access_log_counts() {
    let changes: [fn(&mut AccessLog); 13] = [
        |_| {},
        |log| log.events = LogEvents::NONE,
        |log| log.events = log.events.with(LogEvent::Connect),
        |log| log.interval += Duration::from_millis(1),
        |log| log.min_duration = Duration::from_millis(1),
        |log| log.filter = Some(Condition::parse("destination.port == 80").unwrap()),
        |log| log.sample = Share::try_from(999_999_u32).unwrap(),
        |log| log.rate_limit = Some(0),
        |log| log.until = Some(0),
        |log| log.format = LogFormat::Kmesh,
        |log| log.outputs = LogOutputs::parse(["collector"]).unwrap(),
        |log| log.outputs = LogOutputs::parse(["collector", "stdout"]).unwrap(),
        |log| log.format = LogFormat::Text(Template::parse("kmesh").unwrap()),
    ];
    let mut versions = vec![of_local_pod(&local(pod()))];
    for apply in changes {
        let (mut log, mut local) = (AccessLog::default(), local(pod()));
        apply(&mut log);
        local.telemetry = Arc::new(Telemetry { access_log: Some(log), ..Telemetry::plain(SeriesSets::default()) });
        versions.push(of_local_pod(&local));
    }
    let all = versions.len();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), all);
}

#[test]
fn every_field_of_a_pod_counts() {
    let changes: [fn(&mut LocalPod); 19] = [
        |local| local.telemetry = Arc::new(Telemetry::plain(SeriesSets::NONE)),
        |local| change(local, |pod| pod.services[0].port = 81),
        |local| change(local, |pod| pod.service_account.push('x')),
        |local| change(local, |pod| pod.place = Arc::new(place("n2", "z1", "r1"))),
        |local| change(local, |pod| pod.place = Arc::new(place("n1", "z1r1", ""))),
        |local| change(local, |pod| pod.labels[0].1.push('x')),
        |local| change(local, |pod| pod.labels.clear()),
        |local| change(local, |pod| pod.uid.push('x')),
        |local| change(local, |pod| pod.name.push('x')),
        |local| change(local, |pod| pod.addresses.truncate(1)),
        |local| change(local, |pod| pod.addresses[0] = "10.0.0.2".parse().unwrap()),
        |local| change(local, |pod| pod.host_network = true),
        |local| change(local, |pod| pod.workload = Arc::new(workload("other"))),
        |local| change(local, |pod| pod.services[0].target = 79),
        |local| change(local, |pod| pod.services[0].service = service("c")),
        |local| change(local, |pod| pod.services.truncate(1)),
        |local| change(local, |pod| pod.more_services.clear()),
        |local| change(local, |pod| pod.more_services[0].port = 81),
        |local| change(local, |pod| (pod.uid, pod.name) = ("uw".to_owned(), "eb-1".to_owned())),
    ];
    let mut versions = vec![of_local_pod(&local(pod()))];
    for apply in changes {
        let mut changed = local(pod());
        apply(&mut changed);
        versions.push(of_local_pod(&changed));
    }
    let all = versions.len();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), all);
}

fn change(local: &mut LocalPod, apply: impl FnOnce(&mut Pod)) {
    let mut pod = (*local.pod).clone();
    apply(&mut pod);
    local.pod = Arc::new(pod);
}

#[test]
fn the_owners_and_intervals_of_an_address_change_its_version() {
    let other: Address = Address { address: "10.0.0.2".parse().unwrap(), owners: vec![] };
    let mut versions = vec![
        of_address(&other),
        of_address(&owned(vec![])),
        of_address(&owned(vec![holds(OwnerKind::Node("n".to_owned()), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Node("m".to_owned()), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Service(Frontend::whole(service("n"))), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Service(claiming(&[80])), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Service(Frontend { is_external: true, ..claiming(&[80]) }), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Service(claiming(&[80, 81])), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Service(leading(&["10.0.0.7:80"])), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Service(leading(&["10.0.0.7:81"])), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Pod(Arc::new(pod())), 0, None)])),
        of_address(&owned(vec![holds(OwnerKind::Pod(Arc::new(pod())), 1, None)])),
        of_address(&owned(vec![holds(OwnerKind::Pod(Arc::new(pod())), 0, Some(1))])),
    ];
    let all = versions.len();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), all);
}
