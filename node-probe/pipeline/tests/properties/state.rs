//! The bytes of a state: their layout, their size, and that anything else is refused.

use crate::scenarios::{client, moved, server, to_web};
use crate::world::{HOST, S, Socket, World, options, tagged};
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::Update;
use longwire_pipeline::pipeline::{Dropped, Flaw, InvalidState, Pipeline, READ_VERSIONS, Restored, STATE_VERSION};
use longwire_pipeline::record::flag;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// Of `Item::Connection`, its variant's number.
const CONNECTION: u8 = 15;

/// A small world with an item of every kind.
pub(crate) fn world() -> World {
    let mut world = World::new(options());
    let (everything, istio) =
        (Metrics::from(SeriesSets::NONE.with(SeriesSet::KmeshWorkload)), Metrics::of(SeriesSet::Istio));
    let everything = everything.union(Metrics::from(SeriesSets::default()));
    let telemetry = tagged(everything, istio, &[("source_cluster", None), ("team", Some("source.labels.team"))]);
    world.observe(&Arc::new(Telemetry { stats: Some(StatsMatcher::Exclusion(Vec::new())), ..telemetry }));
    let settings = NodeSettings { series: Some(5_000), ..NodeSettings::default() };
    world.pipeline.apply(&Update { settings: Some(settings), ..Update::default() }, world.now);
    let big = |sent: u64, received: u64| moved(sent << 30, received << 30);
    let id = |low: u64| 0x0012_3456_789a_0000 + low;
    world.announce(&Socket { id: id(1), ..client(big(10, 200)) });
    world.announce(&Socket { id: id(2), ..server(big(200, 10)) });
    world.wait(5 * S);
    world.pass(&[Socket { id: id(1), ..client(big(11, 201)) }, Socket { id: id(2), ..server(big(201, 11)) }]);
    world.close(&Socket { id: id(3), sequence: (3, 3), ..client(moved(1, 2)) });
    world.pass(&[]);
    world.close(&Socket { id: id(4), sequence: (3, 3), ..server(moved(2, 1)) });
    world.announce(&Socket { id: id(5), sequence: (5, 5), flags: flag::ACTIVE | flag::ADOPTED, ..to_web(moved(3, 4)) });
    world.close(&Socket { id: id(6), sequence: (6, 6), remote: "10.0.1.1", ..client(moved(5, 6)) });
    world.announce(&Socket { id: id(7), cgroup: 3, netns: HOST, sequence: (7, 7), ..client(moved(1, 1)) });
    world.answer_addresses();
    world.close(&Socket { id: id(8), sequence: (8, 8), remote: "8.8.8.8", ..client(moved(7, 8)) });
    world
}

static STATE: LazyLock<Vec<u8>> = LazyLock::new(|| world().saved(usize::MAX));

/// Where each item begins.
pub(crate) fn items(state: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (Vec::new(), 0);
    while at < state.len() {
        starts.push(at);
        at += 4 + u32::from_le_bytes(state[at..at + 4].try_into().unwrap()) as usize;
    }
    starts
}

fn restore(state: &[u8]) -> Result<Restored, InvalidState> {
    Pipeline::restore(options(), state, 200 * S)
}

#[test]
fn the_layout_is_that_of_the_version() {
    let state = world().saved(usize::MAX);
    let kinds: BTreeSet<_> = items(&state).iter().map(|at| state[at + 4]).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), (0..=21).collect::<Vec<_>>(), "an item of every kind");
    let fingerprint = state
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    assert_eq!(
        (STATE_VERSION, state.len(), fingerprint),
        (5, 2437, 2_837_904_489_279_399_431),
        "the layout has changed: bump STATE_VERSION"
    );
}

/// Of [`world`], as the release before has saved it.
const VERSION_4: &[u8] = include_bytes!("version_4.state");

