//! Each connection counts once.

use super::{BEGUN, Destination, ENDS, MS, Source, World, bytes, closed, counts, described, failed, opened};
use longwire_model::connection::{FailReason, Reporter};
use longwire_model::live::{Described, LiveEnd, LiveName, Watched, WatchedNamespaces, Whose};

#[test]
fn nothing_is_added_up_while_nobody_wants_it() {
    let mut world = World::idle();
    let connection = opened(&world, 1, Source);
    world.describe(1, 1, connection, bytes(10, 20));
    world.pass(2_000);
    assert_eq!((world.listed(), world.hub.edges().is_on()), (vec![], false));
}

#[test]
fn a_connection_that_both_ends_report_counts_once_and_as_its_source_has_it() {
    let mut world = World::new();
    world.at = 10;
    let [source, destination] = [Source, Destination].map(|end| opened(&world, 1, end));
    world.describe(2, 7, destination, bytes(400, 4));
    assert_eq!(world.listed(), [], "the source's probe is waited for");
    world.describe(1, 1, source, bytes(100, 2));
    let sums = world.only();
    assert_eq!((counts(&sums), sums.since), ([1, 1, 0, 0, 0], BEGUN));
    assert_eq!((sums.bytes.from_source, sums.bytes.from_destination), (100, 2));
    world.moved(2, 7, bytes(1_000, 4));
    world.moved(1, 1, bytes(700, 3));
    assert_eq!(world.only().bytes.from_source, 700);
    world.end(1, Whose::Number(1), bytes(1_000, 4), closed());
    world.end(2, Whose::Number(7), bytes(1_000, 4), closed());
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([0, 1, 1, 0, 0], 1_000));
}

#[test]
fn a_destination_counts_if_the_source_says_nothing_for_three_seconds() {
    let mut world = World::new();
    let connection = opened(&world, 1, Destination);
    world.describe(2, 1, connection, bytes(5, 6));
    world.pass(2_999);
    assert_eq!(world.listed(), []);
    world.pass(1_000);
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([1, 1, 0, 0, 0], 5));
    // From now on the source's word counts, without what has been counted.
    let late = Described { start: BEGUN, ..described(1, ENDS, Source) };
    world.describe(1, 1, late, bytes(8, 6));
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([1, 1, 0, 0, 0], 8));
}

#[test]
fn a_destination_counts_at_once_if_no_probe_sees_the_source() {
    let mut world = World::new();
    // Node n3 has no stream.
    let connection = Described { start: BEGUN, ..described(1, ("dns", "cart"), Destination) };
    world.describe(2, 1, connection, bytes(5, 6));
    assert_eq!(world.only().bytes.from_destination, 6);
}

#[test]
fn two_ends_without_a_common_id_count_once() {
    let local = |id: u64, reporter: Reporter| Described {
        name: LiveName::Local(id),
        answered: Some("10.0.0.2:80".parse().unwrap()),
        start: BEGUN,
        ..described(1, ENDS, reporter)
    };
    let mut world = World::new();
    world.describe(2, 1, local(8, Destination), bytes(5, 6));
    world.describe(1, 1, local(9, Source), bytes(7, 6));
    world.pass(10_000);
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([1, 1, 0, 0, 0], 7));
    // The next one with these addresses is another connection.
    world.end(1, Whose::Number(1), bytes(7, 6), closed());
    world.end(2, Whose::Number(1), bytes(7, 6), closed());
    world.pass(70_000);
    world.describe(2, 2, Described { start: BEGUN + 80_000 * MS, ..local(10, Destination) }, bytes(1, 1));
    world.pass(4_000);
    assert_eq!(counts(&world.only()), [1, 2, 1, 0, 0]);
}

#[test]
fn what_was_open_before_counts_from_now_on() {
    let mut world = World::idle();
    let connection = opened(&world, 1, Source);
    world.describe(1, 1, connection, bytes(100, 200));
    world.at = 5_000;
    world.want(&["shop"]);
    let sums = world.only();
    assert_eq!((counts(&sums), sums.since), ([1, 0, 0, 0, 0], BEGUN + 5_000 * MS));
    assert_eq!(sums.bytes.from_source, 0);
    // The other end began to count at another time.
    world.describe(2, 1, described(1, ENDS, Destination), bytes(9_000, 9_000));
    world.moved(1, 1, bytes(130, 200));
    assert_eq!(world.only().bytes.from_source, 30);
    world.end(1, Whose::Number(1), bytes(150, 200), closed());
    world.end(2, Whose::Number(1), bytes(9_000, 9_000), closed());
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([0, 0, 1, 0, 0], 50));
    // One that a probe has just found was open before, too.
    let adopted = Described { adopted: true, ..opened(&world, 2, Source) };
    world.describe(1, 2, adopted, bytes(77, 0));
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([1, 0, 1, 0, 0], 50));
}

#[test]
fn short_ones_and_failures_count_when_they_are_told() {
    let mut world = World::new();
    world.at = 50;
    let short = |id| Whose::Described(Box::new(opened(&world, id, Source)));
    let (one, two, three) = (short(1), short(2), short(3));
    world.end(1, one, bytes(3, 4), closed());
    world.end(1, two, bytes(0, 0), failed(FailReason::Refused));
    world.end(1, three, bytes(0, 0), failed(FailReason::Timeout));
    let sums = world.only();
    assert_eq!((counts(&sums), sums.bytes.from_source), ([0, 1, 1, 2, 0], 3));
    assert_eq!(sums.failed, [("refused", 1), ("timeout", 1)].into());
}

#[test]
fn one_end_that_is_not_known_is_waited_for() {
    let mut world = World::new();
    let outside = |world: &World, id| Described { destination: LiveEnd::default(), ..opened(world, id, Source) };
    let refused = Whose::Described(Box::new(outside(&world, 1)));
    world.end(1, refused, bytes(0, 0), failed(FailReason::Refused));
    let connection = outside(&world, 2);
    world.describe(1, 2, connection, bytes(1, 1));
    assert_eq!(world.listed(), []);
    world.pass(3_000);
    let (name, sums) = world.listed().remove(0);
    assert_eq!((name.as_str(), counts(&sums)), ("web.unknown", [1, 1, 0, 1, 0]));
}

#[test]
fn what_ended_before_and_what_a_history_repeats_does_not_count() {
    let mut world = World::new();
    world.at = 1_000;
    let old = Whose::Described(Box::new(Described { start: 1, ..described(1, ENDS, Source) }));
    let at = |at| longwire_model::live::Ended { at: Some(at), how: closed(), handshake: None };
    let batch = |whose: Whose, end| longwire_model::live::LiveBatch {
        ended: vec![(whose, bytes(3, 3), at(end))],
        ..longwire_model::live::LiveBatch::default()
    };
    world.batch(1, batch(old, BEGUN - 1));
    assert_eq!(world.listed(), []);
    let told = Whose::Described(Box::new(opened(&world, 2, Source)));
    world.batch(1, batch(told.clone(), BEGUN + 1_000 * MS));
    assert_eq!(counts(&world.only()), [0, 1, 1, 0, 0]);
    // Its row has gone when a history says it again.
    world.pass(70_000);
    let asked = Watched { generation: 9, history: true, ..Watched::default() };
    let shop = WatchedNamespaces::Only(["shop".to_owned()].into());
    world.hub.add_up(&shop, &asked, world.now());
    world.batch(1, batch(told, BEGUN + 1_000 * MS));
    assert_eq!(counts(&world.only()), [0, 1, 1, 0, 0]);
}
