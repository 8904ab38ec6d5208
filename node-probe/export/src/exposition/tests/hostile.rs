//! Whatever a label says, it is read back as it was.

use crate::exposition::grammar::{parse, text};
use crate::exposition::{Format, escape_label};
use longwire_model::identity::Workload;
use longwire_model::series::{Metrics, SeriesSets};
use longwire_pipeline::labels::samples::{edge, workload};
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesStore};
use longwire_pipeline::observation::{Delta, Edge, Reporter};
use proptest::prelude::*;
use rstest::rstest;
use std::sync::Arc;

/// As both formats give it back.
fn read_back(value: &str) -> [String; 2] {
    let mut hostile = Workload::clone(&workload("client"));
    value.clone_into(&mut hostile.canonical_service);
    let edge = Edge { source: Some(Arc::new(hostile)), ..edge(Reporter::Source, "", "server") };
    let mut store = SeriesStore::new(Budget::undivided(1_000, 10));
    let to = hold_edge(&mut store, &edge, Metrics::from(SeriesSets::default()), 0);
    let delta = Delta { opened: 1, rtt_us: Some(1), ..Delta::default() };
    store.record(&to, Reporter::Source, &delta, 0);
    [Format::Text, Format::OpenMetrics].map(|format| {
        let scrape = parse(&text(&mut store, format, 64), format);
        let opened = scrape.samples.keys().find(|(name, _)| name == "istio_tcp_connections_opened_total").unwrap();
        opened.1["source_canonical_service"].clone()
    })
}

#[rstest]
#[case::quotes("\"\"\"")]
#[case::a_quote_that_would_end_the_label("a\",reporter=\"b")]
#[case::backslashes("\\\\\\")]
#[case::a_backslash_at_the_end("a\\")]
#[case::what_looks_escaped("\\n\\\"")]
#[case::newlines("\n# EOF\n")]
#[case::other_line_ends("\r\n\u{85}\u{2028}")]
#[case::emoji("\u{1f980}\u{200d}\u{1f9d1}\u{1f3ff}")]
#[case::braces("{}={},} 1")]
#[case::zero_bytes("\u{0}")]
#[case::four_kibibytes(&"\"\\\n\u{e9}".repeat(1024))]
fn a_hostile_value_is_read_back_as_it_was(#[case] value: &str) {
    assert_eq!(read_back(value), [value; 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_value_is_read_back_as_it_was(value in "(?s)[\\\\\"\n{}=,a\u{e9}\u{1f980}]{1,20}|\\PC{1,20}") {
        prop_assert_eq!(read_back(&value), [value.clone(), value]);
    }
}

#[test]
fn quotes_backslashes_and_newlines_are_escaped_and_nothing_else() {
    let mut escaped = Vec::new();
    escape_label("a\"b\\c\nd\te\u{0}f\u{1f980}{},=\r", &mut escaped);
    assert_eq!(String::from_utf8(escaped).unwrap(), "a\\\"b\\\\c\\nd\te\u{0}f\u{1f980}{},=\r");
}
