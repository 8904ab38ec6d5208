//! A saved state of which single items cannot be used: they are left out and counted, everything else is gone on with, and
//! no counter is too high for it.

use crate::kernel::Fate;
use crate::kills::{self, Node};
use crate::scenarios::{client, moved, server, to_web};
use crate::state::{items, live_on, world};
use crate::world::{S, World, options, tagged};
use crate::{by_reporter, exposed, owned};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_pipeline::pipeline::{Dropped, Flaw, InvalidState, Pipeline, Restored};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

type Lines = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Numbers of the variants of `Item`.
mod tag {
    pub(super) const HEAD: u8 = 0;
    pub(super) const WORKLOAD: u8 = 1;
    pub(super) const SERVICE: u8 = 2;
    pub(super) const PLACE: u8 = 3;
    pub(super) const POD: u8 = 4;
    pub(super) const EDGE: u8 = 5;
    pub(super) const TELEMETRY: u8 = 6;
    pub(super) const SERVICE_SET: u8 = 11;
    pub(super) const WORKLOAD_SET: u8 = 12;
    pub(super) const CONNECTION_SET: u8 = 13;
    pub(super) const CLUSTER_SET: u8 = 14;
    pub(super) const CONNECTION: u8 = 15;
    pub(super) const CLOSED: u8 = 16;
    pub(super) const CASE: u8 = 18;
    pub(super) const LOCALITY_SET: u8 = 21;
    pub(super) const END: u8 = 19;

    pub(super) const SHARED: [u8; 6] = [WORKLOAD, SERVICE, PLACE, POD, EDGE, TELEMETRY];
    pub(super) const SETS: [u8; 5] = [SERVICE_SET, LOCALITY_SET, WORKLOAD_SET, CONNECTION_SET, CLUSTER_SET];
}

/// The state with nothing left of an item but what it is.
fn damaged(state: &[u8], item: usize) -> Vec<u8> {
    let starts = items(state);
    let (start, end) = (starts[item], starts.get(item + 1).copied().unwrap_or(state.len()));
    [&state[..start], &1_u32.to_le_bytes(), &state[start + 4..start + 5], &state[end..]].concat()
}

fn tag_of(state: &[u8], item: usize) -> u8 {
    state[items(state)[item] + 4]
}

/// Of all counters.
fn lines(world: &World) -> Lines {
    let scrape = world.shown(|name| !name.ends_with("_active"));
    let samples = scrape.into_iter().flat_map(|(family, samples)| {
        samples.into_iter().map(move |(labels, value)| ((family.clone(), labels), value))
    });
    samples.collect()
}

fn restored(pipeline: Pipeline) -> World {
    let mut world = World::new(options());
    world.pipeline = pipeline;
    world.now = 200 * S;
    world
}

#[test]
fn whichever_item_cannot_be_read_it_alone_is_left_out_and_what_names_it() {
    let mut original = world();
    original.pipeline.publish();
    let (state, before) = (original.saved(usize::MAX), lines(&original));
    for item in 0..items(&state).len() {
        let (tag, result) = (tag_of(&state, item), Pipeline::restore(options(), &damaged(&state, item), 200 * S));
        if [tag::HEAD, tag::END].contains(&tag) {
            let invalid = InvalidState { item: item as u64, flaw: Flaw::Unreadable };
            assert_eq!(result.unwrap_err(), invalid);
            continue;
        }
        let Restored { pipeline, dropped } = result.unwrap();
        assert_eq!(dropped.first, Some(InvalidState { item: item as u64, flaw: Flaw::Unreadable }));
        assert_eq!(dropped.must_adopt, [tag::CONNECTION, tag::CLOSED].contains(&tag), "{item}");
        let counted = [dropped.label_sets, dropped.connections, dropped.pending];
        let alone = match tag {
            _ if tag::SETS.contains(&tag) => [1, 0, 0],
            tag::CONNECTION => [0, 1, counted[2]],
            tag::CASE => [0, 0, 1],
            _ if tag::SHARED.contains(&tag) => counted,
            _ => [0, 0, 0],
        };
        assert_eq!(counted, alone, "{item} of kind {tag}");
        let after = restored(pipeline);
        let left = lines(&after);
        for (line, value) in &left {
            assert_eq!(before.get(line), Some(value), "{item} of kind {tag}: {line:?}");
        }
        let is_gone = left.len() < before.len();
        assert!(dropped.label_sets > 0 || !is_gone, "{item} of kind {tag}");
        live_on(after.pipeline);
    }
}

