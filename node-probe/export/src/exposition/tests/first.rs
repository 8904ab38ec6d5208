//! What a scraper that comes again is shown first.

use crate::exposition::grammar::{Scrape, parse, written};
use crate::exposition::{Cursor, Format};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_pipeline::labels::samples::{edge, flow};
use longwire_pipeline::metrics::samples::{hold_edge, hold_flow};
use longwire_pipeline::metrics::{Budget, Scraper, SeriesHandles, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::{FailReason, Monotonic};

const SECOND: Monotonic = 1_000_000_000;
const SENT: &str = "istio_tcp_sent_bytes_total";
const FAILED: &str = "longwire_tcp_connections_failed_total";

fn everything() -> Metrics {
    SeriesSet::ALL.into_iter().collect::<SeriesSets>().into()
}

struct Stage {
    store: SeriesStore,
    now: Monotonic,
}

impl Stage {
    fn new() -> Self {
        Self { store: SeriesStore::new(Budget::undivided(10_000, 1_000)), now: 1_000 * SECOND }
    }

    fn edge(&mut self, source: &str) -> SeriesHandles {
        hold_edge(&mut self.store, &edge(Reporter::Source, source, "server"), everything(), self.now)
    }

    fn add(&mut self, to: &SeriesHandles, delta: &Delta) {
        self.store.record(to, Reporter::Source, delta, self.now);
        self.store.publish();
    }

    /// By who has this number; what it saw is saved.
    fn scrape(&mut self, number: u8) -> Scrape {
        self.now += SECOND;
        let by = Scraper { address: [10, 0, 0, number].into(), slot: 0, is_new: None };
        let begun = self.store.open(Some(by.into()), self.now);
        let text = written(&self.store, Cursor::new(Format::Text).viewed(begun.view()), 1_000);
        self.store.completed(&begun);
        self.store.publish();
        parse(&text, Format::Text)
    }

    /// By who leaves no trace.
    fn look(&mut self) -> Scrape {
        parse(&written(&self.store, Cursor::new(Format::Text), 1_000), Format::Text)
    }
}

#[test]
fn a_connection_that_came_and_went_between_two_scrapes_is_at_zero_and_then_at_its_value() {
    let mut stage = Stage::new();
    stage.scrape(1);
    let held = stage.edge("job");
    stage.add(
        &held,
        &Delta {
            received: 10_000_000,
            opened: 1,
            closed: 1,
            rtt_us: Some(700),
            handshake: Some(SECOND),
            duration: Some(SECOND),
            ..Delta::default()
        },
    );
    stage.store.activate(&held);
    stage.store.publish();
    let (first, whole) = (stage.scrape(1), stage.look());
    assert_eq!(first.names(), whole.names());
    for ((name, labels), value) in &first.samples {
        let expected = if name == "longwire_tcp_connections_active" { "1" } else { "0" };
        assert_eq!(value, expected, "{name} {labels:?}");
    }
    assert_eq!(stage.scrape(1), whole);
    assert_eq!(whole.values(SENT, &[]), ["10000000"]);
}

#[test]
fn each_scraper_has_its_own_first_look() {
    let mut stage = Stage::new();
    stage.scrape(1);
    stage.scrape(2);
    let held = stage.edge("client");
    stage.add(&held, &Delta { received: 5, ..Delta::default() });
    assert_eq!(stage.scrape(1).values(SENT, &[]), ["0"]);
    assert_eq!(stage.scrape(1).values(SENT, &[]), ["5"]);
    assert_eq!(stage.scrape(2).values(SENT, &[]), ["0"]);
    assert_eq!(stage.scrape(2).values(SENT, &[]), ["5"]);
}

#[test]
fn a_line_that_comes_later_than_others_of_its_label_set_is_at_zero_first_too() {
    let mut stage = Stage::new();
    let held = stage.edge("client");
    stage.add(&held, &Delta { received: 5, opened: 1, ..Delta::default() });
    stage.scrape(1);
    let refused = Delta { failed: Some((FailReason::Refused, 1)), ..Delta::default() };
    stage.add(&held, &refused);
    stage.add(&held, &Delta { rtt_us: Some(700), received: 1, ..Delta::default() });
    let first = stage.scrape(1);
    assert_eq!(first.values(FAILED, &[("reason", "refused")]), ["0"]);
    assert_eq!(first.values("longwire_tcp_rtt_seconds_count", &[]), ["0"]);
    assert_eq!(first.values(SENT, &[]), ["6"]);
    stage.add(&held, &Delta { failed: Some((FailReason::Timeout, 1)), ..Delta::default() });
    let second = stage.scrape(1);
    assert_eq!(second.values(FAILED, &[("reason", "refused")]), ["1"]);
    assert_eq!(second.values(FAILED, &[("reason", "timeout")]), ["0"]);
    assert_eq!(stage.scrape(1).values(FAILED, &[("reason", "timeout")]), ["1"]);
}

#[test]
fn a_label_set_that_expired_and_came_back_is_at_zero_first() {
    let mut stage = Stage::new();
    stage.scrape(1);
    for _ in 0..3 {
        let held = stage.edge("job");
        stage.add(&held, &Delta { received: 7, ..Delta::default() });
        assert_eq!(stage.scrape(1).values(SENT, &[]), ["0"]);
        assert_eq!(stage.scrape(1).values(SENT, &[]), ["7"]);
        stage.store.release(&held, stage.now);
        stage.now += 600 * SECOND;
        stage.scrape(1);
        stage.store.expire(stage.now, &mut |_| false);
        assert_eq!(stage.scrape(1).values(SENT, &[]), [""; 0]);
    }
}

#[test]
fn a_metric_that_was_off_and_came_back_is_at_zero_first() {
    let mut stage = Stage::new();
    stage.scrape(1);
    let held = stage.edge("client");
    stage.add(&held, &Delta { received: 7, ..Delta::default() });
    stage.scrape(1);
    let without = everything().without(longwire_model::series::Metric::IstioSentBytes);
    let other = hold_edge(&mut stage.store, &edge(Reporter::Source, "client", "server"), without, stage.now);
    stage.store.release(&held, stage.now);
    for _ in 0..2 {
        stage.add(&other, &Delta { received: 1, ..Delta::default() });
        stage.store.turn_epoch(stage.now, std::iter::empty());
    }
    stage.store.publish();
    assert_eq!(stage.scrape(1).values(SENT, &[]), [""; 0]);
    let again = stage.edge("client");
    stage.add(&again, &Delta { received: 3, ..Delta::default() });
    assert_eq!(stage.scrape(1).values(SENT, &[]), ["0"]);
    assert_eq!(stage.scrape(1).values(SENT, &[]), ["3"]);
}

#[test]
fn a_new_scraper_gets_old_series_at_their_values() {
    let mut stage = Stage::new();
    let held = stage.edge("old");
    stage.add(&held, &Delta { received: 1_000, ..Delta::default() });
    stage.now += 61 * SECOND;
    let held = stage.edge("young");
    stage.add(&held, &Delta { received: 5, ..Delta::default() });
    let first = stage.scrape(1);
    assert_eq!(first.values(SENT, &[("source_workload", "old")]), ["1000"]);
    assert_eq!(first.values(SENT, &[("source_workload", "young")]), ["0"]);
    assert_eq!(stage.scrape(1).values(SENT, &[("source_workload", "young")]), ["5"]);
}

#[test]
fn a_long_connection_stays_until_every_scraper_has_seen_zero_and_its_last_value() {
    let mut stage = Stage::new();
    stage.scrape(1);
    stage.scrape(2);
    let flow = flow(Reporter::Source, "client", "server", 1);
    let held = hold_flow(&mut stage.store, &flow, everything(), stage.now);
    stage.add(&held, &Delta { sent: 9, ..Delta::default() });
    stage.store.release(&held, stage.now);
    stage.store.publish();
    let end = stage.now;
    let (family, mut seen) = ("kmesh_tcp_connection_sent_bytes_total", Vec::new());
    // One scrapes often, the other every 100 s.
    for _ in 0..3 {
        for _ in 0..10 {
            stage.scrape(1);
        }
        stage.now += 90 * SECOND;
        stage.store.expire(stage.now, &mut |_| true);
        seen.extend(stage.scrape(2).values(family, &[]).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, ["0", "9"]);
    assert!(stage.now - end > 300 * SECOND);
}

#[test]
fn a_scraper_that_has_gone_keeps_nothing_for_long() {
    let mut stage = Stage::new();
    stage.scrape(1);
    let held = stage.edge("job");
    stage.add(&held, &Delta { received: 7, ..Delta::default() });
    stage.store.release(&held, stage.now);
    stage.now += 400 * SECOND;
    stage.scrape(1);
    // It has seen 0, and is waited for as long as it may still come.
    stage.now += 299 * SECOND;
    stage.store.expire(stage.now, &mut |_| false);
    assert_eq!(stage.look().values(SENT, &[]), ["7"]);
    stage.now += SECOND;
    stage.store.expire(stage.now, &mut |_| false);
    assert_eq!(stage.look().values(SENT, &[]), [""; 0]);
}

#[test]
fn openmetrics_has_creation_times_if_enabled() {
    let mut stage = Stage::new();
    let held = stage.edge("client");
    stage.add(&held, &Delta { received: 5, opened: 1, rtt_us: Some(1), ..Delta::default() });
    stage.now += SECOND / 2;
    stage.add(&held, &Delta { failed: Some((FailReason::Refused, 1)), ..Delta::default() });
    let offset = 1_700_000_000 * SECOND;
    let cursor = |format| Cursor::new(format).with_created(offset);
    let open = parse(&written(&stage.store, cursor(Format::OpenMetrics), 1_000), Format::OpenMetrics);
    for (name, began) in [
        ("istio_tcp_sent_bytes_created", "1700001000"),
        ("longwire_tcp_rtt_seconds_created", "1700001000"),
        ("longwire_tcp_connections_failed_created", "1700001000.5"),
        ("longwire_tcp_connections_active_created", ""),
    ] {
        assert_eq!(open.values(name, &[]), if began.is_empty() { vec![] } else { vec![began] }, "{name}");
    }
    assert_eq!(open.values("longwire_tcp_connections_failed_created", &[("reason", "refused")]).len(), 1);
    assert_eq!(
        written(&stage.store, cursor(Format::Text), 1_000),
        written(&stage.store, Cursor::new(Format::Text), 1_000)
    );
    let plain = parse(&written(&stage.store, Cursor::new(Format::OpenMetrics), 1_000), Format::OpenMetrics);
    assert!(plain.names().iter().all(|name| !name.ends_with("_created")));
}
