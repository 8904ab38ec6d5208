//! The events of a connection: their order, their sums, and one id at both ends.

use super::Collected;
use super::nodes::{BOOT, Node, S, Socket, WEB, address};
use crate::event::{Closer, ConnectionId, EventKind, Traffic};
use crate::record::{Counters, FailReason, Folded, FoldedKey, flag, kind};
use proptest::prelude::*;
use std::net::SocketAddr;

const NODE: &str = "10.0.0.254";

/// Client and server of one connection to this pod. `original_destination`: what the client's socket has for a remote end. `seen`: what the server's
/// has.
pub(super) fn ends(number: u32, to: &'static str, original_destination: SocketAddr, seen: SocketAddr) -> [Socket; 2] {
    let port = 1_000 + u16::try_from(number).unwrap();
    let client = Socket {
        id: u64::from(number) << 1,
        flags: flag::ACTIVE,
        pod: "a",
        sequence: (number, number ^ 0x5555),
        local: SocketAddr::new(address("a"), port),
        remote: original_destination,
        established: 99 * S,
        counters: Counters { sent: 10, received: 3, srtt_us: 70, ..Counters::default() },
    };
    let server = Socket {
        id: client.id | 1,
        flags: flag::PASSIVE,
        pod: to,
        local: SocketAddr::new(address(to), 8080),
        remote: seen,
        ..client
    };
    [client, server]
}

/// The ids that both ends have in their events, the server on the node of this pod.
fn ids(number: u32, to: &'static str, is_dnat: bool, is_masqueraded: bool, known: bool) -> [ConnectionId; 2] {
    let server = SocketAddr::new(address(to), 8080);
    let original_destination = if is_dnat { WEB.parse().unwrap() } else { server };
    let own = SocketAddr::new(address("a"), 1_000 + u16::try_from(number).unwrap());
    let seen = if is_masqueraded { format!("{NODE}:{}", 40_000 + number).parse().unwrap() } else { own };
    let [client, served] = ends(number, to, original_destination, seen);
    let (mut one, mut two) = (Node::new(&["a", "b"]), Node::new(&["r"]));
    if is_dnat && known {
        one.translate(client.local, original_destination, server);
    }
    one.announce(&client);
    let other = if to == "b" { &mut one } else { &mut two };
    other.announce(&served);
    if to == "b" {
        one.settle(&[client, served]);
    } else {
        one.settle(&[client]);
        two.settle(&[served]);
    }
    let of_server = if to == "b" { one.events(served.id) } else { two.events(served.id) };
    [one.events(client.id)[0].id, of_server[0].id]
}

fn check_order(events: &[&Collected]) {
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    let (last, rest) = kinds.split_last().unwrap();
    assert_eq!(*last, EventKind::Closed, "{kinds:?}");
    if let Some((first, between)) = rest.split_first() {
        assert_eq!(*first, EventKind::Opened, "{kinds:?}");
        assert!(between.iter().all(|kind| *kind == EventKind::Sampled), "{kinds:?}");
    }
}