#[test]
fn a_shared_value_that_is_read_as_another_kind_shifts_no_number() {
    let state = world().saved(usize::MAX);
    for start in items(&state).into_iter().filter(|start| tag::SHARED.contains(&state[start + 4])) {
        for kind in (0..=21).filter(|kind| *kind != state[start + 4]) {
            let mut other = state.clone();
            other[start + 4] = kind;
            Pipeline::restore(options(), &other, 200 * S).expect_err("the numbers after it are shifted");
        }
    }
}

/// Of an edge from `a` to `b`, with a connection that lives; `at`: of the item of this kind that is damaged.
fn without(tag: u8, at: usize) -> (World, Dropped) {
    let mut world = World::new(options());
    let on = Metrics::of(SeriesSet::Istio).union(Metrics::of(SeriesSet::Longwire));
    world.observe(&Arc::new(tagged(on, Metrics::NONE, &[])));
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    let state = world.saved(usize::MAX);
    let item = (0..items(&state).len()).filter(|item| tag_of(&state, *item) == tag).nth(at).unwrap();
    let Restored { pipeline, dropped } = Pipeline::restore(options(), &damaged(&state, item), world.now).unwrap();
    world.pipeline = pipeline;
    (world, dropped)
}

const SENT: &str = "istio_tcp_sent_bytes_total";
const OPENED: &str = "istio_tcp_connections_opened_total";
const ACTIVE: &str = "longwire_tcp_connections_active";

#[test]
fn a_label_set_that_is_left_out_begins_at_0_and_its_connections_feed_it_again() {
    // Those before it are the two of overflow and the other reporter's.
    let (mut world, dropped) = without(tag::SERVICE_SET, 3);
    assert_eq!((dropped.label_sets, dropped.total(), dropped.must_adopt), (1, 1, false));
    assert_eq!((world.value(SENT, "reporter=source"), world.value(SENT, "reporter=destination")), (None, Some(200.0)));
    world.pass(&[client(moved(10, 300)), server(moved(300, 10))]);
    let values = |world: &mut World, reporter: &str| {
        let labels = format!("reporter={reporter} source_workload=a destination_workload=b");
        [SENT, OPENED, ACTIVE].map(|family| world.value(family, &labels))
    };
    assert_eq!(values(&mut world, "source"), [Some(100.0), Some(0.0), Some(1.0)]);
    assert_eq!(values(&mut world, "destination"), [Some(300.0), Some(1.0), Some(1.0)]);
    world.close(&client(moved(10, 310)));
    assert_eq!(values(&mut world, "source"), [Some(110.0), Some(0.0), Some(0.0)]);
    world.kill(&world.saved(100), world.emitted.len());
    assert_eq!(values(&mut world, "source"), [Some(110.0), Some(0.0), Some(0.0)], "saved as if it had always been so");
}

#[test]
fn an_overflow_set_that_is_left_out_is_still_there() {
    let (mut world, dropped) = without(tag::SERVICE_SET, 0);
    assert_eq!((dropped.label_sets, dropped.total()), (1, 1));
    world.pass(&[client(moved(10, 300)), server(moved(300, 10))]);
    assert_eq!(world.value(SENT, "reporter=source"), Some(300.0));
    assert_eq!(world.pipeline.store().stats().services.sets, 2);
}

#[test]
fn a_connection_whose_names_are_left_out_is_not_counted_again() {
    let mut world = World::new(options());
    world.announce(&to_web(moved(10, 200)));
    world.answer();
    world.wait(S);
    world.pass(&[to_web(moved(10, 200))]);
    world.pass(&[to_web(moved(10, 200))]);
    assert_eq!(world.value(SENT, "reporter=source"), Some(200.0));
    let state = world.saved(usize::MAX);
    let mut services = (0..items(&state).len()).filter(|item| tag_of(&state, *item) == tag::SERVICE);
    let Restored { pipeline, dropped } =
        Pipeline::restore(options(), &damaged(&state, services.next_back().unwrap()), world.now).unwrap();
    assert_eq!((dropped.connections, dropped.must_adopt), (1, false));
    world.pipeline = pipeline;
    world.announce(&to_web(moved(10, 300)));
    world.pass(&[to_web(moved(10, 300))]);
    world.close(&to_web(moved(10, 300)));
    world.answer();
    assert_eq!((world.value(SENT, ""), world.value(OPENED, "")), (None, None), "its label set is left out as well");
    assert_eq!((world.pipeline.stats().connections, world.pipeline.stats().pending), (0, 0));
}

