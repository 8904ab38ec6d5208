//! Live views: what was taken is what the table has, and nothing else.

mod bounds;
mod mirror;
mod property;

use super::events::ends;
use super::nodes::{BOOT, Node, S, Socket, WEB, address};
use crate::record::{Counters, FailReason, flag};
use longwire_model::connection::{CloseReason, Reporter, Traffic};
use longwire_model::live::{Ending, LiveName, Watched, WatchedNamespaces, Whose};
use mirror::Mirror;
use std::net::SocketAddr;

fn all(generation: u64) -> Watched {
    Watched { generation, namespaces: WatchedNamespaces::All, history: false }
}

fn only(generation: u64, namespaces: &[&str]) -> Watched {
    let namespaces = namespaces.iter().map(|name| (*name).to_owned()).collect();
    Watched { generation, namespaces: WatchedNamespaces::Only(namespaces), history: false }
}

/// The client of a connection from `a` to this pod.
fn client(number: u32, to: &'static str) -> Socket {
    let server = SocketAddr::new(address(to), 8080);
    let [client, _] = ends(number, to, server, SocketAddr::new(address("a"), 1));
    client
}

/// It lives, and its ends are known.
fn living(node: &mut Node, sockets: &[Socket]) {
    sockets.iter().for_each(|socket| node.announce(socket));
    node.settle(sockets);
}

fn pass(node: &mut Node, sockets: &[Socket]) {
    node.now += S;
    node.pass(sockets);
}

#[test]
fn nothing_is_taken_and_nothing_is_kept_of_the_living_while_nobody_watches() {
    let (mut node, client) = (Node::new(&["a"]), client(1, "r"));
    living(&mut node, &[client]);
    assert_eq!(node.pipeline.take_live(9, node.now), None);
    node.pipeline.watch(&only(1, &[]));
    pass(&mut node, &[client]);
    assert_eq!(node.pipeline.take_live(9, node.now), None);
    assert!(!node.pipeline.live().is_on());
}

#[test]
fn a_connection_is_described_by_the_first_pass_of_a_watch_and_then_only_moves() {
    let mut node = Node::new(&["a"]);
    let (web, server): (SocketAddr, _) = (WEB.parse().unwrap(), SocketAddr::new(address("r"), 8080));
    let [mut client, _] = ends(1, "r", web, server);
    node.translate(client.local, web, server);
    living(&mut node, &[client]);
    node.pipeline.watch(&all(7));
    assert_eq!(node.pipeline.take_live(9, node.now), None, "no pass has begun");
    pass(&mut node, &[client]);
    let first = node.pipeline.take_live(9, node.now).unwrap();
    assert_eq!((first.generation, first.complete, first.missed), (7, true, 0));
    let [(1, described)] = &first.described[..] else { panic!("{first:?}") };
    assert_eq!((described.reporter, described.adopted), (Reporter::Source, false));
    assert!(matches!(described.name, LiveName::Shared(_)), "{:?}", described.name);
    let workload = |end: &longwire_model::live::LiveEnd| end.workload.as_ref().unwrap().name.clone();
    let pod = |end: &longwire_model::live::LiveEnd| end.pod.as_ref().unwrap().uid.clone();
    assert_eq!([workload(&described.source), workload(&described.destination)], ["a", "r"]);
    assert_eq!([pod(&described.source), pod(&described.destination)], ["uid-a", "uid-r"]);
    let services = [&described.service, &described.requested_service];
    assert!(services.iter().all(|service| service.as_ref().unwrap().name == "web"));
    let addresses = (described.source_address, described.requested_address, described.answered);
    assert_eq!(addresses, (client.local, web, Some(server)));
    assert_eq!((described.start, described.handshake), (BOOT + 99 * S, None));
    let traffic = Traffic { sent: 3, received: 10, ..Traffic::default() };
    let [(1, moved)] = &first.moved[..] else { panic!("{first:?}") };
    assert_eq!((moved.traffic, moved.rtt_us, moved.at), (traffic, Some(70), BOOT + node.now));
    pass(&mut node, &[client]);
    assert_eq!(node.pipeline.take_live(9, node.now), None, "it has not moved");
    client.counters = Counters { sent: 25, retransmits: 2, lost: 1, min_rtt_us: 40, ..client.counters };
    pass(&mut node, &[client]);
    let next = node.pipeline.take_live(9, node.now).unwrap();
    assert!(next.described.is_empty() && next.complete);
    let traffic = Traffic { received: 25, retransmits: 2, lost: 1, ..traffic };
    let [(1, moved)] = &next.moved[..] else { panic!("{next:?}") };
    assert_eq!((moved.traffic, moved.min_rtt_us), (traffic, Some(40)));
}

#[test]
fn only_connections_with_an_end_in_a_watched_namespace_are_taken() {
    let check = |namespaces: &[&str], to: &'static str, expected: usize| {
        let (mut node, client) = (Node::new(&["a", "b"]), client(1, to));
        living(&mut node, &[client]);
        node.pipeline.watch(&only(1, namespaces));
        pass(&mut node, &[client]);
        node.close(&client);
        let batch = node.pipeline.take_live(9, node.now).unwrap();
        assert_eq!((batch.ended.len(), batch.complete), (expected, true), "{namespaces:?} {to}");
    };
    check(&["far"], "r", 1);
    check(&["default"], "r", 1);
    check(&["other", "far"], "r", 1);
    check(&["far"], "b", 0);
    check(&["other"], "r", 0);
}

