//! No more than there is room for.

use super::super::{Edges, MAX_EDGES, MAX_OF_NODE, Seen, Share};
use super::{BEGUN, ENDS, Source, World, bytes, described};
use crate::live::fake::facts;
use crate::live::merge::{Kernel, Merged};
use crate::live::row::Facts;
use longwire_model::identity::Service;
use longwire_model::live::{Described, LiveBatch, LiveName, Watched, WatchedNamespaces};
use std::sync::Arc;
use std::time::Instant;

/// A Service that a probe has made up.
fn by(service: u32) -> Option<Arc<Service>> {
    let (name, text) = (format!("s{service}"), "shop".to_owned());
    Some(Arc::new(Service { namespace: text.clone(), name, host: text.clone(), cluster: text }))
}

#[test]
fn a_node_brings_4096_edges_and_the_rest_is_counted() {
    let mut world = World::new();
    let most = u32::try_from(MAX_OF_NODE).unwrap();
    let described = (1..=most + 3).map(|id| {
        let name = LiveName::Local(id.into());
        (id, Described { name, service: by(id), start: BEGUN, ..described(1, ENDS, Source) })
    });
    world.batch(1, LiveBatch { described: described.collect(), ..LiveBatch::default() });
    assert_eq!((world.hub.edges().len(), world.hub.edges().left_out()), (MAX_OF_NODE, 3));
    assert_eq!([world.hub.take_left_out(), world.hub.take_left_out()], [3, 0]);
    // Edges that are there take more.
    let more = Described {
        name: LiveName::Local(u64::MAX),
        service: by(1),
        start: BEGUN,
        ..super::described(1, ENDS, Source)
    };
    world.describe(1, most + 4, more, bytes(1, 1));
    assert_eq!(world.listed().iter().map(|(_, sums)| sums.open).max(), Some(2));
    assert_eq!(world.hub.edges().left_out(), 3);
}

#[test]
fn edges_are_told_apart_by_their_service() {
    let mut world = World::new();
    for (id, service) in [(1, None), (2, by(1)), (3, by(1)), (4, by(2))] {
        let connection = Described { service, start: BEGUN, ..described(id, ENDS, Source) };
        world.describe(1, id.into(), connection, bytes(1, 1));
    }
    let mut open: Vec<_> = world.listed().into_iter().map(|(name, sums)| (name, sums.open)).collect();
    open.sort();
    assert_eq!(open, [1, 1, 2].map(|open| ("web.cart".to_owned(), open)));
}

#[test]
fn there_are_no_more_than_16384_edges_of_all_nodes() {
    let (mut edges, now) = (Edges::new(0), Instant::now());
    assert!(edges.want(&WatchedNamespaces::All, &Watched::default(), 0, (now, 1)));
    let kernel = Kernel {
        bytes: Default::default(),
        rtt_us: None,
        min_rtt_us: None,
        retransmits: 0,
        retransmitted_bytes: 0,
        lost: 0,
        is_stale: false,
    };
    let merged = Merged { kernels: [Some(kernel), None], ..Merged::default() };
    let mut shares = Vec::new();
    for id in 0..=u32::try_from(MAX_EDGES).unwrap() {
        let node = Arc::from(format!("n{}", id / u32::try_from(MAX_OF_NODE).unwrap()));
        let connection = Facts { service: by(id), ..Facts::clone(&facts(1, Some("web"), Some("cart"))) };
        let mut share = Share::None;
        let seen = Seen { facts: &connection, merged: &merged, node: &node, since: now, is_ending: false };
        edges.take(&mut share, seen, now);
        shares.push((share, connection, node));
    }
    assert_eq!((edges.len(), edges.left_out()), (MAX_EDGES, 1));
    // What goes makes room, for others and for its node.
    for (share, connection, node) in shares {
        edges.leave(
            share,
            Seen { facts: &connection, merged: &merged, node: &node, since: now, is_ending: false },
            now,
        );
    }
    edges.turn(now + super::super::IDLE);
    assert_eq!((edges.len(), edges.of_node.len(), edges.changed.len(), edges.pairs.len()), (0, 0, 0, 0));
}
