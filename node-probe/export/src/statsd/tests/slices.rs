//! A flush in slices, with the store changing in between.

use super::parsed::Line;
use super::stage::{SECOND, SENT, Stage, bytes, values};
use crate::statsd::{Cursor, Options};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::observation::Reporter;
use proptest::prelude::*;
use rstest::rstest;

fn of_edges(count: usize) -> Stage {
    let mut stage = Stage::new(Options::default());
    for number in 0..count {
        let held = stage.edge(&format!("client-{number}"));
        stage.add(&held, &bytes(number as u64 + 1));
    }
    stage
}

/// Slices of so many bytes.
fn flush(stage: &Stage, bytes: usize) -> (Vec<Line>, usize) {
    let (mut lines, mut slices, mut encoder) = (Vec::new(), 0, stage.encoder.lock().unwrap());
    let mut cursor = encoder.begin();
    loop {
        let mut out = Vec::new();
        slices += 1;
        let is_more = encoder.render(&stage.store, &mut cursor, bytes, &mut out);
        for packet in out {
            lines.extend(stage.read(&packet));
            encoder.sent(packet);
        }
        if !is_more {
            return (lines, slices);
        }
    }
}

#[rstest]
fn every_size_of_slices_gives_the_same_lines(#[values(0, 1, 100, 1_000, 4_096)] slice: usize) {
    assert_eq!(flush(&of_edges(20), slice).0, flush(&of_edges(20), usize::MAX).0);
}

#[test]
fn a_slice_is_as_long_as_was_asked_for_and_one_line() {
    let stage = of_edges(50);
    let (mut encoder, mut out) = (stage.encoder.lock().unwrap(), Vec::new());
    let mut cursor = encoder.begin();
    let mut slices = 0;
    while encoder.render(&stage.store, &mut cursor, 2_000, &mut out) {
        let bytes: usize = out.drain(..).map(|packet| packet.bytes().len()).sum();
        // With a packet that was open before.
        assert!(bytes < 4_500, "{bytes}");
        slices += 1;
    }
    assert!(slices > 20, "{slices}");
}

#[test]
fn a_slice_ends_when_it_has_looked_at_enough_even_if_nothing_is_new() {
    let mut stage = Stage::new(Options::default());
    for number in 0..200 {
        let edge = edge(Reporter::Source, &format!("client-{number}"), "server");
        let held = hold_edge(&mut stage.store, &edge, Metrics::of(SeriesSet::Istio), stage.now);
        stage.add(&held, &bytes(1));
    }
    flush(&stage, usize::MAX);
    // Four families.
    assert_eq!(flush(&stage, 1_600), (Vec::new(), 9));
}

#[test]
fn a_flush_that_has_ended_has_no_more_packets() {
    let stage = of_edges(3);
    let (mut encoder, mut out) = (stage.encoder.lock().unwrap(), Vec::new());
    let mut cursor = encoder.begin();
    assert!(!encoder.render(&stage.store, &mut cursor, usize::MAX, &mut out));
    out.drain(..).for_each(|packet| encoder.sent(packet));
    for _ in 0..3 {
        assert!(!encoder.render(&stage.store, &mut cursor, usize::MAX, &mut out));
        assert_eq!(out.len(), 0);
    }
    // It was one flush, so nothing has been away for one.
    drop(encoder);
    assert!(flush(&stage, usize::MAX).0.iter().all(|line| line.kind == "g"));
}

#[derive(Clone, Debug)]
enum Step {
    Slice(usize),
    Connect(u8, u64),
    Release(usize),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_000_usize).prop_map(Step::Slice),
        3 => (0..6_u8, 1..1_000_u64).prop_map(|(number, bytes)| Step::Connect(number, bytes)),
        1 => any::<usize>().prop_map(Step::Release),
        1 => Just(Step::Expire),
    ]
}

/// Writes and sends a slice. Returns whether there may be more, and the bytes that the packets say.
fn slice(stage: &Stage, cursor: &mut Cursor, bytes: usize) -> (bool, u64) {
    let (mut out, mut encoder, mut said) = (Vec::new(), stage.encoder.lock().unwrap(), 0);
    let is_more = encoder.render(&stage.store, cursor, bytes, &mut out);
    for packet in out {
        said += values(&stage.read(&packet), SENT).iter().map(|value| value.parse::<u64>().unwrap()).sum::<u64>();
        encoder.sent(packet);
    }
    if !is_more {
        *cursor = encoder.begin();
    }
    (is_more, said)
}

/// Ends the flush that has begun, and does another one, as the store waits for before it removes anything.
fn flush_all(stage: &Stage, cursor: &mut Cursor) -> u64 {
    let (mut all, mut ended) = (0, 0);
    while ended < 2 {
        let (is_more, said) = slice(stage, cursor, 1_000);
        (all, ended) = (all + said, ended + usize::from(!is_more));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn label_sets_that_come_and_go_between_slices_are_sent_whole_and_once(steps in prop::collection::vec(step(), 0..80)) {
        let mut stage = Stage::new(Options::default());
        let (mut held, mut said, mut counted) = (Vec::new(), 0, 0);
        let mut cursor = stage.encoder.lock().unwrap().begin();
        for step in steps {
            match step {
                Step::Slice(bytes) => said += slice(&stage, &mut cursor, bytes).1,
                Step::Connect(number, more) => {
                    let to = stage.edge(&format!("client-{number}"));
                    stage.add(&to, &bytes(more));
                    counted += more;
                    held.push(to);
                }
                Step::Release(at) if !held.is_empty() => {
                    stage.store.release(&held.swap_remove(at % held.len()), stage.now);
                    stage.store.publish();
                }
                Step::Release(_) => {}
                Step::Expire => {
                    said += flush_all(&stage, &mut cursor);
                    stage.now += 1_000 * SECOND;
                    stage.store.expire(stage.now, &mut |_| false);
                }
            }
        }
        said += flush_all(&stage, &mut cursor);
        prop_assert_eq!(said, counted);
        prop_assert_eq!(stage.lost(), 0);
    }
}
