//! When points begin, and what a receiver that does not read it is shown first.

use super::read::{Point, Value, values};
use super::{FAILED, OFFSET, RTT, SECOND, SENT, Stage, Temporality, failed, received};
use crate::otlp::metrics::{Encoder, Export};
use longwire_pipeline::metrics::Consumer;
use longwire_pipeline::observation::Delta;
use longwire_pipeline::record::FailReason;

fn starts(points: &[Point], metric: &str) -> Vec<u64> {
    points.iter().filter(|point| point.metric == metric).map(|point| (point.start - OFFSET) / SECOND).collect()
}

#[test]
fn each_line_begins_when_it_was_first_shown_and_stays_there() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    stage.export();
    stage.add(&held, &failed(FailReason::Refused, 1));
    stage.export();
    stage.add(&held, &failed(FailReason::Timeout, 1));
    stage.add(&held, &Delta { rtt_us: Some(1), ..received(2) });
    let last = stage.export();
    for points in [last, stage.export()] {
        assert_eq!(starts(&points, SENT), [1_000]);
        assert_eq!(starts(&points, FAILED), [1_001, 1_002]);
        assert_eq!(starts(&points, RTT), [1_002]);
    }
}

#[test]
fn nothing_begins_after_its_point() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    // The wall clock was set back by a minute.
    let time = OFFSET + stage.now - 60 * SECOND;
    let requests = stage.requests(Export::new(time, OFFSET, usize::MAX), usize::MAX);
    let points = super::read(&requests[0]);
    assert!(points.iter().filter(|point| point.kind != "gauge").all(|point| point.start == time));
}

#[test]
fn a_receiver_that_wants_it_is_shown_zero_first() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let consumer = || Some(Consumer::Exporter("collector".into()));
    let look = |stage: &mut Stage| {
        stage.now += SECOND;
        let snapshot = stage.store.open(consumer(), stage.now);
        let export = Export::new(OFFSET + stage.now, OFFSET, usize::MAX).viewed(snapshot.view());
        let points: Vec<_> = stage.requests(export, 100).iter().flat_map(super::read).collect();
        stage.store.completed(&snapshot);
        stage.store.publish();
        points
    };
    look(&mut stage);
    let held = stage.edge("client");
    stage.add(&held, &Delta { rtt_us: Some(2_000), ..received(5) });
    stage.add(&held, &failed(FailReason::Refused, 3));
    let first = look(&mut stage);
    assert_eq!((values(&first, SENT), values(&first, FAILED)), (vec![0], vec![0]));
    let second = look(&mut stage);
    assert_eq!((values(&second, SENT), values(&second, FAILED)), (vec![5], vec![3]));
    let rtt = |points: &[Point]| points.iter().find(|point| point.metric == RTT).unwrap().value.clone();
    let bounds = vec![0.001, 0.01, 0.1];
    assert_eq!(rtt(&first), Value::Histogram(vec![0; 4], 0.0, bounds.clone()));
    assert_eq!(rtt(&second), Value::Histogram(vec![0, 1, 0, 0], 0.002, bounds));
}

#[test]
fn a_cumulative_encoder_keeps_nothing() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    stage.export();
    let Encoder { deltas, .. } = &stage.encoder;
    assert!(deltas.is_none());
}
