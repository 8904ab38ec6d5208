//! What is new since the last accepted request, whatever became of the requests before.

use super::read::{Point, Value, read, values};
use super::{FAILED, OFFSET, RTT, SECOND, SENT, Stage, Temporality, everything, failed, received};
use crate::exposition::grammar::Labels;
use crate::otlp::metrics::{Encoder, Request};
use longwire_model::series::Metric;
use longwire_pipeline::labels::samples::{edge, pod, service, workload};
use longwire_pipeline::metrics::SeriesHandles;
use longwire_pipeline::metrics::samples::{hold_cluster, hold_edge};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;
use proptest::prelude::*;
use std::collections::BTreeMap;

const ACTIVE: &str = "longwire_tcp_connections_active";

fn stage() -> Stage {
    Stage::new(Temporality::Delta { began: 0 })
}

fn interval(points: &[Point], metric: &str) -> Vec<(u64, u64)> {
    let of_metric = points.iter().filter(|point| point.metric == metric);
    of_metric.map(|point| ((point.start - OFFSET) / SECOND, (point.time - OFFSET) / SECOND)).collect()
}

#[test]
fn a_counter_is_a_monotonic_delta_sum_of_what_came_since_the_export_before() {
    let mut stage = stage();
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    let first = stage.export();
    assert_eq!((values(&first, SENT), interval(&first, SENT)), (vec![5], vec![(1_000, 1_001)]));
    stage.add(&held, &received(7));
    let second = stage.export();
    assert_eq!((values(&second, SENT), interval(&second, SENT)), (vec![7], vec![(1_001, 1_002)]));
    assert!(second.iter().all(|point| point.kind == if point.metric == ACTIVE { "gauge" } else { "delta counter" }));
}

#[test]
fn what_has_nothing_new_has_no_point_and_its_next_one_begins_at_the_last_export() {
    let mut stage = stage();
    let held = stage.edge("client");
    stage.store.activate(&held);
    stage.add(&held, &received(5));
    stage.export();
    for _ in 0..3 {
        let idle = stage.export();
        assert_eq!(idle.iter().map(|point| point.metric.as_str()).collect::<Vec<_>>(), [ACTIVE]);
    }
    stage.add(&held, &received(1));
    assert_eq!(interval(&stage.export(), SENT), [(1_004, 1_005)]);
}

#[test]
fn histograms_and_reasons_are_counted_by_bucket_and_by_reason() {
    let mut stage = stage();
    let held = stage.edge("client");
    let rtt = |us| Delta { rtt_us: Some(us), ..received(1) };
    stage.add(&held, &rtt(500));
    stage.add(&held, &failed(FailReason::Refused, 2));
    stage.export();
    stage.add(&held, &rtt(2_000));
    stage.add(&held, &rtt(3_000));
    stage.add(&held, &failed(FailReason::Timeout, 1));
    let points = stage.export();
    let found = points.iter().find(|point| point.metric == RTT).unwrap();
    assert_eq!(found.kind, "delta histogram");
    assert_eq!(found.value, Value::Histogram(vec![0, 2, 0, 0], 0.005, vec![0.001, 0.01, 0.1]));
    let failed: Vec<_> = points.iter().filter(|point| point.metric == FAILED).collect();
    assert_eq!((failed.len(), failed[0].labels["reason"].as_str()), (1, "timeout"));
}

#[test]
fn what_is_not_accepted_is_in_the_next_export_from_the_same_beginning() {
    let mut stage = stage();
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    stage.export();
    stage.add(&held, &received(7));
    let export = stage.begin(usize::MAX);
    stage.requests(export, 1_000);
    stage.add(&held, &received(1));
    let points = stage.export();
    assert_eq!((values(&points, SENT), interval(&points, SENT)), (vec![8], vec![(1_001, 1_003)]));
}

#[test]
fn a_new_line_begins_at_the_export_that_did_not_have_it() {
    let mut stage = stage();
    stage.export();
    stage.now += 5 * SECOND;
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    assert_eq!(interval(&stage.export(), SENT), [(1_001, 1_007)]);
}