/// At each event, what was new until then is the totals.
fn check_sums(events: &[&Collected]) {
    let mut sum = Traffic::default();
    for event in events {
        sum += Traffic::from(&event.new);
        assert_eq!(event.totals, sum, "{:?}", event.kind);
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Announce,
    Move { sent: u64, received: u64, lost: u32 },
    Pass,
    Answer,
    Restart,
    Close,
    Vanish,
}

pub(super) fn step() -> impl Strategy<Value = (usize, Step)> {
    let moved = (0..3_000_u64, 0..500_u64, 0..3_u32);
    let step = prop_oneof![
        2 => Just(Step::Announce),
        4 => moved.prop_map(|(sent, received, lost)| Step::Move { sent, received, lost }),
        3 => Just(Step::Pass),
        2 => Just(Step::Answer),
        1 => Just(Step::Restart),
        1 => Just(Step::Close),
        1 => Just(Step::Vanish),
    ];
    (0..4_usize, step)
}

/// Four ends of two connections on one node, the second adopted. Each ends once.
pub(super) fn play(mut node: Node, steps: &[(usize, Step)]) -> (Node, [Socket; 4]) {
    let seen = SocketAddr::new(address("a"), 1_001);
    let masqueraded = format!("{NODE}:40002").parse().unwrap();
    let [one, two] = ends(1, "b", SocketAddr::new(address("b"), 8080), seen);
    let [three, four] = ends(2, "b", WEB.parse().unwrap(), masqueraded);
    let mut sockets = [one, two, three, four];
    for socket in &mut sockets[2..] {
        (socket.flags, socket.established) = (socket.flags | flag::ADOPTED, 0);
    }
    let (mut announced, mut over) = ([false; 4], [false; 4]);
    let ends = (0..4).flat_map(|at| [(at, Step::Announce), (at, Step::Close)]);
    for (at, step) in steps.iter().copied().chain(ends) {
        let live: Vec<_> = (0..4).filter(|at| announced[*at] && !over[*at]).map(|at| sockets[at]).collect();
        match step {
            Step::Announce if !over[at] => {
                node.announce(&sockets[at]);
                announced[at] = true;
            }
            Step::Move { sent, received, lost } if !over[at] => {
                let counters = &mut sockets[at].counters;
                *counters = Counters {
                    sent: counters.sent + sent,
                    received: counters.received + received,
                    lost: counters.lost + lost,
                    retransmits: counters.retransmits + lost,
                    ..*counters
                };
            }
            Step::Pass => node.pass(&live),
            Step::Answer => node.answer(),
            Step::Restart => node.restart(),
            // An adopted end that was never announced adds nothing when it closes.
            Step::Close if !over[at] && (announced[at] || at < 2) => {
                node.close(&sockets[at]);
                over[at] = true;
            }
            Step::Vanish if !over[at] && announced[at] => {
                over[at] = true;
                let rest: Vec<_> = live.into_iter().filter(|socket| socket.id != sockets[at].id).collect();
                node.pass(&rest);
                node.pass(&rest);
            }
            Step::Announce | Step::Move { .. } | Step::Close | Step::Vanish => {}
        }
    }
    node.settle(&[]);
    (node, sockets)
}

proptest! {
    #[test]
    fn the_news_of_a_connections_events_add_up_to_its_totals_in_order(steps in prop::collection::vec(step(), 0..60)) {
        let (node, sockets) = play(Node::new(&["a", "b"]), &steps);
        for (at, socket) in sockets.iter().enumerate() {
            let events = node.events(socket.id);
            check_order(&events);
            check_sums(&events);
            let sum = |of: fn(&Collected) -> u64| events.iter().map(|event| of(event)).sum::<u64>();
            prop_assert_eq!(sum(|event| event.new.opened), u64::from(at < 2));
            prop_assert_eq!(sum(|event| event.new.closed), 1);
        }
    }

    #[test]
    fn both_ends_have_one_id_on_one_node_and_on_two_through_any_translation(
        number in 1..20_000_u32,
        to in prop_oneof![Just("b"), Just("r")],
        is_dnat: bool,
        is_masqueraded: bool,
    ) {
        let [client, server] = ids(number, to, is_dnat, is_masqueraded, true);
        prop_assert_eq!(client, server);
        prop_assert!(matches!(client, ConnectionId::Shared(_)), "{:?}", client);
    }
}

#[test]
fn without_a_backend_from_conntrack_the_clients_id_is_local() {
    let [client, server] = ids(1, "r", true, true, false);
    assert_eq!(client, ConnectionId::Local(2));
    assert!(matches!(server, ConnectionId::Shared(_)), "{server:?}");
}

#[test]
fn sockets_on_one_node_need_no_conntrack() {
    let [client, server] = ids(1, "b", true, true, false);
    assert_eq!(client, server);
}

/// Another party may translate it on the way.
#[test]
fn the_id_of_a_connection_that_leaves_the_cluster_is_local() {
    let mut node = Node::new(&["a"]);
    let [client, _] = ends(1, "r", "192.0.2.1:443".parse().unwrap(), "192.0.2.2:443".parse().unwrap());
    node.announce(&client);
    node.settle(&[client]);
    let event = node.events(client.id)[0];
    assert_eq!((event.id, event.addresses.2), (ConnectionId::Local(client.id), None));
}

#[test]
fn an_event_has_what_is_known_of_the_connection() {
    let mut node = Node::new(&["a"]);
    let (web, server): (SocketAddr, _) = (WEB.parse().unwrap(), SocketAddr::new(address("r"), 8080));
    let [mut client, _] = ends(1, "r", web, server);
    node.translate(client.local, web, server);
    node.announce(&client);
    node.settle(&[client]);
    client.counters.sent += 5;
    client.counters.srtt_us = 90;
    node.pass(&[client]);
    client.flags |= flag::BY_REMOTE;
    let closed = node.now;
    node.close(&client);
    let [opened, sampled, over] = node.events(client.id)[..] else { panic!("three events") };
    let addresses = (client.local, web, Some(server));
    for event in [opened, sampled, over] {
        assert_eq!((event.addresses, event.start, event.connections), (addresses, BOOT + 99 * S, 1));
    }
    assert_eq!((opened.handshake, opened.rtt_us, opened.end, opened.closer), (Some(1_000), Some(70), None, None));
    assert_eq!((sampled.handshake, sampled.rtt_us, sampled.new.sent), (None, Some(90), 5));
    assert_eq!((over.handshake, over.rtt_us, over.end), (Some(1_000), Some(90), Some(BOOT + closed)));
    assert_eq!((over.closer, over.totals.sent), (Some(Closer::Remote), 15));
    // Histograms count each once.
    assert_eq!((over.new.handshake, over.new.rtt_us), (None, None));
}

#[test]
fn a_connection_that_was_never_live_is_one_event() {
    let mut node = Node::new(&["a"]);
    let server = SocketAddr::new(address("r"), 8080);
    let [client, _] = ends(1, "r", server, server);
    node.close(&client);
    let closed = node.now;
    node.settle(&[]);
    let [event] = node.events(client.id)[..] else { panic!("one event") };
    assert_eq!((event.kind, event.totals.sent, event.new.opened), (EventKind::Closed, 10, 1));
    assert_eq!((event.end, event.closer), (Some(BOOT + closed), Some(Closer::Local)));
}

#[test]
fn a_failed_connect_is_one_event_with_its_reason() {
    let mut node = Node::new(&["a"]);
    let server = SocketAddr::new(address("r"), 8080);
    let [client, _] = ends(1, "r", server, server);
    let client = Socket { sequence: (0, 0), established: 0, counters: Counters::default(), ..client };
    node.fail(&client);
    let failed = node.now;
    node.settle(&[]);
    let [event] = node.events(client.id)[..] else { panic!("one event") };
    assert_eq!((event.kind, event.end), (EventKind::Failed(FailReason::Aborted), Some(BOOT + failed)));
    assert_eq!((event.id, event.closer), (ConnectionId::Local(client.id), None));
}

#[test]
fn connections_that_the_kernel_side_summed_up_are_one_event_without_an_id() {
    let mut node = Node::new(&["a"]);
    let octets = |pod: &str| match address(pod) {
        std::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(address) => address.octets(),
    };
    let key = FoldedKey {
        cgroup: 1,
        epoch: 1,
        netns: 7,
        kind: kind::CLOSE,
        flags: flag::ACTIVE,
        error: 0,
        port: 8080,
        pad: 0,
        local: octets("a"),
        remote: octets("r"),
    };
    let sums = Folded {
        first: 99 * S,
        last: 100 * S,
        connections: 7,
        closed_by_remote: 7,
        sent: 70,
        received: 7,
        retransmitted_bytes: 0,
        retransmits: 0,
        lost: 0,
    };
    node.pipeline.ingest_folded(&key, &sums, node.now);
    node.settle(&[]);
    let [event] = node.events(0)[..] else { panic!("one event") };
    assert_eq!((event.id, event.connections, event.totals.sent), (ConnectionId::Several, 7, 70));
    assert_eq!((event.end, event.closer), (None, None));
}

#[test]
fn a_connection_that_outlives_its_probe_keeps_its_id_and_its_servers_address() {
    let mut node = Node::new(&["a"]);
    let server = SocketAddr::new(address("r"), 8080);
    let [client, _] = ends(1, "r", server, server);
    node.announce(&client);
    node.settle(&[client]);
    node.restart();
    node.close(&client);
    let [opened, closed] = node.events(client.id)[..] else { panic!("two events") };
    assert!(matches!(opened.id, ConnectionId::Shared(_)), "{:?}", opened.id);
    assert_eq!((closed.id, closed.addresses), (opened.id, opened.addresses));
    assert_eq!(opened.addresses.2, Some(server));
}

#[test]
fn after_a_restart_too_an_unknown_id_is_local() {
    let mut node = Node::new(&["a"]);
    let outside = SocketAddr::new([8, 8, 8, 8].into(), 53);
    let [client, _] = ends(1, "r", outside, outside);
    node.announce(&client);
    node.settle(&[client]);
    node.restart();
    node.close(&client);
    let ids: Vec<_> = node.events(client.id).iter().map(|event| (event.id, event.addresses.2)).collect();
    assert_eq!(ids, [(ConnectionId::Local(client.id), None); 2]);
}
