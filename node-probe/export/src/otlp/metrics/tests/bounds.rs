//! Requests within their bound, and label sets that come and go between slices.

use super::read::{Point, read};
use super::{SECOND, SENT, Stage, Temporality, failed, fill, received};
use crate::otlp::metrics::{Encoder, Request};
use longwire_pipeline::metrics::SeriesHandles;
use longwire_pipeline::observation::Delta;
use longwire_pipeline::record::FailReason;
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeMap;

const MINUTE: u64 = 60 * SECOND;

fn connect(stage: &mut Stage, number: u16) -> SeriesHandles {
    let held = stage.edge(&format!("client-{number}"));
    stage.add(&held, &Delta { opened: 1, rtt_us: Some(7), ..received(u64::from(number) + 1) });
    for reason in FailReason::ALL {
        stage.add(&held, &failed(reason, 1));
    }
    held
}

fn of_connections(count: u16) -> Stage {
    let mut stage = Stage::new(Temporality::Cumulative);
    (0..count).for_each(|number| drop(connect(&mut stage, number)));
    stage
}

fn all(requests: &[Request]) -> Vec<Point> {
    requests.iter().flat_map(read).collect()
}

#[rstest]
fn every_size_of_slices_gives_the_same_requests(#[values(0, 1, 100, 1_000, 4_096, 100_000)] slice: usize) {
    let requests = |slice| {
        let mut stage = of_connections(7);
        let export = stage.begin(10_000);
        stage.requests(export, slice).iter().map(|request| request.bytes().to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(requests(slice), requests(usize::MAX));
}

/// A failing edge has six points of about 1,000 bytes.
#[rstest]
fn no_request_exceeds_its_bound_and_all_are_filled(#[values(8_000, 20_000, 100_000)] max_bytes: usize) {
    let mut stage = of_connections(30);
    let export = stage.begin(max_bytes);
    let requests = stage.requests(export, 3_000);
    let whole = stage.begin(usize::MAX);
    let whole = stage.requests(whole, usize::MAX);
    let values = |points: Vec<Point>| points.into_iter().map(|point| (point.metric, point.labels, point.value));
    assert!(values(all(&requests)).eq(values(all(&whole))));
    let sizes: Vec<_> = requests.iter().map(|request| request.bytes().len()).collect();
    assert!(sizes.iter().all(|size| *size <= max_bytes), "{sizes:?}");
    let (_, full) = sizes.split_last().unwrap();
    assert!(full.iter().all(|size| *size + 7_000 > max_bytes), "{sizes:?}");
}

#[test]
fn points_of_a_label_set_in_a_metric_stay_together_whatever_the_bound() {
    let mut stage = of_connections(5);
    for max_bytes in [0, 500, 3_000, 9_000] {
        let export = stage.begin(max_bytes);
        let requests = stage.requests(export, 1);
        let mut found = BTreeMap::new();
        for (at, point) in requests
            .iter()
            .enumerate()
            .flat_map(|(at, request)| read(request).into_iter().map(move |point| (at, point)))
        {
            let Point { metric, mut labels, .. } = point;
            labels.remove("reason");
            assert_eq!(*found.entry((metric.clone(), labels)).or_insert(at), at, "{metric}");
        }
        assert_eq!(requests.iter().map(Request::points).sum::<usize>(), all(&requests).len());
    }
}

#[test]
fn a_slice_is_about_as_long_as_was_asked_for() {
    let mut stage = of_connections(50);
    let (mut export, mut ready) = (stage.begin(1), Vec::new());
    let mut longest = 0;
    while stage.encoder.render(&stage.store, &mut export, 10_000, &mut ready) {
        longest = longest.max(ready.drain(..).map(|request| request.bytes().len()).sum());
    }
    // With what stands around each request of one label set.
    assert!((10_000..25_000).contains(&longest), "{longest}");
}

/// Else all of them would be looked at under one lock.
#[test]
fn a_slice_ends_even_if_no_label_set_has_anything_new() {
    let mut stage = of_connections(50);
    stage.encoder = Encoder::new(super::origin(), Temporality::Delta { began: 0 });
    let export = stage.begin(usize::MAX);
    let requests = stage.requests(export, usize::MAX);
    requests.into_iter().for_each(|request| stage.encoder.accepted(request));
    let (mut export, mut ready, mut slices) = (stage.begin(usize::MAX), Vec::new(), 0);
    while stage.encoder.render(&stage.store, &mut export, 640, &mut ready) {
        slices += 1;
    }
    // Ten label sets each: fifty, in eight families of counters and histograms and one of gauges, which always have points.
    assert!(ready.iter().flat_map(read).all(|point| point.kind == "gauge"));
    assert!(slices >= 50 + 8 * 5, "{slices}");
}

#[test]
fn a_label_set_that_goes_and_comes_back_during_an_export_is_there_once() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let mut held: Vec<_> = (0..3).map(|number| connect(&mut stage, number)).collect();
    let (mut export, mut ready) = (stage.begin(usize::MAX), Vec::new());
    assert!(stage.encoder.render(&stage.store, &mut export, 1, &mut ready));
    for number in 0..2 {
        stage.store.release(&held.remove(0), stage.now);
        stage.now += 11 * MINUTE;
        stage.store.expire(stage.now, &mut |_| false);
        connect(&mut stage, number);
    }
    let points = all(&stage.requests(export, 1));
    let sent: Vec<_> =
        points.iter().filter(|point| point.metric == SENT).map(|point| &point.labels["source_workload"]).collect();
    assert_eq!(sent, ["client-0", "client-2"]);
}

#[derive(Clone, Debug)]
enum Step {
    Slice(usize),
    Connect(u16),
    Release(usize),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_000_usize).prop_map(Step::Slice),
        2 => (0..8_u16).prop_map(Step::Connect),
        1 => any::<usize>().prop_map(Step::Release),
        1 => Just(Step::Expire),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn label_sets_that_come_and_go_between_slices_leave_each_request_whole(
        steps in proptest::collection::vec(step(), 0..40),
        max_bytes in 0..20_000_usize,
    ) {
        let mut stage = Stage::new(Temporality::Cumulative);
        let mut held = vec![connect(&mut stage, 0)];
        let (mut export, mut ready) = (stage.begin(max_bytes), Vec::new());
        for step in steps {
            stage.now += MINUTE;
            match step {
                Step::Slice(bytes) => { stage.encoder.render(&stage.store, &mut export, bytes, &mut ready); }
                Step::Connect(number) => held.push(connect(&mut stage, number)),
                Step::Release(at) if !held.is_empty() => stage.store.release(&held.swap_remove(at % held.len()), stage.now),
                Step::Release(_) => {}
                Step::Expire => {
                    stage.now += 11 * MINUTE;
                    stage.store.expire(stage.now, &mut |_| false);
                }
            }
        }
        ready.extend(stage.requests(export, 1_000));
        let mut lines: Vec<_> = all(&ready).into_iter().map(|point| (point.metric, point.labels)).collect();
        let count = lines.len();
        lines.sort();
        lines.dedup();
        prop_assert_eq!(lines.len(), count, "a line comes twice");
    }
}

/// About a mebibyte, as a probe would export.
#[test]
fn a_large_export_is_cut_where_it_must_be() {
    let mut stage = of_connections(200);
    fill(&mut stage.store);
    let export = stage.begin(1 << 20);
    let requests = stage.requests(export, 64 << 10);
    assert!(requests.len() > 1 && requests.iter().all(|request| request.bytes().len() <= 1 << 20));
}
