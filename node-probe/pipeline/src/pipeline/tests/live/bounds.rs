//! What is left out when there is no room, and that it is counted.

use super::super::nodes::{Node, S, Socket};
use super::{Mirror, all, client, living, pass};
use longwire_model::live::Whose;

/// More connections than the outbox has room for, by one pod of the node.
fn many(count: u32) -> Vec<Socket> {
    (1..=count).map(|number| client(number, "r")).collect()
}

fn take_all(node: &mut Node, mirror: &mut Mirror) {
    while let Some(batch) = node.pipeline.take_live(usize::MAX, node.now) {
        assert!(batch.described.len() + batch.ended.len() <= 256 && batch.moved.len() <= 1_024);
        mirror.apply(batch);
    }
}

#[test]
fn what_the_outbox_has_no_room_for_is_counted_and_comes_with_the_next_pass() {
    let (mut node, mut sockets, mut mirror) = (Node::with_room(20_000), many(17_000), Mirror::default());
    living(&mut node, &sockets);
    node.pipeline.watch(&all(1));
    pass(&mut node, &sockets);
    take_all(&mut node, &mut mirror);
    assert_eq!((mirror.missed, mirror.complete), (17_000 - 16_384, false));
    // They are idle now, and come nevertheless.
    pass(&mut node, &sockets);
    take_all(&mut node, &mut mirror);
    assert_eq!((mirror.missed, mirror.complete), (17_000 - 16_384, true));
    mirror.check(&node, &all(1));
    // The second pass finds an outbox that nobody has read, and its connections there already.
    for _ in 0..2 {
        sockets.iter_mut().for_each(|socket| socket.counters.sent += 1);
        pass(&mut node, &sockets);
    }
    take_all(&mut node, &mut mirror);
    assert_eq!(mirror.missed, 3 * (17_000 - 16_384));
    pass(&mut node, &sockets);
    take_all(&mut node, &mut mirror);
    mirror.check(&node, &all(1));
    let counts = node.pipeline.live().counts();
    assert_eq!((counts.missed, counts.updates), (mirror.missed, 2 * 17_000));
}

#[test]
fn ends_that_nobody_reads_in_time_are_counted_and_their_connections_gone() {
    let mut node = Node::new(&["a"]);
    let sockets: Vec<_> = (1..=20).map(|number| client(number, "r")).collect();
    let (described, short) = sockets.split_at(10);
    let mut mirror = Mirror::default();
    living(&mut node, described);
    node.pipeline.watch(&all(1));
    pass(&mut node, described);
    take_all(&mut node, &mut mirror);
    described.iter().chain(short).for_each(|socket| node.close(socket));
    node.settle(&[]);
    assert_eq!(node.pipeline.live().kept(), 8);
    take_all(&mut node, &mut mirror);
    assert_eq!((mirror.missed, mirror.gone, mirror.ended.len()), (12, 10, 8));
    mirror.check(&node, &all(1));
    // Read ones that give way are not missed.
    short.iter().for_each(|socket| node.close(&Socket { id: socket.id + 100, ..*socket }));
    node.settle(&[]);
    assert_eq!(node.pipeline.live().counts().missed, 12 + 2);
}

#[test]
fn as_many_ends_are_taken_as_may_be() {
    let mut node = Node::new(&["a"]);
    node.pipeline.watch(&all(1));
    (1..=5).for_each(|number| node.close(&client(number, "r")));
    node.settle(&[]);
    let mut taken = Vec::new();
    for most in [2, 0, 9] {
        let batch = node.pipeline.take_live(most, node.now).unwrap_or_default();
        taken.push(batch.ended.len());
        assert!(batch.ended.iter().all(|(whose, ..)| matches!(whose, Whose::Described(_))));
    }
    assert_eq!(taken, [2, 0, 3]);
}

#[test]
fn a_history_of_nothing_turns_live_views_off() {
    let (mut node, client) = (Node::without_history(), client(1, "r"));
    node.pipeline.watch(&all(1));
    living(&mut node, &[client]);
    node.close(&client);
    node.now += S;
    assert_eq!(node.pipeline.take_live(9, node.now), None);
    assert_eq!((node.pipeline.live().is_on(), node.pipeline.live().kept()), (false, 0));
}
