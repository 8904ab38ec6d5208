mod explain;
mod rights;
mod seen;

use super::{Answer, Changes, Compiler, Settings, Unused};
use crate::index::{Index, Stale};
use crate::source::event::Event;
use crate::source::object::{Kind, Name, Pod};
use crate::source::sample::{apply, delete, ip, namespace, node, pod, service, slice, to_pod};
use longwire_model::identity::{Address, Backing, Frontend, ObservedAddress, OwnerKind, Place, Service, Workload};
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_wire::version;
use std::sync::Arc;

/// Index and compiler as the writer drives them.
struct Operator {
    index: Index,
    compiler: Compiler,
}

impl Operator {
    fn new(events: Vec<Event>) -> (Self, Changes) {
        let settings = Settings {
            cluster_name: "c1".to_owned(),
            cluster_domain: "example.org".to_owned(),
            root_namespace: "root".to_owned(),
        };
        let mut operator = Self { index: Index::default(), compiler: Compiler::new(settings) };
        let changes = operator.take(events, 100);
        (operator, changes)
    }

    fn take(&mut self, events: Vec<Event>, now: u64) -> Changes {
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| self.index.apply(event, &mut stale));
        self.compiler.compile(&self.index, stale, now)
    }

    /// Takes an observation; returns the answers that change, and the observations that identify no owner.
    fn observe(&mut self, node: &str, uid: &str, address: &str, since: u64) -> (Vec<String>, Unused) {
        self.observe_after(&[], node, uid, address, since)
    }

    /// The same where no process was left of these pods.
    fn observe_after(
        &mut self,
        gone: &[&str],
        node: &str,
        uid: &str,
        address: &str,
        since: u64,
    ) -> (Vec<String>, Unused) {
        let gone = gone.iter().map(ToString::to_string).collect();
        let observation = ObservedAddress { uid: uid.to_owned(), address: ip(address), since, gone };
        let (changes, unused) = self.compiler.observe(&self.index, node, &[observation], since + 10);
        (answers(&changes), unused)
    }
}

/// Nodes with the names of their pods, as `n1: a b`.
fn nodes(changes: &Changes) -> Vec<String> {
    let text = |(node, configuration): &(String, super::NodeConfiguration)| {
        let pods = configuration.pods.values().map(|(_, local)| format!(" {}", local.pod.name));
        format!("{node}:{}", pods.collect::<String>())
    };
    changes.nodes.iter().map(text).collect()
}

/// As `host`, or as `host:port+port` where it claims these ports alone, and the endpoints that it names by address.
fn describe(frontend: &Frontend) -> String {
    let ports: Vec<_> = frontend.ports.iter().map(ToString::to_string).collect();
    let host = &frontend.service.host;
    let text = if ports.is_empty() { host.clone() } else { format!("{host}:{}", ports.join("+")) };
    frontend.endpoints.iter().fold(text, |text, endpoint| format!("{text} {endpoint}"))
}

/// Answers as `address: owner from-until, ...`; a `from` that was seen has a `!`.
fn answers(changes: &Changes) -> Vec<String> {
    let name = |kind: &OwnerKind| match kind {
        OwnerKind::Pod(pod) => pod.uid.clone(),
        OwnerKind::Service(frontend) => describe(frontend),
        OwnerKind::Node(name) => name.clone(),
    };
    let text = |answer: &Answer| {
        let owners = answer.address.owners.iter();
        let owners = owners.map(|owner| {
            let until = owner.until.map_or_else(String::new, |until| until.to_string());
            let seen = if owner.observed { "!" } else { "" };
            format!("{} {}{seen}-{until}", name(&owner.kind), owner.from)
        });
        owners.collect::<Vec<_>>().join(", ")
    };
    let line = |(address, answer): &(std::net::IpAddr, Option<Answer>)| {
        format!("{address}: {}", answer.as_ref().map_or_else(|| "no owner".to_owned(), text))
    };
    changes.answers.iter().map(line).collect()
}

fn a() -> Pod {
    pod("web", "a", "10.0.0.1")
}

