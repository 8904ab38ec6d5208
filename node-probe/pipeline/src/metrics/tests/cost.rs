//! What an edge and a long connection cost, as docs/sizing.md says.

use super::roomy;
use super::shown::scrape;
use crate::labels::samples::{edge, flow};
use crate::metrics::samples::{hold_edge, hold_flow};
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};

const SIZING: &str = include_str!("../../../../../docs/sizing.md");
const MAX_SERIES_OF_EDGE: usize = 25;

fn check_sizing(row: &str, series: usize) {
    let line = format!("| {row} | {series} |");
    assert!(SIZING.contains(&line), "docs/sizing.md does not say {line:?}");
}

/// Of an edge whose connections have done all that they can.
fn series(reporter: Reporter) -> usize {
    let mut store = roomy();
    let edge = edge(reporter, "client", "server");
    let by_default = Metrics::from(SeriesSets::default());
    let held = hold_edge(&mut store, &edge, by_default, 0);
    let handshake = (reporter == Reporter::Source).then_some(1);
    let lived =
        Delta { opened: 1, closed: 1, sent: 1, rtt_us: Some(1), handshake, duration: Some(1), ..Delta::default() };
    store.record(&held, reporter, &lived, 0);
    if reporter == Reporter::Source {
        let refused = Delta { failed: Some((FailReason::Refused, 1)), ..Delta::default() };
        store.record(&held, reporter, &refused, 0);
    }
    scrape(&mut store).samples.len()
}

#[test]
fn an_edge_costs_at_most_25_series_as_documented() {
    let [source, destination] = [Reporter::Source, Reporter::Destination].map(series);
    check_sizing("an edge, at its client's node, one of its connects having failed", source);
    check_sizing("an edge, at its server's node", destination);
    assert!(source <= MAX_SERIES_OF_EDGE && destination <= MAX_SERIES_OF_EDGE);
    let edges = 100_000 / source;
    assert!(SIZING.contains(&format!("some {},000 edges", edges / 1_000)), "{edges} edges");
}

#[test]
fn a_long_connection_costs_four_series_a_reporter() {
    let mut store = roomy();
    let only = Metrics::of(SeriesSet::KmeshConnection);
    let held = hold_flow(&mut store, &flow(Reporter::Source, "client", "server", 1), only, 0);
    store.record(&held, Reporter::Source, &Delta::default(), 0);
    check_sizing("a long connection, at each of its ends", scrape(&mut store).samples.len());
}

#[test]
fn two_workloads_cost_two_series_for_each_scope_a_reporter() {
    let mut store = roomy();
    let only = Metrics::of(SeriesSet::Locality);
    let held = hold_flow(&mut store, &flow(Reporter::Source, "client", "server", 1), only, 0);
    store.record(&held, Reporter::Source, &Delta::default(), 0);
    let series = scrape(&mut store).samples.len();
    check_sizing("two workloads, for each scope between them, at each of their nodes", series);
}