#[test]
fn a_waiting_connection_that_is_left_out_is_counted_in_full_once_it_is_announced_again() {
    let mut world = World::unconfigured(options());
    world.announce(&client(moved(10, 200)));
    let state = world.saved(usize::MAX);
    let case = (0..items(&state).len()).find(|item| tag_of(&state, *item) == tag::CASE).unwrap();
    let Restored { pipeline, dropped } = Pipeline::restore(options(), &damaged(&state, case), world.now).unwrap();
    assert_eq!((dropped.pending, dropped.total(), dropped.must_adopt), (1, 1, false));
    world.pipeline = pipeline;
    world.configure(SeriesSets::default());
    world.pass(&[client(moved(10, 300))]);
    assert!(world.pipeline.wants_reannounce());
    world.announce(&client(moved(10, 300)));
    world.announce(&server(moved(300, 10)));
    assert_eq!(
        (world.value(SENT, "reporter=source"), world.value(OPENED, "reporter=source")),
        (Some(300.0), Some(1.0))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_item_that_is_left_out_raises_no_counter(
        at in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let mut original = world();
        original.pipeline.publish();
        let (mut state, before) = (original.saved(usize::MAX), lines(&original));
        let (starts, at) = (items(&state), at.index(state.len()));
        state[at] ^= change;
        let item = starts.partition_point(|start| *start <= at) as u64 - 1;
        if let Ok(Restored { pipeline, dropped }) = Pipeline::restore(options(), &state, 200 * S) {
            let after = restored(pipeline);
            if dropped.first.is_some_and(|first| first.item == item) {
                for (line, value) in lines(&after) {
                    prop_assert!(before.get(&line).is_some_and(|before| *before >= value), "{line:?} {value}");
                }
            }
            live_on(after.pipeline);
        }
    }

    #[test]
    fn whichever_item_is_left_out_and_whatever_comes_after_nothing_is_above_the_truth(
        before in kills::steps(false),
        item in any::<prop::sample::Index>(),
        after in kills::steps(false),
    ) {
        let mut node = Node::new();
        before.into_iter().for_each(|step| node.take(step));
        let state = node.world.saved(usize::MAX);
        // All but the head and the end.
        let item = 1 + item.index((items(&state).len() - 2).max(1));
        prop_assume!(item + 1 < items(&state).len());
        let Restored { mut pipeline, dropped } =
            Pipeline::restore(options(), &damaged(&state, item), node.world.now).unwrap();
        if dropped.must_adopt {
            pipeline.abandon(node.world.now);
        }
        node.goes_on_as(pipeline);
        if !dropped.must_adopt {
            let no_kill = |step: &kills::Step| !matches!(step, kills::Step::Kill);
            after.into_iter().filter(no_kill).for_each(|step| node.take(step));
        }
        let Node { mut world, mut kernel, .. } = node;
        if !dropped.must_adopt {
            kernel.flush(&mut world);
            world.configure(SeriesSets::default());
            for _ in 0..3 {
                world.answer();
                kernel.pass(&mut world, true, || Fate::Arrives);
                world.wait(4 * S);
            }
        }
        let truth = by_reporter(owned(kernel.truth()));
        for (who, line) in by_reporter(exposed(&mut world)) {
            let most = truth.get(&who).copied().unwrap_or_default();
            prop_assert!(line.iter().zip(most).all(|(value, most)| *value <= most), "{who:?} {line:?}, truly {most:?}");
        }
        let live = world.pipeline.stats().connections;
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let live = live as f64;
        let active = world.value(ACTIVE, "").unwrap_or(0.0);
        prop_assert!((0.0..=live).contains(&active), "{active} active of {live}");
    }
}
