//! A scrape in slices, with the store changing in between.

use crate::exposition::grammar::{parse, text};
use crate::exposition::{Cursor, Encoder, Format};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_pipeline::labels::samples::flow;
use longwire_pipeline::metrics::samples::hold_flow;
use longwire_pipeline::metrics::{Budget, SeriesHandles, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::{FailReason, Monotonic};
use proptest::prelude::*;
use rstest::rstest;

const MINUTE: Monotonic = 60_000_000_000;

/// A connection of its own edge, with series of every kind.
fn connect(store: &mut SeriesStore, number: u16, now: Monotonic) -> SeriesHandles {
    let source = format!("client-{number}");
    let flow = flow(Reporter::Source, &source, "server", number);
    let held = hold_flow(store, &flow, Metrics::from(SeriesSet::ALL.into_iter().collect::<SeriesSets>()), now);
    let lived = Delta { sent: u64::from(number), opened: 1, rtt_us: Some(number.into()), ..Delta::default() };
    store.record(&held, Reporter::Source, &lived, now);
    store.record(&held, Reporter::Source, &Delta { failed: Some((FailReason::Timeout, 1)), ..Delta::default() }, now);
    held
}

fn of_connections(count: u16) -> (SeriesStore, Vec<SeriesHandles>) {
    let mut store = SeriesStore::new(Budget::undivided(10_000, 1_000));
    let held = (0..count).map(|number| connect(&mut store, number, 0)).collect();
    store.publish();
    (store, held)
}

#[rstest]
fn every_size_of_slices_gives_the_same_text(
    #[values(Format::Text, Format::OpenMetrics)] format: Format,
    #[values(0, 1, 100, 1_000, 4_096, 100_000)] slice: usize,
) {
    let (mut store, _) = of_connections(7);
    assert_eq!(text(&mut store, format, slice), text(&mut store, format, usize::MAX));
}

#[test]
fn a_slice_is_as_long_as_was_asked_for_and_one_label_set() {
    let (store, _) = of_connections(50);
    let (mut encoder, mut cursor, mut out) = (Encoder::default(), Cursor::new(Format::Text), Vec::new());
    let mut longest = 0;
    while encoder.render(&store, &mut cursor, 10_000, &mut out) {
        assert!(out.len() >= 10_000);
        longest = longest.max(out.len());
        out.clear();
    }
    // Twelve lines of a histogram with a header, about 800 bytes each.
    assert!(longest < 10_000 + 13_000, "{longest}");
}

#[test]
fn an_empty_store_has_no_families() {
    let mut store = SeriesStore::new(Budget::undivided(100, 10));
    assert_eq!(text(&mut store, Format::OpenMetrics, 100), "");
}

#[test]
fn a_label_set_that_goes_and_comes_back_during_a_scrape_is_there_once() {
    let (mut store, mut held) = of_connections(3);
    let (mut encoder, mut cursor, mut out) = (Encoder::default(), Cursor::new(Format::Text), Vec::new());
    assert!(encoder.render(&store, &mut cursor, 1, &mut out));
    // The first is written. It goes, the second takes its slot, and it takes the second's.
    let mut expire = |store: &mut SeriesStore, now| {
        store.release(&held.remove(0), now);
        store.expire(now, &mut |_| false);
    };
    expire(&mut store, 11 * MINUTE);
    expire(&mut store, 11 * MINUTE);
    connect(&mut store, 0, 11 * MINUTE);
    connect(&mut store, 1, 11 * MINUTE);
    store.publish();
    while encoder.render(&store, &mut cursor, 1, &mut out) {}
    let scrape = parse(&String::from_utf8(out).unwrap(), Format::Text);
    assert_eq!(scrape.values("istio_tcp_sent_bytes_total", &[("source_workload", "client-0")]).len(), 1);
    assert_eq!(scrape.values("istio_tcp_sent_bytes_total", &[("source_workload", "client-2")]).len(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Slice(usize),
    Connect(u16),
    Release(usize),
    Expire,
    Publish,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_000_usize).prop_map(Step::Slice),
        2 => (0..8_u16).prop_map(Step::Connect),
        1 => any::<usize>().prop_map(Step::Release),
        1 => Just(Step::Expire),
        1 => Just(Step::Publish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn label_sets_that_come_and_go_between_slices_leave_the_grammar_whole(
        steps in proptest::collection::vec(step(), 0..60),
        open in any::<bool>(),
    ) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let mut store = SeriesStore::new(Budget::undivided(500, 6));
        let (mut encoder, mut cursor, mut out) = (Encoder::default(), Cursor::new(format), Vec::new());
        let (mut held, mut now) = (Vec::new(), 0);
        held.push(connect(&mut store, 0, now));
        for step in steps {
            now += MINUTE;
            match step {
                Step::Slice(bytes) => { encoder.render(&store, &mut cursor, bytes, &mut out); }
                Step::Connect(number) => held.push(connect(&mut store, number, now)),
                Step::Release(at) if !held.is_empty() => store.release(&held.swap_remove(at % held.len()), now),
                Step::Release(_) => {}
                Step::Publish => store.publish(),
                Step::Expire => {
                    now += 11 * MINUTE;
                    store.expire(now, &mut |_| false);
                }
            }
        }
        while encoder.render(&store, &mut cursor, 1_000, &mut out) {}
        parse(&String::from_utf8(out).unwrap(), format);
    }
}