#[test]
fn a_static_pod_is_sent_under_the_uid_of_its_cgroups_and_a_second_mirror_of_it_is_not() {
    let mirror = |name, started| Pod { mirrors: Some("hash".to_owned()), started, ..pod("web", name, "10.9.0.1") };
    let uids = |changes: &Changes| -> Vec<String> {
        let pods = changes.nodes.iter().flat_map(|(_, node)| node.pods.iter());
        pods.map(|(uid, (_, local))| format!("{uid} {}", local.pod.name)).collect()
    };
    let (mut operator, changes) = Operator::new(vec![apply(mirror("b", 7)), apply(Pod { started: 1, ..a() })]);
    assert_eq!(uids(&changes), ["hash b", "uid-a a"]);
    for (name, started) in [("a0", 0), ("c", 8)] {
        let changes = operator.take(vec![apply(mirror(name, started))], 200);
        assert_eq!(uids(&changes), ["hash b", "uid-a a"], "{name}");
    }
    let changes = operator.take(vec![delete(Kind::Pod, "b")], 300);
    assert_eq!(uids(&changes), ["hash c", "uid-a a"]);
}

#[test]
fn a_pod_has_one_identity_for_its_node_and_its_peers() {
    let labelled = Pod { started: 7, ..a() };
    let (_, changes) = Operator::new(vec![apply(labelled), apply(service("web", "web", "10.96.0.1"))]);
    let (_, configuration) = &changes.nodes[0];
    let (version, local) = &configuration.pods["uid-a"];
    let workload = Workload {
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        canonical_service: "web".to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "c1".to_owned(),
    };
    let service = Service {
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        host: "web.shop.svc.example.org".to_owned(),
        cluster: "c1".to_owned(),
    };
    let backing = Backing { target: 8080, port: 80, service: Arc::new(service) };
    assert_eq!((&*local.pod.workload, local.pod.services.as_slice()), (&workload, [backing].as_slice()));
    assert_eq!(*local.telemetry, Telemetry::plain(SeriesSets::default()));
    assert_eq!(*version, version::of_local_pod(local));
    assert_eq!(configuration.version, version::of_node(&NodeSettings::default(), [("uid-a", *version)]));
    let (_, answer) = &changes.answers[0];
    let Answer { version, address } = answer.as_ref().unwrap();
    assert_eq!(*version, version::of_address(address));
    let [owner] = address.owners.as_slice() else { panic!("{address:?}") };
    assert_eq!((&owner.kind, owner.from, owner.until), (&OwnerKind::Pod(Arc::clone(&local.pod)), 7, None));
}

#[test]
fn labels_name_the_canonical_service_and_its_revision() {
    let mut labelled = a();
    labelled.labels.extend([("app".to_owned(), String::new()), ("version".to_owned(), "v2".to_owned())]);
    let (_, changes) = Operator::new(vec![apply(labelled)]);
    let workload = &changes.nodes[0].1.pods["uid-a"].1.pod.workload;
    assert_eq!((workload.canonical_service.as_str(), workload.canonical_revision.as_str()), ("", "v2"));
}

#[test]
fn services_and_nodes_own_their_addresses() {
    let web = crate::source::object::Service { created: 5, ..service("web", "web", "10.96.0.1") };
    let (mut operator, changes) = Operator::new(vec![apply(web), apply(node("n1", "10.9.0.1"))]);
    assert_eq!(answers(&changes), ["10.9.0.1: n1 0-", "10.96.0.1: web.shop.svc.example.org 5-"]);
    let changes = operator.take(vec![delete(Kind::Service, "web"), delete(Kind::Node, "n1")], 200);
    assert_eq!(answers(&changes), ["10.9.0.1: n1 0-200", "10.96.0.1: web.shop.svc.example.org 5-200"]);
}

#[test]
fn a_host_network_pod_is_local_and_owns_no_address() {
    let host = Pod { host_network: true, ..pod("agent", "h", "10.9.0.1") };
    let (_, changes) = Operator::new(vec![apply(host), apply(node("n1", "10.9.0.1"))]);
    assert_eq!((nodes(&changes), answers(&changes)), (vec!["n1: h".to_owned()], vec!["10.9.0.1: n1 0-".to_owned()]));
}

