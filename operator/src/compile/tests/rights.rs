//! Whose an address is when several objects name it.

use super::{Operator, a, answers};
use crate::object::{Kind, Name, Service};
use crate::sample::{apply, delete, ip, node, pod, service, slice, to_address, to_pod};

/// Of a namespace whose owner is up to no good, and older than everything.
fn thief() -> Service {
    Service { name: Name::new("thief", "thief"), addresses: vec![], selector: [].into(), ..service("thief", "", "::") }
}

fn external(address: &str) -> Service {
    Service { external: vec![ip(address)], ..thief() }
}

#[test]
fn what_kubernetes_gave_outranks_anybodys_external_addresses() {
    let web = Service { created: 5, ..service("web", "web", "10.96.0.1") };
    let before = vec![apply(a()), apply(web), apply(node("n1", "10.9.0.1"))];
    let (mut operator, _) = Operator::new(before);
    for taken in ["10.0.0.1", "10.96.0.1", "10.9.0.1"] {
        let changes = operator.take(vec![apply(external(taken))], 200);
        assert_eq!(answers(&changes), [""; 0], "{taken}");
        let balanced = Service { load_balancer: vec![ip(taken)], ..thief() };
        let changes = operator.take(vec![apply(balanced)], 200);
        assert_eq!(answers(&changes), [""; 0], "{taken}");
    }
    // Whoever comes first: it has no time at all beside the pod.
    let (mut operator, _) = Operator::new(vec![apply(external("10.0.0.1"))]);
    let changes = operator.take(vec![apply(a())], 200);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-"]);
    let changes = operator.take(vec![delete(Kind::Pod, "a")], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-300, thief.thief.svc.example.org 300-"]);
}

#[test]
fn of_services_that_name_one_external_address_a_load_balancers_has_it_and_then_the_oldest() {
    let balanced = Service { created: 9, load_balancer: vec![ip("192.0.2.1")], ..service("web", "web", "10.96.0.1") };
    let (mut operator, _) = Operator::new(vec![apply(balanced)]);
    assert_eq!(answers(&operator.take(vec![apply(external("192.0.2.1"))], 200)), [""; 0]);
    let old = Service { created: 3, external: vec![ip("192.0.2.2")], ..service("old", "web", "10.96.0.2") };
    let (mut operator, _) = Operator::new(vec![apply(old)]);
    let young = Service { created: 4, ..external("192.0.2.2") };
    assert_eq!(answers(&operator.take(vec![apply(young)], 200)), [""; 0]);
}

#[test]
fn a_service_of_another_namespace_names_no_pod() {
    let services = |slices: Vec<crate::object::EndpointSlice>| {
        let web = Service { created: 5, ..service("web", "web", "10.96.0.1") };
        let mut events = vec![apply(a()), apply(web), apply(thief())];
        events.extend(slices.into_iter().map(apply));
        let (_, changes) = Operator::new(events);
        let pod = changes.nodes[0].1.pods["uid-a"].1.pod.clone();
        pod.services.iter().map(|backing| format!("{}={}", backing.target, backing.service.name)).collect::<Vec<_>>()
    };
    let of_thief = |endpoint| {
        let written = slice("written", "thief", &[8080, 9090], vec![endpoint]);
        crate::object::EndpointSlice { name: Name::new("thief", "written"), service: thief().name, ..written }
    };
    assert_eq!(services(vec![of_thief(to_address("10.0.0.1"))]), ["8080=web"]);
    assert_eq!(services(vec![of_thief(to_pod("a"))]), ["8080=web"]);
}

#[test]
fn a_pod_that_is_seen_at_anothers_external_address_has_it() {
    let fresh = crate::object::Pod { started: 150, addresses: vec![], ..pod("web", "b", "::") };
    let ranged = crate::object::Node { pod_ranges: vec!["10.0.0.0/16".parse().unwrap()], ..node("n1", "10.9.0.1") };
    let (mut operator, _) = Operator::new(vec![apply(ranged), apply(external("10.0.0.1")), apply(fresh)]);
    assert_eq!(operator.sight("n1", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-b 150-"]);
}