#[test]
fn an_end_follows_under_the_number_of_its_connection_or_with_its_description() {
    let (mut node, one, two) = (Node::new(&["a"]), client(1, "r"), client(2, "r"));
    living(&mut node, &[one]);
    node.pipeline.watch(&all(1));
    pass(&mut node, &[one]);
    node.pipeline.take_live(9, node.now).unwrap();
    let closing = Socket {
        flags: one.flags | flag::BY_REMOTE | flag::CUT,
        counters: Counters { sent: 99, srtt_us: 0, ..one.counters },
        ..one
    };
    node.close(&closing);
    let closed = BOOT + node.now;
    // Too short to be announced.
    node.close(&two);
    node.settle(&[]);
    let batch = node.pipeline.take_live(9, node.now).unwrap();
    let [(Whose::Number(1), moved, ended), (Whose::Described(described), _, short)] = &batch.ended[..] else {
        panic!("{batch:?}")
    };
    let how = Ending::Closed { by: Some(Reporter::Destination), reason: Some(CloseReason::Reset) };
    assert_eq!((ended.at, ended.how, ended.handshake), (Some(closed), how, Some(1_000)));
    assert_eq!((moved.traffic.received, moved.rtt_us, moved.at), (99, Some(70), closed));
    assert_eq!((described.handshake, described.start, short.handshake), (Some(1_000), BOOT + 99 * S, Some(1_000)));
    assert_eq!(short.how, Ending::Closed { by: Some(Reporter::Source), reason: Some(CloseReason::Fin) });
    assert_eq!((batch.described.len(), batch.moved.len()), (0, 0));
}

#[test]
fn a_failed_connect_is_an_end_with_its_reason() {
    let mut node = Node::new(&["a"]);
    node.pipeline.watch(&all(1));
    let failed = Socket { sequence: (0, 0), established: 0, counters: Counters::default(), ..client(1, "r") };
    node.fail(&failed);
    let at = BOOT + node.now;
    node.settle(&[]);
    let batch = node.pipeline.take_live(9, node.now).unwrap();
    let [(Whose::Described(described), _, ended)] = &batch.ended[..] else { panic!("{batch:?}") };
    assert_eq!((ended.how, ended.at), (Ending::Failed(FailReason::Aborted), Some(at)));
    assert_eq!((described.name, described.adopted), (LiveName::Local(failed.id), false));
}

#[test]
fn an_adopted_connection_says_so_and_counts_from_its_adoption() {
    let (mut node, mut client) = (Node::new(&["a"]), client(1, "r"));
    (client.flags, client.established) = (client.flags | flag::ADOPTED, 0);
    node.pipeline.watch(&all(1));
    living(&mut node, &[client]);
    client.counters.sent += 5;
    pass(&mut node, &[client]);
    let batch = node.pipeline.take_live(9, node.now).unwrap();
    assert!(batch.described[0].1.adopted);
    assert_eq!(batch.moved[0].1.traffic, Traffic { received: 5, ..Traffic::default() });
    node.close(&client);
    let batch = node.pipeline.take_live(9, node.now).unwrap();
    assert_eq!(batch.ended[0].2.handshake, None);
}

#[test]
fn what_ended_before_is_history_and_comes_with_a_watch_that_asks_for_it() {
    let (mut node, one, two) = (Node::new(&["a"]), client(1, "r"), client(2, "r"));
    living(&mut node, &[one]);
    node.close(&one);
    node.pipeline.watch(&all(1));
    pass(&mut node, &[]);
    assert_eq!(node.pipeline.take_live(9, node.now).unwrap().ended.len(), 0);
    node.pipeline.watch(&Watched { history: true, ..all(2) });
    pass(&mut node, &[]);
    assert_eq!(node.pipeline.take_live(9, node.now).unwrap().ended.len(), 1);
    // The next generation reads on from there.
    node.close(&two);
    node.settle(&[]);
    node.pipeline.watch(&all(3));
    pass(&mut node, &[]);
    assert_eq!(node.pipeline.take_live(9, node.now).unwrap().ended.len(), 1);
}

#[test]
fn a_watch_that_is_repeated_is_the_same_and_another_one_says_everything_anew() {
    let (mut node, client) = (Node::new(&["a"]), client(1, "r"));
    living(&mut node, &[client]);
    let mut mirror = Mirror::default();
    for (watched, changes, described) in [(all(1), 1, 1), (all(1), 1, 0), (only(2, &["far"]), 2, 1), (all(3), 3, 1)] {
        node.pipeline.watch(&watched);
        pass(&mut node, &[client]);
        let batch = node.pipeline.take_live(9, node.now).unwrap_or_default();
        assert_eq!((node.pipeline.live().changes(), batch.described.len()), (changes, described));
        if described == 1 {
            mirror.apply(batch);
            mirror.check(&node, &watched);
        }
    }
}

#[test]
fn a_connection_that_the_kernel_side_lost_is_gone() {
    let (mut node, client) = (Node::new(&["a"]), client(1, "r"));
    living(&mut node, &[client]);
    node.pipeline.watch(&all(1));
    pass(&mut node, &[client]);
    node.pipeline.take_live(9, node.now).unwrap();
    assert_eq!(node.pipeline.abandon(node.now), 1);
    let batch = node.pipeline.take_live(9, node.now).unwrap();
    assert_eq!((batch.gone, batch.ended.len()), (vec![1], 0));
}

/// Of a connection's whole life, a pass each tenth of a second.
#[test]
fn a_connection_is_said_once_a_second_at_most() {
    let (mut node, mut client) = (Node::new(&["a"]), client(1, "r"));
    living(&mut node, &[client]);
    node.pipeline.watch(&all(1));
    let mut updates = 0;
    for _ in 0..100 {
        client.counters.sent += 1;
        node.now += S / 10;
        node.pass(&[client]);
        updates += node.pipeline.take_live(9, node.now).map_or(0, |batch| batch.moved.len());
    }
    assert!((10..=12).contains(&updates), "{updates}");
}
