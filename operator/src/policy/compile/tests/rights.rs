//! Whose an address is when several objects name it.

use super::{Operator, a, answers};
use crate::source::object::{Endpoint, EndpointSlice, Kind, Name, PodRef, Service, ServicePort, Target};
use crate::source::sample::{apply, delete, ip, node, pod, service, slice, to_address, to_pod};
use longwire_model::identity::OwnerKind;

/// Of a namespace whose owner is up to no good, and older than everything.
fn thief() -> Service {
    Service { name: Name::new("thief", "thief"), addresses: vec![], selector: [].into(), ..service("thief", "", "::") }
}

fn external(address: &str) -> Service {
    Service { external: vec![ip(address)], ..thief() }
}

#[test]
fn addresses_that_kubernetes_assigned_outrank_external_addresses() {
    let web = Service { created: 5, ..service("web", "web", "10.96.0.1") };
    let dual = crate::source::object::Pod { addresses: vec![ip("10.0.0.1"), ip("fd00::1")], ..a() };
    let web = Service { addresses: vec![ip("10.96.0.1"), ip("fd00:96::1")], ..web };
    let (mut operator, _) = Operator::new(vec![apply(dual), apply(web)]);
    for taken in ["10.0.0.1", "10.96.0.1", "fd00::1", "fd00:96::1"] {
        let changes = operator.take(vec![apply(external(taken))], 200);
        assert_eq!(answers(&changes), [""; 0], "{taken}");
        let balanced = Service { load_balancer: vec![ip(taken)], ..thief() };
        let changes = operator.take(vec![apply(balanced)], 200);
        assert_eq!(answers(&changes), [""; 0], "{taken}");
    }
    // In any order: the Service owns it at no time beside the pod.
    let (mut operator, _) = Operator::new(vec![apply(external("10.0.0.1"))]);
    let changes = operator.take(vec![apply(a())], 200);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-"]);
    let changes = operator.take(vec![delete(Kind::Pod, "a")], 300);
    assert_eq!(answers(&changes), ["10.0.0.1: uid-a 0-300, thief.thief.svc.example.org:80 300-"]);
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
    let services = |slices: Vec<EndpointSlice>| {
        let web = Service { created: 5, ..service("web", "web", "10.96.0.1") };
        let mut events = vec![apply(a()), apply(web), apply(thief())];
        events.extend(slices.into_iter().map(apply));
        let (_, changes) = Operator::new(events);
        let pod = changes.nodes[0].1.pods["uid-a"].1.pod.clone();
        assert_eq!(pod.more_services, []);
        pod.services.iter().map(|backing| format!("{}={}", backing.target, backing.service.name)).collect::<Vec<_>>()
    };
    let of_thief = |endpoint| {
        let written = slice("written", "thief", &[8080, 9090], vec![endpoint]);
        EndpointSlice { name: Name::new("thief", "written"), service: thief().name, ..written }
    };
    assert_eq!(services(vec![of_thief(to_address("10.0.0.1"))]), ["8080=web"]);
    let to_a = Endpoint::Pod(PodRef { name: Name::new("shop", "a"), uid: None });
    assert_eq!(services(vec![of_thief(to_a)]), ["8080=web"]);
    assert_eq!(services(vec![of_thief(to_pod("a"))]), ["8080=web"]);
}

#[test]
fn a_pod_that_is_seen_at_anothers_external_address_has_it() {
    let fresh = crate::source::object::Pod { started: 150, addresses: vec![], ..pod("web", "b", "::") };
    let ranged =
        crate::source::object::Node { pod_ranges: vec!["10.0.0.0/16".parse().unwrap()], ..node("n1", "10.9.0.1") };
    let (mut operator, _) = Operator::new(vec![apply(ranged), apply(external("10.0.0.1")), apply(fresh)]);
    assert_eq!(operator.observe("n1", "uid-b", "10.0.0.1", 160).0, ["10.0.0.1: uid-b 150-"]);
}

/// A young Service with these TCP ports, and addresses of a load balancer.
fn balanced(name: &str, created: u64, ports: &[u16], addresses: &[&str]) -> Service {
    let port = |number: &u16| ServicePort { name: number.to_string(), number: *number, target: Target::Port(8080) };
    let load_balancer = addresses.iter().map(|address| ip(address)).collect();
    Service {
        created,
        ports: ports.iter().map(port).collect(),
        load_balancer,
        addresses: vec![],
        ..service(name, "x", "::")
    }
}

#[test]
fn services_that_share_an_address_are_sent_with_their_ports_and_one_without_any_is_not() {
    let web = balanced("web", 5, &[443, 80], &["192.0.2.1", "2001:db8::1"]);
    let (mut operator, changes) = Operator::new(vec![apply(web), apply(balanced("udp", 1, &[], &["192.0.2.1"]))]);
    let alone = "web.shop.svc.example.org:80+443 5-";
    assert_eq!(answers(&changes), [format!("192.0.2.1: {alone}"), format!("2001:db8::1: {alone}")]);
    let changes = operator.take(vec![apply(balanced("ssh", 9, &[22], &["192.0.2.1"]))], 200);
    assert_eq!(answers(&changes), [format!("192.0.2.1: {alone}, ssh.shop.svc.example.org:22 9-")]);
}

