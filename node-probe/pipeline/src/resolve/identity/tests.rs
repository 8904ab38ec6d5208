use super::*;
use longwire_model::identity::{Service, Workload};

const S: u64 = 1_000_000_000;
const POD: ResourceUser = ResourceUser(1);

fn pod(uid: &str) -> Arc<Pod> {
    let workload = Workload {
        namespace: "default".to_owned(),
        name: uid.to_owned(),
        canonical_service: uid.to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    Arc::new(Pod {
        uid: uid.to_owned(),
        name: uid.to_owned(),
        addresses: Vec::new(),
        host_network: false,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    })
}

fn held(uid: &str, from: u64, until: Option<u64>) -> Owner {
    Owner { kind: OwnerKind::Pod(pod(uid)), from: from * S, until: until.map(|until| until * S), observed: false }
}

fn observed(uid: &str, from: u64, until: Option<u64>) -> Owner {
    Owner { observed: true, ..held(uid, from, until) }
}

fn node() -> Owner {
    Owner { kind: OwnerKind::Node("n".to_owned()), from: 0, until: None, observed: false }
}

fn address(last: u32) -> IpAddr {
    IpAddr::from(last.to_be_bytes())
}

fn port_80(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 80)
}

/// At these ports alone; none: at all.
fn service(name: &str, ports: &[u16]) -> Owner {
    let text = str::to_owned;
    let service = Service { namespace: text("shop"), name: text(name), host: text(name), cluster: text("c") };
    let frontend = Frontend { ports: ports.into(), ..Frontend::whole(Arc::new(service)) };
    Owner { kind: OwnerKind::Service(frontend), from: 0, until: None, observed: false }
}

fn external(name: &str, ports: &[u16]) -> Owner {
    let owner = service(name, ports);
    let OwnerKind::Service(frontend) = owner.kind else { unreachable!("a Service") };
    Owner { kind: OwnerKind::Service(Frontend { is_external: true, ..frontend }), ..owner }
}

