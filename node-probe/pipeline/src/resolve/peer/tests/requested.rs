//! Which of several Services both ends name: the one that was requested, where both can know it.

use super::*;

/// Pod b is behind `old`, which is older, and `web`; h, on the node's network, is named by an address of `api`.
fn world() -> World {
    let mut world = World::new();
    let more = vec![Backing { target: 8080, port: 80, service: service("web") }];
    let behind_two = |pod: Arc<Pod>| Arc::new(Pod { more_services: more.clone(), ..Pod::clone(&pod) });
    let b = behind_two(pod("b", "10.0.0.2", false, &[(8080, "old")]));
    let telemetry = Arc::new(Telemetry::plain(SeriesSets::default()));
    world.resolver.apply(&Update { pods: vec![LocalPod { pod: b, telemetry }], ..Update::default() }, 0);
    let at_ports = |name: &str, ports: &[u16]| Frontend { ports: ports.into(), ..Frontend::whole(service(name)) };
    let endpoints = ["192.168.0.1:6443".parse().unwrap()].into();
    let api = Frontend { endpoints, ..Frontend::whole(service("api")) };
    let remote = behind_two(pod("r", "10.0.1.1", false, &[(8080, "old")]));
    let node = || OwnerKind::Node("n".to_owned());
    let answers = vec![
        owned("10.96.0.1", vec![OwnerKind::Service(Frontend::whole(service("web")))]),
        owned("10.96.0.2", vec![OwnerKind::Service(Frontend::whole(service("elsewhere")))]),
        owned("10.96.0.3", vec![OwnerKind::Service(api)]),
        owned("10.96.0.10", vec![OwnerKind::Service(Frontend::whole(service("dns")))]),
        owned(
            "192.0.2.1",
            vec![OwnerKind::Service(at_ports("web", &[80])), OwnerKind::Service(at_ports("ssh", &[22]))],
        ),
        owned("192.168.0.1", vec![node(), OwnerKind::Service(at_ports("web", &[80]))]),
        owned("192.168.0.2", vec![node(), OwnerKind::Service(at_ports("web", &[80]))]),
        owned("10.0.1.1", vec![OwnerKind::Pod(remote)]),
        owned("198.51.100.1", vec![OwnerKind::Service(Frontend { is_external: true, ..at_ports("web", &[80]) })]),
    ];
    for answer in answers {
        world.resolver.identities.find(SocketAddr::new(answer.address, 0), ResourceUser(0), 0, 0);
        world.resolver.identities.answer(&answer);
    }
    world
}

/// What both ends on this machine say, when it is the same.
fn both(world: &mut World, client: &str, server: &str) -> String {
    let mut client = world.see(Role::Active, client, Some((7, 8)));
    let mut server = world.see(Role::Passive, server, Some((7, 8)));
    let waiting = world.resolve(&mut client, 10);
    let of_server = world.resolve(&mut server, 10);
    let of_client = if waiting.starts_with("wait") { world.resolve(&mut client, 10) } else { waiting };
    assert_eq!(of_client, of_server);
    of_client
}

#[test]
fn both_ends_name_the_service_that_was_requested_if_it_leads_to_the_pod_that_answered() {
    let check = |requested: &str, server: &str, expected: &str| {
        let client = format!("1 7 10.0.0.1:1000 {requested}");
        assert_eq!(both(&mut world(), &client, server), expected, "{requested}");
    };
    let b = "2 8 10.0.0.2:8080 10.0.0.1:1000";
    check("10.0.0.2:8080", b, "a>b old 10.0.0.2");
    check("10.96.0.1:80", b, "a>b web 10.0.0.2");
    check("10.96.0.2:80", b, "a>b old 10.0.0.2");
    check("192.0.2.1:80", b, "a>b web 10.0.0.2");
    check("192.0.2.1:22", b, "a>b old 10.0.0.2");
    check("198.51.100.1:80", b, "a>b web 10.0.0.2");
    // A node's address that a load balancer gave to the Service, and its NodePort.
    check("192.168.0.1:80", b, "a>b web 10.0.0.2");
    check("192.168.0.1:30080", b, "a>b old 10.0.0.2");
    // On the node's network: by an address in its EndpointSlice, and because it listens on the Service's own.
    let h = |at: &str| format!("4 1 {at} 10.0.0.1:1000");
    check("10.96.0.3:443", &h("192.168.0.1:6443"), "a>h api 192.168.0.1");
    check("10.96.0.3:443", &h("192.168.0.1:6444"), "a>h Pod 192.168.0.1");
    check("192.168.0.1:6443", &h("192.168.0.1:6443"), "a>h Pod 192.168.0.1");
    check("192.168.0.1:80", &h("192.168.0.1:80"), "a>h Pod 192.168.0.1");
    check("10.96.0.10:53", &h("10.96.0.10:53"), "a>h dns 10.96.0.10");
    // A pod with a network of its own may take any address there.
    check("10.96.0.10:53", "2 8 10.96.0.10:53 10.0.0.1:1000", "a>b Pod 10.96.0.10");
}

