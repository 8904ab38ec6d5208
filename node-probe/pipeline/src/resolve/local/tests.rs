use super::*;
use crate::record::Role;
use longwire_model::identity::Workload;
use longwire_model::series::SeriesSets;

const HOST: u32 = 1;
const A: &str = "aaaaaaaa-0000-0000-0000-000000000000";
const B: &str = "bbbbbbbb-0000-0000-0000-000000000000";

fn pod(uid: &str, addresses: &[&str], host_network: bool) -> LocalPod {
    let workload = Workload {
        namespace: "default".to_owned(),
        name: uid[..1].to_owned(),
        canonical_service: uid[..1].to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    let pod = Pod {
        uid: uid.to_owned(),
        name: uid[..1].to_owned(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        host_network,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    };
    LocalPod { pod: Arc::new(pod), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) }
}

fn none() -> Arc<Telemetry> {
    Arc::new(Telemetry::plain(SeriesSets::NONE))
}

fn end(cgroup: u64, netns: u32, local: &str) -> End {
    End {
        id: 1,
        role: Role::Active,
        netns,
        cgroup,
        sequence: None,
        local: format!("{local}:1000").parse().unwrap(),
        remote: "10.9.9.9:80".parse().unwrap(),
        opened: 0,
    }
}

/// Cgroup 1 is of pod A, 2 of pod B, 3 of no pod, 4 not in the tree; 9 has not been named.
fn locals(pods: &[LocalPod]) -> Locals {
    let mut locals = Locals::new(HOST);
    locals.cgroups.name(1, Named::Pod(A.into()));
    locals.cgroups.name(2, Named::Pod(B.into()));
    locals.cgroups.name(3, Named::NoPod);
    locals.cgroups.name(4, Named::Outside);
    for pod in pods {
        locals.upsert(pod);
    }
    locals
}

fn found(locals: &mut Locals, end: &End) -> String {
    let name = |owner: &SocketOwner| match owner {
        SocketOwner::Pod(local) => local.pod.name.clone(),
        SocketOwner::Host => "host".to_owned(),
        SocketOwner::Foreign => "foreign".to_owned(),
    };
    match locals.find(end, 50) {
        Finding::Settled(owner) => name(&owner),
        Finding::Open { since, otherwise, .. } => format!("since {since}, else {}", name(&otherwise)),
    }
}

#[test]
fn a_socket_is_of_the_pod_of_its_cgroup_else_of_its_namespace_else_of_its_address() {
    let mut locals = locals(&[pod(A, &["10.0.0.1", "fd00::1"], false), pod(B, &["10.0.0.2"], true)]);
    let mut check = |cgroup, netns, local, expected: &str| {
        assert_eq!(found(&mut locals, &end(cgroup, netns, local)), expected, "{cgroup} {netns} {local}");
    };
    check(3, 7, "10.0.0.9", "since 50, else foreign");
    check(3, 7, "10.0.0.1", "a");
    check(1, 7, "127.0.0.1", "a");
    check(3, 7, "10.0.0.9", "a");
    check(9, 7, "127.0.0.1", "since 50, else a");
    check(9, 8, "[fd00::1]", "since 50, else foreign");
    check(3, 8, "[fd00::1]", "a");
    check(2, HOST, "10.0.0.2", "b");
    check(3, HOST, "10.0.0.2", "host");
    check(3, 8, "10.0.0.2", "since 50, else foreign");
    check(9, HOST, "10.0.0.2", "since 50, else host");
}

#[test]
fn the_host_namespace_and_a_shared_one_name_no_pod() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false), pod(B, &["10.0.0.2"], false)]);
    assert_eq!(found(&mut locals, &end(1, HOST, "10.0.0.1")), "a");
    assert_eq!(found(&mut locals, &end(3, HOST, "10.0.0.1")), "host");
    assert_eq!(found(&mut locals, &end(1, 7, "192.168.0.1")), "a");
    assert_eq!(found(&mut locals, &end(2, 7, "192.168.0.2")), "b");
    assert_eq!(found(&mut locals, &end(3, 7, "127.0.0.1")), "since 50, else foreign");
}

/// The end of a connection to or from this address.
fn with(remote: &str, end: End) -> End {
    End { remote: format!("{remote}:2000").parse().unwrap(), ..end }
}

/// B is a proxy that makes sockets in A's network, 7.
#[rstest::rstest]
#[case::it_accepts_what_was_turned_to_loopback(with("10.0.0.1", end(2, 7, "127.0.0.1")))]
#[case::it_dials_with_the_pods_address(end(2, 7, "10.0.0.1"))]
#[case::it_accepts_at_the_pods_address(with("10.9.9.9", end(2, 7, "10.0.0.1")))]
fn a_pods_socket_in_another_pods_network_namespace_has_no_owner(#[case] first: End) {
    let pods = [pod(A, &["10.0.0.1"], false), pod(B, &["10.0.0.2"], false)];
    let mut locals = locals(&pods);
    assert_eq!(found(&mut locals, &first), "foreign");
    assert_eq!(found(&mut locals, &end(1, 7, "10.0.0.1")), "a");
    // With the address of a client on another node, like a transparent proxy's connection.
    assert_eq!(found(&mut locals, &with("10.0.0.1", end(2, 7, "10.8.8.8"))), "foreign");
    assert_eq!(found(&mut locals, &end(2, 8, "10.0.0.2")), "b", "its own network");
    assert_eq!(found(&mut locals, &end(2, 8, "192.168.0.2")), "b", "by a second address");
    assert_eq!(found(&mut locals, &end(3, 7, "127.0.0.1")), "a", "what is in the network is the pod's");
}