#[test]
fn a_new_line_that_was_not_accepted_begins_where_it_did() {
    let mut stage = stage();
    stage.export();
    let held = stage.edge("client");
    stage.add(&held, &received(5));
    let export = stage.begin(usize::MAX);
    assert_eq!(interval(&read(&stage.requests(export, 1_000)[0]), SENT), [(1_001, 1_002)]);
    assert_eq!(interval(&stage.export(), SENT), [(1_001, 1_003)]);
}

#[test]
fn what_a_predecessor_may_have_sent_is_not_sent_again() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("old");
    stage.add(&held, &received(1_000));
    stage.now += SECOND;
    stage.encoder = Encoder::new(super::origin(), Temporality::Delta { began: stage.now });
    let young = stage.edge("young");
    stage.add(&young, &received(5));
    assert_eq!(values(&stage.export(), SENT), [5]);
    stage.add(&held, &received(1));
    assert_eq!(values(&stage.export(), SENT), [1]);
}

/// A refusal does not move the point from which an old line is counted.
#[test]
fn an_old_line_is_counted_from_the_first_look_even_if_that_request_fails() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("old");
    stage.add(&held, &received(1_000));
    stage.now += SECOND;
    stage.encoder = Encoder::new(super::origin(), Temporality::Delta { began: stage.now });
    let export = stage.begin(usize::MAX);
    stage.requests(export, 1_000);
    stage.add(&held, &received(3));
    assert_eq!(values(&stage.export(), SENT), [3]);
}

#[test]
fn a_metric_that_was_off_and_came_back_is_counted_anew() {
    let mut stage = stage();
    let held = stage.edge("client");
    stage.add(&held, &received(7));
    assert_eq!(values(&stage.export(), SENT), [7]);
    let without = everything().without(Metric::IstioSentBytes);
    let other = hold_edge(&mut stage.store, &edge(Reporter::Source, "client", "server"), without, stage.now);
    stage.store.release(&held, stage.now);
    for _ in 0..2 {
        stage.now += SECOND;
        stage.add(&other, &received(1));
        let snapshot = stage.store.open(None, stage.now);
        stage.store.completed(&snapshot);
        stage.store.turn_epoch(stage.now, std::iter::empty());
    }
    stage.store.publish();
    assert_eq!(values(&stage.export(), SENT), [0; 0]);
    let again = stage.edge("client");
    stage.add(&again, &received(9));
    assert_eq!(values(&stage.export(), SENT), [9]);
}

/// Else Prometheus would rename it.
#[test]
fn what_is_not_named_as_a_total_stays_cumulative() {
    let mut stage = stage();
    let client = (edge(Reporter::Source, "client", "server"), pod("client-0", &workload("client")));
    let held = hold_cluster(&mut stage.store, client, (80, service("web")), stage.now);
    for expected in [1, 2] {
        stage.add(&held, &Delta { opened: 1, closed: 1, ..Delta::default() });
        let points = stage.export();
        let destroyed = points.iter().find(|point| point.metric == "envoy_cluster_upstream_cx_destroy").unwrap();
        assert_eq!((destroyed.kind.as_str(), &destroyed.value), ("sum", &Value::Integer(expected)));
        assert_eq!(values(&points, "envoy_cluster_upstream_cx_total"), [1]);
    }
}

#[test]
fn nothing_is_kept_of_label_sets_that_are_removed() {
    let mut stage = stage();
    let held: Vec<_> = ["one", "two"].map(|source| stage.edge(source)).into();
    held.iter().for_each(|held| stage.add(held, &received(1)));
    let mut unanswered = [(); 2].map(|()| {
        let export = stage.begin(usize::MAX);
        stage.requests(export, 1_000)
    });
    let kept = |stage: &Stage| stage.encoder.deltas.as_ref().unwrap().kept();
    assert_eq!(kept(&stage), 2);
    // The store tells it of the removal.
    let removed = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tells = std::sync::Arc::clone(&removed);
    stage.store.when_removed(move |id| tells.lock().unwrap().push(id));
    stage.store.release(&held[0], stage.now);
    stage.now += 1_200 * SECOND;
    stage.store.expire(stage.now, &mut |_| false);
    for id in removed.lock().unwrap().drain(..) {
        stage.encoder.forget(id);
    }
    assert_eq!(kept(&stage), 1);
    // An answer that comes late brings nothing back,
    unanswered[0].drain(..).for_each(|request| stage.encoder.accepted(request));
    assert_eq!(kept(&stage), 1);
    // nor is it of the next one in the slot.
    let again = stage.edge("three");
    stage.add(&again, &received(4));
    assert_eq!(values(&stage.export(), SENT), [4]);
    unanswered[1].drain(..).for_each(|request| stage.encoder.accepted(request));
    assert_eq!((values(&stage.export(), SENT), kept(&stage)), (vec![], 2));
}

