//! One edge, line for line.

use crate::exposition::grammar::text;
use crate::exposition::{Format, write_header};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_pipeline::labels::samples::{self, edge};
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;

fn labels() -> String {
    let pairs = samples::pairs(edge(Reporter::Source, "client", "server"));
    let labels: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{{{}", labels.join(","))
}

fn store(set: SeriesSet) -> SeriesStore {
    let mut store = SeriesStore::new(Budget::undivided(1_000, 10));
    let to = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), Metrics::of(set), 0);
    let lived = Delta {
        sent: 18_446_744_073_709_551_000,
        received: 7,
        opened: 1,
        retransmitted_bytes: 3,
        lost: 2,
        handshake: Some(1_000_000),
        duration: Some(60_000_000_001),
        ..Delta::default()
    };
    store.record(&to, Reporter::Source, &lived, 0);
    for reason in [FailReason::Refused, FailReason::NeverSent, FailReason::Refused] {
        store.record(&to, Reporter::Source, &Delta { failed: Some((reason, 1)), ..Delta::default() }, 0);
    }
    store.activate(&to);
    store
}

#[test]
fn istios_series_read_as_in_the_text_format() {
    let labels = labels();
    let expected = format!(
        "# HELP istio_tcp_sent_bytes_total Bytes from server to client, cumulative.\n\
         # TYPE istio_tcp_sent_bytes_total counter\n\
         istio_tcp_sent_bytes_total{labels}}} 7\n\
         # HELP istio_tcp_received_bytes_total Bytes from client to server, cumulative.\n\
         # TYPE istio_tcp_received_bytes_total counter\n\
         istio_tcp_received_bytes_total{labels}}} 18446744073709551000\n\
         # HELP istio_tcp_connections_opened_total Connections established, cumulative.\n\
         # TYPE istio_tcp_connections_opened_total counter\n\
         istio_tcp_connections_opened_total{labels}}} 1\n\
         # HELP istio_tcp_connections_closed_total Established connections that ended, cumulative.\n\
         # TYPE istio_tcp_connections_closed_total counter\n\
         istio_tcp_connections_closed_total{labels}}} 0\n"
    );
    let mut store = store(SeriesSet::Istio);
    assert_eq!(text(&mut store, Format::Text, usize::MAX), expected);
    let open_metrics = text(&mut store, Format::OpenMetrics, usize::MAX);
    let without_suffix = expected
        .lines()
        .map(|line| if line.starts_with('#') { line.replacen("_total", "", 1) + "\n" } else { format!("{line}\n") });
    assert_eq!(open_metrics, without_suffix.collect::<String>());
}

fn samples(text: &str, family: &str) -> Vec<String> {
    let of_family = text.lines().filter(|line| line.starts_with(family));
    of_family.map(|line| line.replace(&labels(), "{...").replacen(family, "", 1)).collect()
}

#[test]
fn histograms_are_cumulative_and_end_with_infinity_sum_and_count() {
    let mut store = store(SeriesSet::Longwire);
    let text_format = text(&mut store, Format::Text, usize::MAX);
    let expected = [
        "_bucket{...,le=\"0.001\"} 1",
        "_bucket{...,le=\"0.01\"} 1",
        "_bucket{...,le=\"0.1\"} 1",
        "_bucket{...,le=\"+Inf\"} 1",
        "_sum{...} 0.001",
        "_count{...} 1",
    ];
    assert_eq!(samples(&text_format, "longwire_tcp_handshake_seconds"), expected);
    let open_metrics = text(&mut store, Format::OpenMetrics, usize::MAX);
    let expected = [
        "_bucket{...,le=\"1.0\"} 0",
        "_bucket{...,le=\"60.0\"} 0",
        "_bucket{...,le=\"+Inf\"} 1",
        "_sum{...} 60.000000001",
        "_count{...} 1",
    ];
    assert_eq!(samples(&open_metrics, "longwire_tcp_connection_duration_seconds"), expected);
}

#[test]
fn failures_come_by_the_reasons_that_occurred() {
    let mut store = store(SeriesSet::Longwire);
    let text = text(&mut store, Format::Text, usize::MAX);
    let expected = ["{...,reason=\"refused\"} 2", "{...,reason=\"never_sent\"} 1"];
    assert_eq!(samples(&text, "longwire_tcp_connections_failed_total"), expected);
    assert_eq!(samples(&text, "longwire_tcp_connections_active"), ["{...} 1"]);
    assert_eq!(samples(&text, "longwire_tcp_rtt_seconds"), [""; 0]);
}

#[test]
fn a_help_text_is_escaped_by_the_rules_of_each_format() {
    let header = |format| {
        let mut out = Vec::new();
        write_header(&mut out, format, "a_total", "counter", "one\\two\n\"three\"");
        String::from_utf8(out).unwrap()
    };
    assert_eq!(header(Format::Text), "# HELP a_total one\\\\two\\n\"three\"\n# TYPE a_total counter\n");
    assert_eq!(header(Format::OpenMetrics), "# HELP a one\\\\two\\n\\\"three\\\"\n# TYPE a counter\n");
}

#[test]
fn the_reference_explains_every_reason() {
    let page = include_str!("../../../../../docs/metrics.md");
    let (_, table) = page.split_once("\n| reason | meaning |\n").unwrap();
    let rows: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with("| ")).collect();
    for reason in FailReason::ALL {
        let start = format!("| `{}` | ", reason.name());
        assert!(rows.iter().any(|row| row.starts_with(&start)), "{} in {rows:?}", reason.name());
    }
}