#[test]
fn a_pod_without_a_known_address_is_identified_by_its_cgroup() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false), pod(B, &[], false)]);
    assert_eq!(found(&mut locals, &end(1, 7, "10.0.0.1")), "a");
    assert_eq!(found(&mut locals, &end(2, 7, "10.0.0.1")), "b", "A has ended, its address and namespace are B's now");
    locals.upsert(&pod(B, &["10.0.0.1"], false));
    assert_eq!(found(&mut locals, &end(2, 7, "10.0.0.1")), "b");
    locals.remove(A, 60);
    assert_eq!(found(&mut locals, &end(2, 7, "127.0.0.1")), "b");
}

#[test]
fn a_network_namespace_made_by_a_container_identifies_no_pod() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false), pod(B, &["10.0.0.2"], false)]);
    assert_eq!(found(&mut locals, &end(2, UNTRUSTED, "10.0.0.1")), "b", "its cgroup shows it");
    for cgroup in [3, 9] {
        assert_eq!(found(&mut locals, &end(cgroup, UNTRUSTED, "10.0.0.1")), "since 50, else foreign");
        assert_eq!(found(&mut locals, &end(cgroup, UNTRUSTED, "10.0.0.2")), "since 50, else foreign");
    }
}

#[test]
fn a_cgroup_of_another_tree_is_no_pods_of_this_node_whatever_its_address() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false)]);
    assert_eq!(found(&mut locals, &end(4, 7, "10.0.0.1")), "foreign");
    assert_eq!(found(&mut locals, &end(4, HOST, "10.0.0.1")), "host");
}

#[test]
fn an_address_that_two_pods_claim_names_neither() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false), pod(B, &["10.0.0.1"], false)]);
    assert_eq!(found(&mut locals, &end(3, 7, "10.0.0.1")), "since 50, else foreign");
    locals.remove(A, 60);
    assert_eq!(found(&mut locals, &end(3, 7, "10.0.0.1")), "b");
}

#[test]
fn a_pod_that_is_not_here_yet_is_waited_for_once() {
    let mut locals = locals(&[]);
    assert_eq!(found(&mut locals, &end(1, 7, "10.0.0.1")), "since 50, else foreign");
    let Finding::Open { since, .. } = locals.find(&end(1, 7, "10.0.0.1"), 70) else { panic!("not here yet") };
    assert_eq!(since, 50);
    locals.upsert(&pod(A, &["10.0.0.1"], false));
    assert_eq!(found(&mut locals, &end(1, 7, "10.0.0.1")), "a");
}

#[test]
fn a_cgroup_without_a_name_yet_is_waited_for_though_the_inode_of_its_namespace_was_anothers() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false), pod(B, &["10.0.0.2"], false)]);
    assert_eq!(found(&mut locals, &end(1, 7, "10.0.0.1")), "a");
    for (cgroup, name, expected) in [(8, Named::Outside, "foreign"), (9, Named::Pod(B.into()), "b")] {
        assert_eq!(found(&mut locals, &end(cgroup, 7, "10.0.0.2")), "since 50, else a");
        locals.cgroups.name(cgroup, name);
        assert_eq!(found(&mut locals, &end(cgroup, 7, "10.0.0.2")), expected);
    }
}

#[test]
fn a_name_that_looks_like_a_pod_is_one_if_its_pod_is_here() {
    let mut locals = locals(&[]);
    locals.cgroups.name(4, Named::Perhaps("web-1".into()));
    assert_eq!(found(&mut locals, &end(4, HOST, "10.0.0.1")), "host");
    locals.upsert(&pod("web-1", &["10.0.0.1"], false));
    assert_eq!(found(&mut locals, &end(4, HOST, "10.0.0.1")), "w");
}

#[test]
fn a_pod_that_left_is_known_by_its_cgroup_for_a_minute_and_by_nothing_else() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false)]);
    let Finding::Settled(SocketOwner::Pod(local)) = locals.find(&end(1, 7, "10.0.0.1"), 0) else { panic!("here") };
    locals.remove(A, 100);
    assert_eq!(locals.pods().count(), 0);
    assert_eq!(found(&mut locals, &end(3, 7, "10.0.0.1")), "since 50, else foreign");
    assert_eq!(found(&mut locals, &end(1, 8, "10.0.0.1")), "a");
    locals.sweep(100 + GRACE_PERIOD);
    assert_eq!(found(&mut locals, &end(1, 8, "10.0.0.1")), "a");
    locals.sweep(101 + GRACE_PERIOD);
    assert_eq!(found(&mut locals, &end(1, 8, "10.0.0.1")), "since 50, else foreign");
    locals.upsert(&LocalPod { telemetry: none(), ..pod(B, &["10.0.0.1"], false) });
    assert!(!locals.is_edited(local.slot) && locals.now(local.slot).is_none(), "its place is another pod's");
    assert_eq!(found(&mut locals, &end(2, 7, "10.0.0.1")), "b");
    assert_eq!(found(&mut locals, &end(3, 7, "127.0.0.1")), "b", "the inode of the namespace came back");
}

#[test]
fn a_changed_pod_keeps_its_place_and_loses_its_old_addresses() {
    let mut locals = locals(&[pod(A, &["10.0.0.1"], false)]);
    let Finding::Settled(SocketOwner::Pod(local)) = locals.find(&end(3, 8, "10.0.0.1"), 0) else { panic!("here") };
    locals.upsert(&LocalPod { telemetry: none(), ..pod(A, &["10.0.0.5"], false) });
    assert!(locals.is_edited(local.slot));
    assert_eq!(locals.now(local.slot).unwrap().telemetry, none());
    assert_eq!(found(&mut locals, &end(3, 8, "10.0.0.1")), "since 50, else foreign");
    assert_eq!(found(&mut locals, &end(3, 8, "10.0.0.5")), "a");
}