#[test]
fn a_port_that_several_claim_is_the_oldest_ones_until_it_goes() {
    let (mut operator, _) = Operator::new(vec![apply(balanced("old", 5, &[80, 443], &["192.0.2.1"]))]);
    let changes = operator.take(vec![apply(balanced("young", 6, &[80, 22], &["192.0.2.1"]))], 200);
    let [old, young] = ["old", "young"].map(|name| format!("{name}.shop.svc.example.org"));
    assert_eq!(answers(&changes), [format!("192.0.2.1: {old}:80+443 5-, {young}:22 6-")]);
    let changes = operator.take(vec![delete(Kind::Service, "old")], 300);
    assert_eq!(answers(&changes), [format!("192.0.2.1: {old}:80+443 5-300, {young}:22 6-, {young}:80 300-")]);
    // `externalIPs` rank after a load balancer, however old the Service is.
    let external = Service { external: vec![ip("192.0.2.1")], ..balanced("external", 1, &[22, 25], &[]) };
    let changes = operator.take(vec![apply(external)], 400);
    let external = "external.shop.svc.example.org:25 1-";
    let before = format!("{old}:80+443 5-300, {young}:22 6-, {young}:80 300-");
    assert_eq!(answers(&changes), [format!("192.0.2.1: {before}, {external}")]);
}

#[test]
fn a_service_that_claims_a_port_of_a_node_is_sent_beside_it() {
    let (_, changes) =
        Operator::new(vec![apply(node("n1", "10.9.0.1")), apply(balanced("web", 5, &[80], &["10.9.0.1"]))]);
    assert_eq!(answers(&changes), ["10.9.0.1: n1 0-, web.shop.svc.example.org:80 5-"]);
}

#[test]
fn endpoints_by_address_are_sent_with_the_service() {
    let addressed = slice("api-1", "api", &[6443], vec![to_address("10.9.0.2"), to_address("10.9.0.1"), to_pod("a")]);
    let (mut operator, changes) =
        Operator::new(vec![apply(a()), apply(service("api", "x", "10.96.0.1")), apply(addressed)]);
    let api = "10.96.0.1: api.shop.svc.example.org";
    assert_eq!(answers(&changes)[1..], [format!("{api} 10.9.0.1:6443 10.9.0.2:6443 0-")]);
    let changes = operator.take(vec![delete(Kind::EndpointSlice, "api-1")], 200);
    assert_eq!(answers(&changes)[1..], [format!("{api} 0-")]);
}

#[test]
fn a_thousand_claims_of_one_namespace_do_not_take_an_address_from_its_owner() {
    let claim = |namespace: &str, number: u16, created| {
        let service = Service { external: vec![ip("192.0.2.1")], ..balanced("x", created, &[number], &[]) };
        apply(Service { name: Name::new(namespace, &format!("s{number}")), ..service })
    };
    let mut events: Vec<_> = (1..=1_000).map(|number| claim("evil", number, 1)).collect();
    events.push(claim("shop", 8_000, 9));
    let (mut operator, changes) = Operator::new(events);
    let owners = &changes.answers[0].1.as_ref().unwrap().address.owners;
    let of_shop = owners.iter().filter(|owner| owner.from == 9).count();
    let is_external = |kind: &OwnerKind| matches!(kind, OwnerKind::Service(frontend) if frontend.is_external);
    assert!(owners.iter().all(|owner| is_external(&owner.kind)));
    assert_eq!((owners.len(), of_shop, operator.compiler.left_out()[0]), (65, 1, ("claim", 936)));
    let changes = operator.take(vec![claim("shop", 8_001, 10)], 150);
    assert_eq!(changes.answers[0].1.as_ref().unwrap().address.owners.len(), 66);
    let gone = (1..=1_000).map(|number| crate::source::object::Key {
        kind: Kind::Service,
        name: Name::new("evil", &format!("s{number}")),
    });
    operator.take(gone.map(crate::source::event::Event::Delete).collect(), 200);
    operator.compiler.expire(201 + crate::policy::compile::owners::KEPT);
    assert_eq!(operator.compiler.left_out()[0], ("claim", 0));
}

#[test]
fn a_service_with_a_thousand_ports_has_them_at_its_first_addresses_alone() {
    let addresses: Vec<_> = (0..1_000_u32).map(|number| std::net::Ipv4Addr::from(0xc000_0200 + number)).collect();
    let ports: Vec<u16> = (1..=1_000).collect();
    let external = addresses.iter().map(|address| (*address).into()).collect();
    let (operator, changes) = Operator::new(vec![apply(Service { external, ..balanced("x", 1, &ports, &[]) })]);
    assert_eq!((changes.answers.len(), operator.compiler.left_out()[0]), (16, ("claim", 984)));
}

#[test]
fn of_thousands_of_endpoints_by_address_the_first_are_sent_and_the_others_counted() {
    let endpoints: Vec<Endpoint> = (0..3_000_u32)
        .map(|number| Endpoint::Addresses(vec![std::net::Ipv4Addr::from(0x0a09_0000 + number).into()]))
        .collect();
    let written = EndpointSlice { name: Name::new("shop", "written"), ..slice("s", "api", &[80], endpoints) };
    let (operator, changes) = Operator::new(vec![apply(service("api", "x", "10.96.0.1")), apply(written)]);
    let OwnerKind::Service(api) = &changes.answers[0].1.as_ref().unwrap().address.owners[0].kind else {
        panic!("a Service")
    };
    assert_eq!((api.endpoints.len(), api.endpoints[255].to_string()), (256, "10.9.0.255:80".to_owned()));
    assert_eq!(operator.compiler.left_out()[3], ("endpoint", 2_744));
}