#[test]
fn a_pod_is_local_from_when_it_has_a_node_and_known_to_others_from_when_it_has_an_address() {
    let (mut operator, changes) = Operator::new(vec![apply(Pod { addresses: vec![], ..a() })]);
    assert_eq!((nodes(&changes), answers(&changes)), (vec!["n1: a".to_owned()], vec![]));
    let changes = operator.take(vec![apply(Pod { node: None, ..a() })], 200);
    assert_eq!((nodes(&changes), answers(&changes)), (vec!["n1:".to_owned()], vec!["10.0.0.1: uid-a 0-".to_owned()]));
    let changes = operator.take(vec![apply(a())], 200);
    // Where it runs is news to its peers.
    assert_eq!((nodes(&changes), answers(&changes)), (vec!["n1: a".to_owned()], vec!["10.0.0.1: uid-a 0-".to_owned()]));
}

#[test]
fn a_completed_pod_does_not_shadow_the_next_owner_of_its_address() {
    let job = Pod { ended: true, ..pod("job", "j", "10.0.0.1") };
    let (mut operator, changes) = Operator::new(vec![apply(a()), apply(job.clone())]);
    assert_eq!(nodes(&changes), ["n1: a"]);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-, uid-j 0-100"]);
    // Nor does a late observation of it.
    let changes = operator.take(vec![apply(job), delete(Kind::Pod, "j")], 200);
    assert_eq!((nodes(&changes), answers(&changes)), (vec!["n1: a".to_owned()], vec![]));
}

#[test]
fn a_pod_that_completes_leaves_its_address() {
    let (mut operator, _) = Operator::new(vec![apply(a())]);
    let changes = operator.take(vec![apply(Pod { ended: true, ..a() })], 200);
    assert_eq!(
        (nodes(&changes), answers(&changes)),
        (vec!["n1:".to_owned()], vec!["10.0.0.1: uid-a 0-200".to_owned()])
    );
}

