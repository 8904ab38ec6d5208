//! Rates, times, and when an edge comes and goes.

use super::super::sums::{Kernels, Quantiles};
use super::{BEGUN, Destination, MS, Source, World, bytes, closed, counts, described, opened};
use crate::live::demand::Scope;
use crate::live::streams::StreamNews;
use longwire_model::connection::Traffic;
use longwire_model::live::{Described, LiveBatch, Moved, Whose};

#[test]
fn a_rate_is_of_the_last_five_seconds() {
    let mut world = World::new();
    let connection = opened(&world, 1, Source);
    world.describe(1, 1, connection, bytes(0, 0));
    for second in 1..=10 {
        world.moved(1, 1, bytes(second * 100, second * 10));
        world.pass(1_000);
    }
    let rate = world.only().bytes_per_second;
    assert_eq!((rate.from_source, rate.from_destination), (100, 10));
    world.pass(2_000);
    assert_eq!(world.only().bytes_per_second.from_source, 60);
    world.pass(5_000);
    assert_eq!(world.only().bytes_per_second.from_source, 0);
}

#[test]
fn round_trip_times_are_of_the_source_and_retransmits_of_both_ends() {
    let mut world = World::new();
    let moved = |rtt_us: Option<u32>, (received, sent): (u64, u64), again: u64| Moved {
        at: 1,
        traffic: Traffic { received, sent, retransmitted_bytes: again, retransmits: again / 10, lost: 1 },
        rtt_us,
        min_rtt_us: None,
    };
    for id in 1..=20_u8 {
        let connection = opened(&world, id, Source);
        world.describe(1, id.into(), connection, moved(Some(u32::from(id) * 10), (1_000, 50), 20));
    }
    let sums = world.only();
    assert_eq!(sums.rtt, Some(Quantiles { p50: 100, p95: 190, p99: 200 }));
    let kernels = Kernels { sent: 20_000, retransmitted_bytes: 400, retransmits: 40, lost: 20 };
    assert_eq!(sums.kernels, kernels);
    // The other end has sent 50 bytes; its round-trip time is not asked for.
    let other = opened(&world, 1, Destination);
    world.describe(2, 1, other, moved(Some(9_999), (1_000, 50), 10));
    let sums = world.only();
    assert_eq!((sums.rtt.map(|rtt| rtt.p99), sums.kernels.sent), (Some(200), 20_050));
    assert_eq!((sums.kernels.retransmitted_bytes, sums.kernels.lost), (410, 21));
    // A connection's last time replaces the one before.
    for id in 1..=20_u32 {
        world.moved(1, id, moved(Some(7), (1_000, 50), 20));
    }
    assert_eq!(world.only().rtt, Some(Quantiles { p50: 7, p95: 7, p99: 7 }));
}

#[test]
fn an_edge_is_in_the_namespaces_of_both_ends_and_changes_once_a_second() {
    let mut world = World::new();
    let connection = Described { start: BEGUN, ..described(1, ("web", "vault"), Source) };
    world.describe(1, 1, connection, bytes(0, 0));
    world.pass(1_000);
    let before = world.hub.edges().views().revision();
    for count in 1..10 {
        world.moved(1, 1, bytes(count, 0));
    }
    assert_eq!(world.hub.edges().views().revision(), before);
    world.pass(1_000);
    let views = world.hub.edges().views();
    assert_eq!(views.revision(), before + 1);
    let seen = |scope: &Scope| views.list(scope, views.revision(), None, 9).into_iter().map(|(place, _)| place.0);
    let of = |namespace: &str| seen(&Scope::Namespace(namespace.to_owned())).collect::<Vec<_>>();
    assert_eq!((of("shop"), of("bank"), of("kube-system")), (vec!["shop".into()], vec!["bank".into()], vec![]));
    assert_eq!(seen(&Scope::All).collect::<Vec<_>>(), ["shop".into()]);
}

#[test]
fn a_connection_of_whose_end_nobody_tells_has_vanished() {
    let mut world = World::new();
    let connection = opened(&world, 1, Source);
    world.describe(1, 1, connection, bytes(1, 1));
    world.batch(1, LiveBatch { gone: vec![1], ..LiveBatch::default() });
    assert_eq!(counts(&world.only()), [0, 1, 0, 0, 1]);
    let connection = opened(&world, 2, Source);
    world.describe(1, 2, connection, bytes(1, 1));
    world.say(1, StreamNews::Ended);
    world.pass(10_000);
    assert_eq!(counts(&world.only()), [1, 2, 0, 0, 1], "a probe that restarts goes on with it");
    world.pass(15_000);
    assert_eq!(counts(&world.only()), [0, 2, 0, 0, 2]);
}

#[test]
fn an_edge_goes_when_nobody_wants_it_and_begins_at_nothing_when_somebody_does() {
    let mut world = World::new();
    let connection = opened(&world, 1, Source);
    world.describe(1, 1, connection, bytes(100, 100));
    world.pass(1_000);
    assert_eq!(counts(&world.only()), [1, 1, 0, 0, 0]);
    world.want(&[]);
    assert_eq!((world.listed(), world.hub.edges().len()), (vec![], 0));
    world.moved(1, 1, bytes(150, 100));
    world.pass(1_000);
    world.want(&["bank"]);
    assert_eq!(world.listed(), []);
    world.want(&["bank", "shop"]);
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([1, 0, 0, 0, 0], 0));
    assert_eq!(sums.since, BEGUN + 2_000 * MS);
    world.moved(1, 1, bytes(151, 100));
    assert_eq!(world.only().bytes.from_source, 1);
}

#[test]
fn an_edge_goes_five_minutes_after_its_last_connection() {
    let mut world = World::new();
    let short = Whose::Described(Box::new(opened(&world, 1, Source)));
    world.end(1, short, bytes(1, 1), closed());
    world.pass(359_000);
    assert_eq!(counts(&world.only()), [0, 1, 1, 0, 0]);
    world.pass(2_000);
    assert_eq!((world.listed(), world.hub.edges().len()), (vec![], 0));
    // What is complete from there on is counted.
    let connection = opened(&world, 2, Source);
    world.describe(1, 2, connection, bytes(1, 1));
    let sums = world.only();
    assert_eq!(counts(&sums), [1, 1, 0, 0, 0]);
    assert!(sums.since > BEGUN && sums.since <= BEGUN + 61_000 * MS, "{}", (sums.since - BEGUN) / MS);
}