#[test]
fn a_server_on_a_services_address_knows_the_service_without_its_client() {
    let mut world = world();
    let mut server = world.see(Role::Passive, "4 1 10.96.0.10:53 10.0.1.1:5000", None);
    assert_eq!(world.resolve(&mut server, 10), "r>h dns 10.96.0.10");
}

/// The Service that was requested on another node is not known here, so neither end uses it.
#[test]
fn across_nodes_both_ends_name_the_service_by_the_pod_and_its_port() {
    let mut world = world();
    let mut client = world.see(Role::Active, "1 7 10.0.0.1:1000 10.96.0.1:80", None);
    assert_eq!(world.resolve(&mut client, 10), "wait Backend");
    client.answer_backend(Some("10.0.1.1:8080".parse().unwrap()));
    assert_eq!(world.resolve(&mut client, 10), "a>r old 10.0.1.1");
    let mut server = world.see(Role::Passive, "2 8 10.0.0.2:8080 10.0.1.1:5000", None);
    assert_eq!(world.resolve(&mut server, 10), "r>b old 10.0.0.2");
}

#[test]
fn an_external_address_is_the_services_if_the_node_translates_it() {
    let check = |address: &str, answer: Option<&str>, expected: &str| {
        let mut world = world();
        let mut client = world.see(Role::Active, &format!("1 7 10.0.0.1:1000 {address}:80"), None);
        assert_eq!(world.resolve(&mut client, 10), "wait Backend");
        client.answer_backend(answer.map(|answer| answer.parse().unwrap()));
        assert_eq!(world.resolve(&mut client, 10), expected, "{answer:?}");
    };
    check("192.168.0.2", Some("10.0.1.1:8080"), "a>r old 10.0.1.1");
    check("192.168.0.2", Some("192.168.0.2:80"), "a>? Unknown 192.168.0.2");
    check("192.168.0.2", None, "a>? Unknown 192.168.0.2");
    check("198.51.100.1", Some("10.0.1.1:8080"), "a>r old 10.0.1.1");
    check("198.51.100.1", Some("198.51.100.1:80"), "a>? Outside 198.51.100.1");
    check("198.51.100.1", None, "a>? Outside 198.51.100.1");
    let mut world = world();
    let mut client = world.see(Role::Active, "1 7 10.0.0.1:1000 192.168.0.2:6443", None);
    assert_eq!(world.resolve(&mut client, 10), "a>? Unknown 192.168.0.2", "no Service claims this one");
}

#[test]
fn an_operator_that_does_not_say_whose_the_address_is_delays_and_does_not_part_the_ends() {
    let mut world = world();
    let mut client = world.see(Role::Active, "1 7 10.0.0.1:1000 10.96.0.77:80", Some((7, 8)));
    let mut server = world.see(Role::Passive, "2 8 10.0.0.2:8080 10.0.0.1:1000", Some((7, 8)));
    let wait = "wait Address(10.96.0.77)";
    assert_eq!(world.resolve(&mut client, 10), "wait Counterpart");
    assert_eq!([world.resolve(&mut server, 10), world.resolve(&mut client, 10)], [wait; 2]);
    let outcomes = [world.resolve(&mut server, 10 + WAIT), world.resolve(&mut client, 10 + WAIT)];
    assert_eq!(outcomes, ["a>b old 10.0.0.2"; 2]);
}