/// Name of who held the address at second 100.
fn owner(owners: &[Owner]) -> String {
    match owner_at(owners, 80, 100 * S) {
        Found::Pod(pod) => pod.uid.clone(),
        Found::Service(frontend) => frontend.service.name.clone(),
        Found::Claimed { frontend, is_node: true } => format!("node or {}", frontend.service.name),
        Found::Claimed { frontend, is_node: false } => format!("unowned or {}", frontend.service.name),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_owner_is_the_one_at_the_time_of_the_open() {
    let check = |owners: &[Owner], expected: &str| assert_eq!(owner(owners), expected, "{owners:?}");
    check(&[], "Outside");
    check(&[held("a", 0, None)], "a");
    check(&[held("a", 0, Some(90)), held("b", 95, None)], "b");
    check(&[held("a", 0, Some(110)), held("b", 115, None)], "a");
    check(&[held("a", 0, Some(100))], "a");
    check(&[held("a", 0, Some(99))], "Ambiguous");
    check(&[held("a", 101, None)], "a");
    check(&[held("a", 102, None)], "Ambiguous");
    check(&[held("a", 0, Some(99)), held("b", 100, None)], "b");
    check(&[held("a", 0, Some(100)), held("b", 100, None)], "Ambiguous");
    check(&[held("a", 0, Some(100)), held("a", 100, None)], "a");
    check(&[node()], "Node");
    check(&[node(), held("a", 0, None)], "Ambiguous");
    check(&[node(), held("a", 0, Some(50))], "Node");
}

#[test]
fn services_that_share_an_address_have_it_by_port() {
    let check = |owners: &[Owner], expected: &str| assert_eq!(owner(owners), expected, "{owners:?}");
    check(&[service("web", &[80, 443]), service("ssh", &[22])], "web");
    check(&[service("ssh", &[22]), service("web", &[])], "web");
    check(&[service("ssh", &[22])], "Outside");
    check(&[service("web", &[80]), service("thief", &[80])], "Ambiguous");
    check(&[node(), service("ssh", &[22])], "Node");
    check(&[node(), service("web", &[80])], "node or web");
    check(&[external("thief", &[80])], "unowned or thief");
    check(&[node(), external("thief", &[80])], "node or thief");
    check(&[external("thief", &[22])], "Outside");
    check(&[node(), service("web", &[])], "Ambiguous");
    check(&[held("a", 0, None), service("thief", &[80])], "Ambiguous");
    // One that had other ports of it before.
    let until = |owner: Owner, until: u64| Owner { until: Some(until * S), ..owner };
    check(&[until(service("web", &[80]), 50), service("web", &[80])], "web");
    check(&[until(service("old", &[80]), 50), service("ssh", &[22])], "Ambiguous");
}

/// The first observation of the next pod divides them exactly, but for the difference between clocks. Without one, or when both live,
/// the owner is unknown.
#[test]
fn of_two_owners_in_close_succession_the_time_of_the_change_decides() {
    let at = |owners: &[Owner], at: u64| match owner_at(owners, 80, at) {
        Found::Pod(pod) => pod.uid.clone(),
        other => format!("{other:?}"),
    };
    let before = |owner: Owner| Owner { until: Some(100 * S), ..owner };
    let pair = [before(held("a", 50, None)), observed("b", 100, None)];
    for (moment, expected) in
        [(99 * S, "a"), (100 * S - OBSERVATION_SKEW - 1, "a"), (100 * S - OBSERVATION_SKEW, "b"), (101 * S, "b")]
    {
        assert_eq!(at(&pair, moment), expected, "{moment}");
    }
    let three = [held("a", 50, Some(100)), observed("b", 100, Some(101)), observed("c", 101, None)];
    for (moment, expected) in [(99 * S, "a"), (100 * S, "b"), (101 * S - OBSERVATION_SKEW - 1, "b"), (101 * S, "c")] {
        assert_eq!(at(&three, moment), expected, "{moment}");
    }
    assert_eq!(at(&[held("a", 50, Some(100)), held("b", 100, None)], 100 * S), "Ambiguous");
    assert_eq!(at(&[held("a", 50, None), observed("b", 100, None)], 100 * S), "Ambiguous");
    // A clock that is a little late.
    assert_eq!(at(&[held("a", 50, Some(90)), observed("b", 100, None)], 99 * S + 1), "b");
    assert_eq!(at(&[held("a", 50, Some(90)), observed("b", 100, None)], 95 * S), "Ambiguous");
}

#[test]
fn an_address_is_asked_for_once_and_answered_whenever_the_answer_comes() {
    let mut identities = Identities::new();
    assert!(matches!(identities.find(port_80(address(1)), POD, 0, 0), Found::Unanswered));
    assert!(matches!(identities.find(port_80(address(1)), POD, 0, 1), Found::Unanswered));
    assert_eq!(identities.take_queries(), (vec![address(1)], vec![]));
    assert!(matches!(identities.find(port_80(address(1)), POD, 0, 2), Found::Unanswered));
    assert_eq!(identities.take_queries(), (vec![], vec![]));
    assert!(identities.answer(&Address { address: address(1), owners: vec![node()] }));
    assert!(matches!(identities.find(port_80(address(1)), POD, 0, 3), Found::Node));
    assert!(!identities.answer(&Address { address: address(2), owners: vec![node()] }), "it was not queried");
    assert_eq!(identities.addresses(), [address(1)]);
}

#[test]
fn an_unused_address_is_forgotten_unless_a_living_pod_has_it() {
    let mut identities = Identities::new();
    for (last, owners) in [(1, vec![held("a", 0, None)]), (2, vec![held("b", 0, Some(1))]), (3, vec![]), (4, vec![])] {
        identities.find(port_80(address(last)), POD, 0, 0);
        identities.answer(&Address { address: address(last), owners });
    }
    identities.take_queries();
    identities.find(port_80(address(4)), POD, 0, S);
    identities.sweep(UNUSED - 1);
    assert_eq!(identities.len(), 4);
    identities.sweep(UNUSED);
    assert_eq!(identities.take_queries(), (vec![], vec![address(2), address(3)]));
    assert_eq!(identities.len(), 2);
    assert_eq!(identities.living().map(|pod| pod.workload.name.as_str()).collect::<Vec<_>>(), ["a"]);
    identities.sweep(UNUSED + S);
    assert_eq!(identities.take_queries(), (vec![], vec![address(4)]));
}

#[test]
fn what_is_forgotten_and_wanted_again_is_asked_for_in_the_next_message() {
    let mut identities = Identities::new();
    identities.find(port_80(address(1)), POD, 0, 0);
    identities.take_queries();
    identities.sweep(UNUSED);
    identities.find(port_80(address(1)), POD, 0, UNUSED);
    assert_eq!(identities.take_queries(), (vec![], vec![address(1)]));
    assert_eq!(identities.take_queries(), (vec![address(1)], vec![]));
}

#[test]
fn past_the_bound_the_longest_unused_address_goes_and_is_never_asked_for_if_it_was_not_yet() {
    let mut identities = Identities::new();
    identities.find(port_80(address(0)), POD, 0, 0);
    assert_eq!(identities.take_queries().0, [address(0)]);
    for last in 1..=u32::try_from(MAX_ADDRESSES).unwrap() + 1 {
        identities.find(port_80(address(last)), POD, 0, 1);
    }
    let (addresses, forget) = identities.take_queries();
    assert_eq!((identities.len(), identities.evicted), (MAX_ADDRESSES, 2));
    assert_eq!((addresses.len(), forget), (MAX_ADDRESSES, vec![address(0)]));
    assert!(!addresses.contains(&address(1)));
}

#[test]
fn a_pod_that_asks_for_everything_makes_room_for_others_and_never_they_for_it() {
    let mut identities = Identities::new();
    let most = u32::try_from(MAX_ADDRESSES).unwrap();
    let victims: Vec<_> = (0..10).map(address).collect();
    for victim in &victims {
        identities.find(port_80(*victim), POD, 0, 0);
        identities.answer(&Address { address: *victim, owners: vec![node()] });
    }
    // The flooder connects to one of them too, and first as far as it knows.
    for last in (5..6).chain(10..3 * most) {
        identities.find(port_80(address(last)), ResourceUser(2), 0, 1);
    }
    assert_eq!(identities.len(), MAX_ADDRESSES);
    for victim in victims {
        assert!(matches!(identities.find(port_80(victim), POD, 0, 2), Found::Node), "{victim}");
    }
}