/// Sums of what was accepted, and when the last of it ended.
#[derive(Default)]
struct Receiver {
    counters: BTreeMap<(String, Labels), i64>,
    histograms: BTreeMap<(String, Labels), Vec<u64>>,
    until: BTreeMap<(String, Labels), u64>,
}

impl Receiver {
    fn take(&mut self, request: &Request) {
        for Point { metric, kind, labels, start, time, value } in read(request) {
            let line = (metric, labels);
            if !kind.starts_with("delta ") {
                continue;
            }
            let until = self.until.insert(line.clone(), time).unwrap_or_default();
            assert!(until <= start && start < time, "{line:?}: {until} {start} {time}");
            match value {
                Value::Integer(value) => *self.counters.entry(line).or_default() += value,
                Value::Histogram(counts, ..) => {
                    let all = self.histograms.entry(line).or_insert_with(|| vec![0; counts.len()]);
                    all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// By which edge.
    Add(usize, u64),
    Fail(usize, usize),
    Observe(usize, u32),
    Publish,
    /// Which of its requests are accepted.
    Export(Vec<bool>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize, 0..1_000_u64).prop_map(|(at, bytes)| Step::Add(at, bytes)),
        2 => (0..4_usize, 0..FailReason::ALL.len()).prop_map(|(at, reason)| Step::Fail(at, reason)),
        2 => (0..4_usize, 1..200_000_u32).prop_map(|(at, us)| Step::Observe(at, us)),
        2 => Just(Step::Publish),
        2 => proptest::collection::vec(any::<bool>(), 1..6).prop_map(Step::Export),
    ]
}

fn record(stage: &mut Stage, held: &mut BTreeMap<usize, SeriesHandles>, at: usize, delta: &Delta) {
    stage.now += SECOND / 4;
    let held = held.entry(at).or_insert_with(|| stage.edge(&format!("client-{at}")));
    stage.store.record(held, Reporter::Source, delta, stage.now);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_sum_of_accepted_deltas_is_the_counter(
        steps in proptest::collection::vec(step(), 0..40),
        max_bytes in prop_oneof![Just(usize::MAX), 1_500..8_000_usize],
    ) {
        let (mut stage, mut receiver, mut held) = (stage(), Receiver::default(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Add(at, bytes) => record(&mut stage, &mut held, at, &received(bytes)),
                Step::Fail(at, reason) => record(&mut stage, &mut held, at, &failed(FailReason::ALL[reason], 1)),
                Step::Observe(at, us) => {
                    record(&mut stage, &mut held, at, &Delta { rtt_us: Some(us), ..Delta::default() });
                }
                Step::Publish => stage.store.publish(),
                Step::Export(fates) => {
                    let export = stage.begin(max_bytes);
                    for (request, is_accepted) in stage.requests(export, 900).into_iter().zip(fates.iter().cycle()) {
                        if *is_accepted {
                            receiver.take(&request);
                            stage.encoder.accepted(request);
                        }
                    }
                }
            }
        }
        stage.store.publish();
        let export = stage.begin(max_bytes);
        for request in stage.requests(export, 900) {
            receiver.take(&request);
            stage.encoder.accepted(request);
        }
        stage.encoder = Encoder::new(super::origin(), Temporality::Cumulative);
        for Point { metric, kind, labels, value, .. } in stage.export() {
            let line = (metric, labels);
            match value {
                Value::Integer(value) if kind == "counter" => {
                    prop_assert_eq!(receiver.counters.get(&line).copied().unwrap_or_default(), value, "{:?}", line);
                }
                Value::Integer(_) => {}
                Value::Histogram(counts, ..) => prop_assert_eq!(receiver.histograms.get(&line), Some(&counts)),
            }
        }
    }
}