#[test]
fn an_address_that_is_used_again_has_both_owners_for_a_while() {
    let (mut operator, _) = Operator::new(vec![apply(Pod { started: 1, ..a() })]);
    operator.take(vec![delete(Kind::Pod, "a")], 200);
    let changes = operator.take(vec![apply(Pod { started: 150, ..pod("web", "b", "10.0.0.1") })], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 1-200, uid-b 150-"]);
    let expired = operator.compiler.expire(200 + super::owners::KEPT);
    assert_eq!(answers(&expired), ["10.0.0.1: uid-b 150-"]);
}

#[test]
fn a_recreated_pod_is_another_pod() {
    let (mut operator, _) = Operator::new(vec![apply(a())]);
    let again = Pod { uid: "uid-again".to_owned(), started: 250, ..a() };
    let changes = operator.take(vec![apply(again)], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-300, uid-again 250-"]);
    assert_eq!(changes.nodes[0].1.pods.keys().collect::<Vec<_>>(), ["uid-again"]);
}

#[test]
fn pods_and_services_of_two_families_own_an_address_of_each() {
    let addresses = |v4: &str, v6: &str| vec![ip(v4), ip(v6)];
    let dual = Pod { addresses: addresses("10.0.0.1", "fd00::1"), ..a() };
    let web = crate::source::object::Service {
        addresses: addresses("10.96.0.1", "fd00:96::1"),
        ..service("web", "web", "10.96.0.1")
    };
    let (mut operator, changes) = Operator::new(vec![apply(dual.clone()), apply(web)]);
    let host = "web.shop.svc.example.org";
    let expected = [
        "10.0.0.1: uid-a 0-",
        &format!("10.96.0.1: {host} 0-"),
        "fd00::1: uid-a 0-",
        &format!("fd00:96::1: {host} 0-"),
    ];
    assert_eq!(answers(&changes), expected);
    // One of them is another's too; the other one is not.
    let changes = operator.take(vec![apply(pod("web", "b", "fd00::1"))], 200);
    assert_eq!(answers(&changes), ["fd00::1: uid-a 0-, uid-b 0-"]);
    let changes = operator.take(vec![apply(Pod { addresses: vec![ip("10.0.0.1")], ..dual })], 300);
    // The answer for the address that the pod keeps changes too.
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-", "fd00::1: uid-a 0-300, uid-b 0-"]);
}

#[test]
fn two_living_pods_with_one_address_are_both_sent() {
    let (_, changes) = Operator::new(vec![apply(a()), apply(pod("web", "b", "10.0.0.1"))]);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-, uid-b 0-"]);
}

#[test]
fn a_slice_that_comes_or_goes_changes_the_pods_it_leads_to() {
    let web = crate::source::object::Service { selector: [].into(), ..service("web", "web", "10.96.0.1") };
    let (mut operator, changes) = Operator::new(vec![apply(a()), apply(web)]);
    let services = |changes: &Changes| {
        let pod = &changes.nodes[0].1.pods["uid-a"].1.pod;
        pod.services.iter().map(|backing| format!("{}={}", backing.target, backing.service.name)).collect::<Vec<_>>()
    };
    assert_eq!(services(&changes), [""; 0]);
    let changes = operator.take(vec![apply(slice("web-1", "web", &[80], vec![to_pod("a")]))], 200);
    assert_eq!((services(&changes), changes.answers.len()), (vec!["80=web".to_owned()], 1));
    let changes = operator.take(vec![delete(Kind::EndpointSlice, "web-1")], 300);
    assert_eq!((services(&changes), changes.answers.len()), (vec![], 1));
}

#[test]
fn an_annotation_of_the_root_namespace_reaches_every_node() {
    let far = Pod { name: Name::new("far", "b"), node: Some("n2".to_owned()), ..pod("web", "b", "10.0.0.2") };
    let (mut operator, _) = Operator::new(vec![apply(a()), apply(far)]);
    let istio = SeriesSets::NONE.with(SeriesSet::Istio);
    let changes = operator.take(vec![apply(namespace("root", istio))], 200);
    let telemetry = |configuration: &super::NodeConfiguration| {
        let (_, local) = configuration.pods.values().next().unwrap();
        Arc::clone(&local.telemetry)
    };
    let sent: Vec<_> =
        changes.nodes.iter().map(|(node, configuration)| (node.as_str(), telemetry(configuration))).collect();
    let istio = Arc::new(Telemetry::plain(istio));
    assert_eq!(sent, [("n1", Arc::clone(&istio)), ("n2", istio)]);
    // One for all whose outcome is equal.
    assert!(Arc::ptr_eq(&sent[0].1, &sent[1].1));
}

#[test]
fn a_pod_is_where_its_node_is() {
    let placed = |zone: &str| {
        let (zone, region) = (Some(zone.to_owned()), Some("eu".to_owned()));
        apply(crate::source::object::Node { zone, region, ..node("n1", "10.9.0.1") })
    };
    let place = |changes: &Changes| Place::clone(&changes.nodes[0].1.pods["uid-a"].1.pod.place);
    let at =
        |zone: &str, region: &str| Place { node: "n1".to_owned(), zone: zone.to_owned(), region: region.to_owned() };
    let (mut operator, changes) = Operator::new(vec![apply(a())]);
    assert_eq!(place(&changes), at("", ""));
    assert_eq!(place(&operator.take(vec![placed("eu-1a")], 200)), at("eu-1a", "eu"));
    assert_eq!(place(&operator.take(vec![placed("eu-1b")], 300)), at("eu-1b", "eu"));
    assert_eq!(place(&operator.take(vec![delete(Kind::Node, "n1")], 400)), at("", ""));
}

#[test]
fn an_address_without_an_owner_has_a_version_too() {
    let outside = Answer::outside(ip("192.0.2.1"));
    let expected = Address { address: ip("192.0.2.1"), owners: vec![] };
    assert_eq!((outside.version, outside.address), (version::of_address(&expected), expected));
}