#[test]
fn the_state_of_the_version_before_is_read_whole_and_shows_the_same() {
    assert_eq!(*READ_VERSIONS.start(), 4, "the fixture is of the oldest version that is read");
    let Restored { pipeline, dropped } = restore(VERSION_4).unwrap();
    assert_eq!(dropped, Dropped::default());
    let (mut before, mut same) = (World::new(options()), World::new(options()));
    before.pipeline = pipeline;
    same.pipeline = restore(&STATE).unwrap().pipeline;
    // What that version did not have begins anew.
    let of_both = |world: &mut World| -> Vec<String> {
        let text = world.text();
        let lines = text.lines().filter(|line| !line.contains("longwire_tcp_locality_bytes_total"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(of_both(&mut before), of_both(&mut same));
    assert_eq!(before.pipeline.stats(), same.pipeline.stats());
    live_on(before.pipeline);
}

#[test]
fn every_size_of_slices_gives_the_same_state() {
    let world = world();
    let whole = world.saved(usize::MAX);
    for slice in [0, 1, 100, 1000] {
        assert_eq!(world.saved(slice), whole, "{slice}");
    }
}

#[test]
fn a_successor_that_changed_nothing_saves_the_same_but_for_its_waits() {
    let mut world = world();
    world.answer();
    world.wait(S);
    world.pass(&[]);
    world.wait(4 * S);
    assert_eq!(world.pipeline.stats().pending, 0);
    world.pipeline.publish();
    let state = world.saved(1000);
    world.kill(&state, world.emitted.len());
    assert_eq!(world.saved(1000), state);
}

#[test]
fn a_connection_that_feeds_its_series_takes_less_than_130_bytes() {
    let state = STATE.as_slice();
    let starts = items(state);
    let ends = starts.iter().skip(1).copied().chain([state.len()]);
    let lengths = starts.iter().zip(ends).filter(|(start, _)| state[*start + 4] == CONNECTION);
    let longest = lengths.map(|(start, end)| end - start).max().unwrap();
    assert!((60..=130).contains(&longest), "{longest}");
}

#[test]
fn what_is_cut_is_refused_wherever_it_is_cut() {
    let state = STATE.as_slice();
    let starts = items(state);
    for (item, start) in (0..).zip(&starts) {
        assert_eq!(restore(&state[..*start]).unwrap_err(), InvalidState { item, flaw: Flaw::Cut });
    }
    for end in 0..state.len() {
        assert_eq!(restore(&state[..end]).unwrap_err().flaw, Flaw::Cut, "{end}");
    }
}

#[test]
fn what_is_of_another_version_or_goes_on_or_repeats_itself_is_refused() {
    let state = STATE.as_slice();
    let starts = items(state);
    let mut other = state.to_vec();
    other[5] = 77;
    let refused = restore(&other).unwrap_err();
    assert_eq!(refused, InvalidState { item: 0, flaw: Flaw::Version(77) });
    assert_eq!(refused.to_string(), "item 0 of the saved state is of version 77, and this is version 5");
    let last = starts.len() as u64 - 1;
    let longer = [state, &[0]].concat();
    assert_eq!(restore(&longer).unwrap_err(), InvalidState { item: last, flaw: Flaw::Trailing });
    for (start, end) in starts.iter().zip(&starts[1..]) {
        let repeated = [&state[..*end], &state[*start..]].concat();
        assert!(restore(&repeated).is_err(), "{start}");
        let without = [&state[..*start], &state[*end..]].concat();
        assert!(restore(&without).is_err(), "{start}");
    }
}

/// Whatever it believes now, it works.
pub(crate) fn live_on(pipeline: Pipeline) {
    let mut world = World::new(options());
    world.pipeline = pipeline;
    world.now = 200 * S;
    for round in 1..4 {
        world.answer();
        world.pass(&[client(moved(round, 2)), Socket { id: 0x0012_3456_789a_0005, ..client(moved(1, round)) }]);
        world.close(&Socket { id: 0x0012_3456_789a_0001, ..client(moved(10 << 30, 300 << 30)) });
        world.wait(100 * S);
        world.text();
    }
    world.pipeline.abandon(world.now);
    let again = world.saved(100);
    assert_eq!(restore(&again).unwrap().dropped, Dropped::default(), "what it saves is whole");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_were_changed_are_refused_or_left_out_or_make_a_pipeline_that_works(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let mut state = STATE.clone();
        for (at, change) in changes {
            let at = at.index(state.len());
            state[at] ^= change;
        }
        if let Ok(Restored { pipeline, .. }) = restore(&state) {
            live_on(pipeline);
        }
    }
}
