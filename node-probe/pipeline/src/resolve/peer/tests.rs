mod observed;
mod requested;
mod young;

use super::super::pending::{PendingCounters, ResourceUser};
use super::super::{End, Ignored, KubeletCgroups, Outcome, Waits};
use super::*;
use crate::connection::{Connections, Passes};
use crate::observation::Delta;
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Pod, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use std::net::IpAddr;

const HOST: u32 = 1;
const WAIT: u64 = 3;
const S: u64 = 1_000_000_000;

/// Pods a and b have networks of their own, h and i share the node's, f is another node's. Cgroup 3 is of no pod.
struct World {
    resolver: Resolver,
    passes: Connections<()>,
    next: u64,
}

fn service(name: &str) -> Arc<Service> {
    let (namespace, cluster) = ("default".to_owned(), "Kubernetes".to_owned());
    Arc::new(Service { namespace, name: name.to_owned(), host: format!("{name}.default.svc.cluster.local"), cluster })
}

fn pod(name: &str, address: &str, host_network: bool, ports: &[(u16, &str)]) -> Arc<Pod> {
    let workload = Workload {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        canonical_service: name.to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    Arc::new(Pod {
        uid: format!("uid-{name}"),
        name: name.to_owned(),
        addresses: vec![address.parse().unwrap()],
        host_network,
        workload: Arc::new(workload),
        services: ports
            .iter()
            .map(|(port, name)| Backing { target: *port, port: 80, service: service(name) })
            .collect(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    })
}

const OPENED: u64 = 100 * S;
const SETTLING: u64 = 2 * S;
/// Connections are no longer young.
const START: u64 = OPENED + SETTLING;

fn owned(address: &str, kinds: Vec<OwnerKind>) -> Address {
    let owners = kinds.into_iter().map(|kind| Owner { kind, from: 0, until: None, observed: false }).collect();
    Address { address: address.parse().unwrap(), owners }
}

fn answers() -> Vec<Address> {
    let remote = |name, address| OwnerKind::Pod(pod(name, address, false, &[(8080, "web")]));
    vec![
        owned("10.0.0.2", vec![OwnerKind::Pod(pod("b", "10.0.0.2", false, &[(8080, "web")]))]),
        owned("10.0.1.1", vec![remote("r", "10.0.1.1")]),
        owned("10.0.1.2", vec![remote("r", "10.0.1.2"), remote("s", "10.0.1.2")]),
        owned("10.96.0.1", vec![OwnerKind::Service(Frontend::whole(service("web")))]),
        owned("192.168.0.1", vec![OwnerKind::Node("n".to_owned())]),
        owned("8.8.8.8", vec![]),
        owned("10.0.0.254", vec![]),
    ]
}

impl World {
    fn new() -> Self {
        let mut resolver =
            Resolver::new(HOST, KubeletCgroups::default(), Waits { answer: WAIT, pod: WAIT, settling: SETTLING }, 9, 0);
        let local = |pod| LocalPod { pod, telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) };
        let pods = vec![
            local(pod("a", "10.0.0.1", false, &[])),
            local(pod("b", "10.0.0.2", false, &[(8080, "web")])),
            local(pod("h", "192.168.0.1", true, &[(9000, "metrics")])),
            local(pod("i", "192.168.0.1", true, &[])),
        ];
        for (cgroup, name) in [(1, "a"), (2, "b"), (4, "h"), (5, "i"), (6, "f")] {
            resolver.name_cgroup(cgroup, Some(&["kubepods", &format!("poduid-{name}")]));
        }
        resolver.name_cgroup(3, Some(&[]));
        resolver.apply(&Update { pods, ..Update::default() }, 0);
        for answer in answers() {
            resolver.identities.find(SocketAddr::new(answer.address, 0), ResourceUser(0), 0, 0);
            resolver.identities.answer(&answer);
        }
        Self { resolver, passes: Connections::new(1), next: 0 }
    }

    /// `who` is "cgroup netns local remote".
    fn see(&mut self, role: Role, who: &str, sequence: Option<(u32, u32)>) -> PendingConnection {
        let words: Vec<_> = who.split(' ').collect();
        self.next += 1;
        let end = End {
            id: self.next,
            role,
            cgroup: words[0].parse().unwrap(),
            netns: words[1].parse().unwrap(),
            sequence,
            local: words[2].parse().unwrap(),
            remote: words[3].parse().unwrap(),
            opened: OPENED,
        };
        let moment = Moment::new(START + 10, self.passes.passes());
        self.resolver.joins.register(&end, self.next, moment.passes);
        PendingConnection::new(self.next, end, PendingCounters::Ended(Delta::default()), moment)
    }

    fn complete_pass(&mut self) {
        self.passes.begin_pass();
        self.passes.end_pass(true);
    }

    /// As it is once the moment has passed in which the other end would follow.
    fn resolve_past_the_moment(&mut self, pending: &mut PendingConnection, now: u64) -> String {
        match self.resolve(pending, now).as_str() {
            "wait Shortly" => self.resolve(pending, 10 + CLOSELY),
            other => other.to_owned(),
        }
    }

    /// `now`: after `START`.
    fn resolve(&mut self, pending: &mut PendingConnection, now: u64) -> String {
        self.resolve_at(pending, START + now)
    }

    fn resolve_at(&mut self, pending: &mut PendingConnection, now: u64) -> String {
        let passes: Passes = self.passes.passes();
        match self.resolver.resolve(pending, Moment::new(now, passes)) {
            Err(waiting) => format!("wait {:?}", waiting.on),
            Ok(Outcome::Ignored(Ignored::Foreign)) => "foreign".to_owned(),
            Ok(Outcome::Ignored(why)) => format!("{why:?}"),
            Ok(Outcome::Resolved(_, resolution)) => {
                let flow = resolution.flow(0);
                let name = |end: &Option<Arc<Workload>>| end.as_ref().map_or("?".to_owned(), |end| end.name.clone());
                let destination_service = match &flow.edge.destination_service {
                    DestinationService::Service(service) => service.name.clone(),
                    other => format!("{other:?}"),
                };
                let (source, destination) = (name(&flow.edge.source), name(&flow.edge.destination));
                format!("{source}>{destination} {destination_service} {}", flow.destination_pod_address)
            }
        }
    }
}

/// What becomes of an end of which no other end is on this machine: at first, and after a complete pass.
fn alone(role: Role, who: &str, at_first: &str, later: &str) {
    let mut world = World::new();
    let mut pending = world.see(role, who, Some((1, 2)));
    assert_eq!(world.resolve_past_the_moment(&mut pending, 10), at_first, "{role:?} {who}");
    world.complete_pass();
    if at_first.starts_with("wait") {
        assert_eq!(world.resolve(&mut pending, 10), later, "{role:?} {who} later");
    }
}

#[test]
fn alone_the_owner_of_the_address_is_the_other_end() {
    let (client, server) = (Role::Active, Role::Passive);
    alone(client, "1 7 10.0.0.1:1000 10.0.1.1:8080", "a>r web 10.0.1.1", "");
    alone(client, "1 7 10.0.0.1:1000 10.0.1.1:81", "a>r Pod 10.0.1.1", "");
    alone(client, "1 7 10.0.0.1:1000 8.8.8.8:53", "a>? Outside 8.8.8.8", "");
    alone(client, "1 7 10.0.0.1:1000 192.168.0.1:6443", "wait Join", "a>? Unknown 192.168.0.1");
    alone(client, "1 7 10.0.0.1:1000 10.0.1.2:8080", "wait Join", "a>? Unknown 10.0.1.2");
    alone(client, "1 7 10.0.0.1:1000 10.96.0.1:80", "wait Backend", "wait Backend");
    alone(client, "1 7 10.0.0.1:1000 10.0.0.77:80", "wait Address(10.0.0.77)", "wait Address(10.0.0.77)");
    alone(server, "2 8 10.0.0.2:8080 10.0.1.1:5000", "r>b web 10.0.0.2", "");
    alone(server, "2 8 10.0.0.2:9090 10.0.1.1:5000", "r>b Pod 10.0.0.2", "");
    alone(server, "2 8 10.0.0.2:8080 10.0.0.254:5000", "wait Join", "?>b web 10.0.0.2");
    alone(server, "2 8 10.0.0.2:8080 192.168.0.1:5000", "wait Join", "?>b web 10.0.0.2");
    alone(server, "2 8 10.0.0.2:8080 10.96.0.1:5000", "wait Join", "?>b web 10.0.0.2");
    alone(server, "4 1 192.168.0.1:9000 10.0.1.1:5000", "r>h metrics 192.168.0.1", "");
}

#[test]
fn an_address_is_looked_up_by_the_clock_as_it_is_set_now() {
    let mut world = World::new();
    // Where it runs the clock is right; here it was an hour slow when the probe began.
    let young =
        Owner { kind: OwnerKind::Pod(pod("r", "10.0.1.1", false, &[])), from: 3_650 * S, until: None, observed: false };
    world.resolver.identities.answer(&Address { address: "10.0.1.1".parse().unwrap(), owners: vec![young] });
    let seen = |world: &mut World| {
        let mut end = world.see(Role::Active, "1 7 10.0.0.1:1000 10.0.1.1:81", None);
        world.complete_pass();
        world.complete_pass();
        world.resolve(&mut end, 10)
    };
    assert_eq!(seen(&mut world), "a>? Unknown 10.0.1.1");
    world.resolver.set_clock(3_600 * S);
    assert_eq!(seen(&mut world), "a>r Pod 10.0.1.1");
}

#[test]
fn the_other_end_has_a_moment_to_be_seen_before_the_address_decides() {
    let mut world = World::new();
    let mut leg = world.see(Role::Active, "1 7 10.0.0.1:1000 8.8.8.8:53", Some((1, 2)));
    assert_eq!(world.resolve(&mut leg, 10), "wait Shortly");
    let mut sidecar = world.see(Role::Passive, "1 7 10.0.0.1:15001 10.0.0.1:1000", Some((1, 2)));
    assert_eq!(world.resolve(&mut sidecar, 11), "LocalLeg");
    assert_eq!(world.resolve(&mut leg, 11), "LocalLeg");
}

#[test]
fn what_stays_inside_a_pod_is_no_edge() {
    for role in [Role::Active, Role::Passive] {
        alone(role, "1 7 127.0.0.1:1000 127.0.0.1:80", "LocalLeg", "");
        alone(role, "1 7 [::1]:1000 [::1]:80", "LocalLeg", "");
        alone(role, "1 7 10.0.0.1:1000 10.0.0.1:80", "LocalLeg", "");
        alone(role, "4 1 127.0.0.1:1000 127.0.0.1:80", "wait Join", "LocalLeg");
        alone(role, "4 1 192.168.0.1:1000 192.168.0.1:80", "wait Join", "LocalLeg");
    }
}

#[test]
fn sockets_of_no_pod_of_this_node_are_not_reported() {
    alone(Role::Active, "3 1 10.0.0.254:1000 10.0.0.1:80", "Host", "");
    alone(Role::Active, "6 9 10.0.7.1:1000 10.0.0.1:80", "wait Local(6)", "wait Local(6)");
    let mut world = World::new();
    let mut pending = world.see(Role::Active, "6 9 10.0.7.1:1000 10.0.0.1:80", None);
    assert_eq!(world.resolve(&mut pending, 10), "wait Local(6)");
    assert_eq!(world.resolve(&mut pending, 12), "wait Local(6)");
    assert_eq!(world.resolve(&mut pending, 13), "foreign");
}

/// What both ends make of each other, whichever is seen first.
fn joined(client: &str, server: &str, of_client: &str, of_server: &str) {
    for server_first in [false, true] {
        let mut world = World::new();
        let sequence = Some((1, 2));
        let mut client = world.see(Role::Active, client, sequence);
        let mut server = world.see(Role::Passive, server, sequence);
        let mut settle = |pending: &mut PendingConnection| {
            let outcome = world.resolve(pending, 10);
            (!outcome.starts_with("wait")).then_some(outcome)
        };
        // Twice: the one that looks first may wait for the other to be settled, and a foreign one takes its time.
        let mut outcomes = [None, None];
        for _ in 0..2 {
            let order = if server_first { [1, 0] } else { [0, 1] };
            for end in order {
                if outcomes[end].is_none() {
                    outcomes[end] = settle(if end == 0 { &mut client } else { &mut server });
                }
            }
        }
        assert_eq!(outcomes.map(Option::unwrap), [of_client, of_server], "server first: {server_first}");
    }
}

#[test]
fn joined_ends_name_the_same_edge_through_any_translation() {
    let a = "1 7 10.0.0.1:1000";
    let edge = "a>b web 10.0.0.2";
    joined(&format!("{a} 10.0.0.2:8080"), "2 8 10.0.0.2:8080 10.0.0.1:1000", edge, edge);
    joined(&format!("{a} 10.96.0.1:80"), "2 8 10.0.0.2:8080 10.0.0.1:1000", edge, edge);
    joined(&format!("{a} 10.96.0.1:80"), "2 8 10.0.0.2:8080 10.0.0.254:2000", edge, edge);
    joined(&format!("{a} 192.168.0.1:30080"), "2 8 10.0.0.2:8080 192.168.0.1:2000", edge, edge);
    let own = "b>b web 10.0.0.2";
    joined("2 8 10.0.0.2:1000 10.96.0.1:80", "2 8 10.0.0.2:8080 10.0.0.254:2000", own, own);
    let host = "a>h metrics 192.168.0.1";
    joined(&format!("{a} 192.168.0.1:9000"), "4 1 192.168.0.1:9000 10.0.0.1:1000", host, host);
    let neighbours = "i>h metrics 127.0.0.1";
    joined("5 1 127.0.0.1:1000 127.0.0.1:9000", "4 1 127.0.0.1:9000 127.0.0.1:1000", neighbours, neighbours);
}

#[test]
fn joined_ends_of_one_pod_are_no_edge() {
    let leg = "LocalLeg";
    joined("1 7 127.0.0.1:1000 127.0.0.1:80", "1 7 127.0.0.1:80 127.0.0.1:1000", leg, leg);
    joined("1 7 10.0.0.1:1000 10.0.1.1:8080", "1 7 127.0.0.1:15001 10.0.0.1:1000", leg, leg);
    joined("4 1 127.0.0.1:1000 127.0.0.1:80", "4 1 127.0.0.1:80 127.0.0.1:1000", leg, leg);
}

#[test]
fn a_host_process_is_unknown_as_a_server_and_not_reported_as_a_client() {
    joined(
        "1 7 10.0.0.1:1000 192.168.0.1:6443",
        "3 1 192.168.0.1:6443 10.0.0.1:1000",
        "a>? Unknown 192.168.0.1",
        "Host",
    );
    joined("1 7 10.0.0.1:1000 10.96.0.1:443", "3 1 192.168.0.1:6443 10.0.0.1:1000", "a>? web 10.96.0.1", "Host");
    joined("3 1 10.0.0.254:1000 10.0.0.2:8080", "2 8 10.0.0.2:8080 10.0.0.254:1000", "Host", "Host");
}

#[test]
fn a_foreign_pod_at_the_other_end_is_known_by_its_address() {
    let mut world = World::new();
    let mut server = world.see(Role::Passive, "6 9 10.0.1.1:8080 10.0.0.1:1000", Some((1, 2)));
    let mut client = world.see(Role::Active, "1 7 10.0.0.1:1000 10.0.1.1:8080", Some((1, 2)));
    assert_eq!(world.resolve(&mut client, 10), "wait Counterpart");
    assert_eq!(world.resolve(&mut server, 10), "wait Local(6)");
    assert_eq!(world.resolve(&mut server, 13), "foreign");
    assert_eq!(world.resolve(&mut client, 13), "a>r web 10.0.1.1");
}

/// What becomes of a client of the Service after conntrack's answer: at first, and after a complete pass.
fn behind(answer: Option<&str>, at_first: &str, later: &str) {
    let mut world = World::new();
    let mut pending = world.see(Role::Active, "1 7 10.0.0.1:1000 10.96.0.1:80", Some((1, 2)));
    assert_eq!(world.resolve(&mut pending, 10), "wait Backend");
    assert_eq!(world.resolve(&mut pending, 11), "wait Backend");
    let (source, destination) = ("10.0.0.1:1000".parse().unwrap(), "10.96.0.1:80".parse().unwrap());
    let query = BackendQuery { token: pending.key, source, destination };
    assert_eq!(world.resolver.take_backend_queries(), [query], "once");
    pending.answer_backend(answer.map(|answer| answer.parse().unwrap()));
    assert_eq!(world.resolve_past_the_moment(&mut pending, 11), at_first, "{answer:?}");
    world.complete_pass();
    if at_first.starts_with("wait") {
        assert_eq!(world.resolve(&mut pending, 11), later, "{answer:?} later");
    }
}

#[test]
fn behind_a_service_is_the_pod_that_conntrack_names() {
    behind(Some("10.0.1.1:8080"), "a>r web 10.0.1.1", "");
    behind(Some("10.0.1.1:81"), "a>r Pod 10.0.1.1", "");
    behind(Some("10.0.0.77:8080"), "wait Address(10.0.0.77)", "wait Address(10.0.0.77)");
    for no_backend in [None, Some("8.8.8.8:53"), Some("10.0.1.2:8080"), Some("192.168.0.1:6443"), Some("10.96.0.1:80")]
    {
        behind(no_backend, "wait Join", "a>? web 10.96.0.1");
    }
}

#[test]
fn every_wait_for_an_answer_ends_once_and_for_all() {
    let mut world = World::new();
    let mut pending = world.see(Role::Active, "1 7 10.0.0.1:1000 10.0.0.77:80", Some((1, 2)));
    assert_eq!(world.resolve(&mut pending, 10), "wait Address(10.0.0.77)");
    assert_eq!(world.resolve(&mut pending, 12), "wait Address(10.0.0.77)");
    assert_eq!(world.resolve(&mut pending, 13), "wait Join");
    world.complete_pass();
    assert_eq!(world.resolve(&mut pending, 13), "a>? Unknown 10.0.0.77");

    let mut pending = world.see(Role::Active, "1 7 10.0.0.1:1000 10.96.0.1:80", None);
    assert_eq!(world.resolve(&mut pending, 20), "wait Backend");
    assert_eq!(world.resolve(&mut pending, 23), "a>? web 10.96.0.1", "conntrack did not say");
    let mut pending = world.see(Role::Active, "1 7 10.0.0.1:1000 10.96.0.1:80", None);
    assert_eq!(world.resolve(&mut pending, 30), "wait Backend");
    pending.answer_backend(Some("10.0.0.78:8080".parse().unwrap()));
    assert_eq!(world.resolve(&mut pending, 32), "wait Address(10.0.0.78)");
    assert_eq!(world.resolve(&mut pending, 34), "wait Address(10.0.0.78)");
    assert_eq!(world.resolve(&mut pending, 35), "a>? web 10.96.0.1", "nor did the operator");
    let counts = (world.resolver.counts.unanswered, world.resolver.counts.backend_unknown);
    assert_eq!(counts, (2, 1));
}

#[test]
fn a_connect_that_failed_waits_for_no_other_end() {
    let mut world = World::new();
    for (who, expected) in [
        ("1 7 10.0.0.1:1000 10.0.1.1:8080", "a>r web 10.0.1.1"),
        ("1 7 10.0.0.1:1000 192.168.0.1:80", "a>? Unknown 192.168.0.1"),
        ("1 7 10.0.0.1:1000 8.8.8.8:53", "a>? Outside 8.8.8.8"),
        ("4 1 127.0.0.1:1000 127.0.0.1:80", "LocalLeg"),
    ] {
        let mut pending = world.see(Role::Active, who, None);
        assert_eq!(world.resolve(&mut pending, 10), expected, "{who}");
    }
}

#[test]
fn an_answer_is_kept_for_the_next_connection() {
    let mut world = World::new();
    let unknown: IpAddr = "10.0.0.77".parse().unwrap();
    let who = "1 7 10.0.0.1:1000 10.0.0.77:80";
    let mut pending = world.see(Role::Active, who, None);
    assert_eq!(world.resolve(&mut pending, 10), "wait Address(10.0.0.77)");
    let remote = OwnerKind::Pod(pod("r", "10.0.0.77", false, &[]));
    world.resolver.apply(&Update { addresses: vec![owned("10.0.0.77", vec![remote])], ..Update::default() }, 11);
    assert_eq!(world.resolve(&mut pending, 11), "a>r Pod 10.0.0.77");
    let mut pending = world.see(Role::Active, who, None);
    assert_eq!(world.resolve(&mut pending, 12), "a>r Pod 10.0.0.77");
    assert_eq!(world.resolver.take_address_queries().0.iter().filter(|queried| **queried == unknown).count(), 1);
}
