//! What is sent adds up to what is counted, whatever fails.

use super::parsed::Line;
use super::stage::{SECOND, SENT, Stage, bytes, options, values};
use crate::statsd::{Flavor, Framing, Histograms, Options};
use longwire_model::series::{FAMILIES, Kind};
use longwire_pipeline::metrics::{Reading, SeriesHandles};
use longwire_pipeline::observation::Delta;
use longwire_pipeline::record::FailReason;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

#[test]
fn a_counter_says_what_is_new_and_nothing_if_nothing_is() {
    let mut stage = Stage::new(Options::default());
    let to = stage.edge("client");
    stage.add(&to, &bytes(5));
    assert_eq!(values(&stage.flush(), SENT), ["5"]);
    assert_eq!(values(&stage.flush(), SENT), [""; 0]);
    stage.add(&to, &bytes(2));
    stage.add(&to, &bytes(1));
    assert_eq!(values(&stage.flush(), SENT), ["3"]);
}

#[test]
fn a_gauge_says_its_value_every_time() {
    let mut stage = Stage::new(Options::default());
    let to = stage.edge("client");
    stage.store.activate(&to);
    stage.add(&to, &bytes(5));
    for _ in 0..2 {
        assert_eq!(values(&stage.flush(), "longwire_tcp_connections_active"), ["1"]);
    }
}

#[test]
fn what_a_failed_packet_said_is_said_by_the_next_flush() {
    let mut stage = Stage::new(Options::default());
    let to = stage.edge("client");
    stage.add(&to, &bytes(5));
    assert_eq!(stage.flush_some(|_| false), []);
    stage.add(&to, &bytes(2));
    assert_eq!(values(&stage.flush(), SENT), ["7"]);
    assert_eq!(values(&stage.flush(), SENT), [""; 0]);
}

#[test]
fn a_packet_that_is_not_given_back_counts_as_failed() {
    let mut stage = Stage::new(Options::default());
    let to = stage.edge("client");
    stage.add(&to, &bytes(5));
    drop(stage.packets());
    assert_eq!(values(&stage.flush(), SENT), ["5"]);
}

#[test]
fn no_line_says_more_than_a_float_can() {
    const MOST: u64 = 1 << 53;
    let mut stage = Stage::new(Options::default());
    let to = stage.edge("client");
    stage.add(&to, &bytes(2 * MOST + 1));
    let said: Vec<u64> = (0..4)
        .flat_map(|_| values(&stage.flush(), SENT).into_iter().map(|value| value.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    assert_eq!(said, [MOST, MOST, 1]);
}

type Totals = BTreeMap<(String, BTreeMap<String, String>), u64>;

/// In units, and of sums in microseconds.
fn units(line: &Line) -> u64 {
    let of = if line.name.ends_with("_sum") { line.number() * 1e6 } else { line.number() };
    of.round() as u64
}

/// As the store has them, by name and workload, reason or bound.
fn counted(stage: &Stage) -> Totals {
    let mut totals = Totals::new();
    for family in &FAMILIES {
        let _ = stage.store.read(family, (0, u64::MAX), |_, series| {
            let mut labels = BTreeMap::new();
            series.pairs(&mut |name, value| drop(labels.insert(name.to_owned(), value.to_owned())));
            let mut put = |suffix: &str, more: Option<(&str, String)>, value| {
                let mut labels = labels.clone();
                labels.extend(more.map(|(name, value)| (name.to_owned(), value)));
                totals.insert((format!("{}{suffix}", family.name), labels), value);
            };
            match (series.reading(), family.kind) {
                (Reading::Counter(value), _) => put("", None, value),
                (Reading::Directions(bytes), _) => ["sent", "received"]
                    .iter()
                    .zip(bytes)
                    .for_each(|(way, bytes)| put("", Some(("direction", (*way).to_owned())), bytes)),
                (Reading::Reasons(counts), _) => FailReason::ALL
                    .iter()
                    .zip(counts)
                    .for_each(|(reason, count)| put("", Some(("reason", reason.name().to_owned())), *count)),
                (Reading::Histogram(histogram), Kind::Histogram(bounds)) => {
                    let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
                    let all: Vec<u64> = histogram.cumulative().collect();
                    bounds.zip(&all).for_each(|(bound, count)| put("_bucket", Some(("le", bound)), *count));
                    let (seconds, nanoseconds) = histogram.sum();
                    put("_sum", None, seconds * 1_000_000 + u64::from(nanoseconds) / 1_000);
                    put("_count", None, all[all.len() - 1]);
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
    }
    totals.retain(|_, value| *value != 0);
    totals
}

#[derive(Clone, Debug)]
enum Step {
    Record(usize, u8),
    /// Packets with these bits fail.
    Flush(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..4_usize, any::<u8>()).prop_map(|(edge, kind)| Step::Record(edge, kind)),
        1 => any::<u64>().prop_map(Step::Flush),
    ]
}

fn record(stage: &mut Stage, to: &SeriesHandles, kind: u8) {
    let at = u64::from(kind);
    let delta = match kind % 4 {
        0 => Delta { failed: Some((FailReason::ALL[usize::from(kind / 4) % 6], at)), ..Delta::default() },
        1 => Delta { rtt_us: Some(u32::from(kind) * 997), ..Delta::default() },
        2 => Delta { opened: 1, handshake: Some(at * 1_234_567), ..Delta::default() },
        _ => Delta { closed: 1, received: at << 32, duration: Some(at * SECOND), ..Delta::default() },
    };
    stage.add(to, &delta);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn the_sum_of_what_was_sent_is_what_was_counted(
        steps in prop::collection::vec(step(), 0..30),
        max_bytes in 0..4_000_usize,
        is_stream in any::<bool>(),
    ) {
        let framing = if is_stream { Framing::Stream } else { Framing::Datagrams };
        let mut stage = Stage::new(Options { max_bytes, framing, ..options(Flavor::Dogstatsd, Histograms::Buckets) });
        let held: Vec<_> = (0..4).map(|number| stage.edge(&format!("client-{number}"))).collect();
        let mut received = Totals::new();
        let mut receive = |lines: Vec<Line>| for line in lines.into_iter().filter(|line| line.kind == "c") {
            assert_ne!(units(&line), 0, "{line:?}");
            let units = units(&line);
            *received.entry((line.name, line.labels)).or_default() += units;
        };
        for step in steps {
            match step {
                Step::Record(edge, kind) => record(&mut stage, &held[edge], kind),
                Step::Flush(failing) => receive(stage.flush_some(|number| failing >> (number % 64) & 1 == 0)),
            }
        }
        receive(stage.flush());
        prop_assert_eq!(received, counted(&stage));
        prop_assert_eq!(stage.lost(), 0);
    }
}
