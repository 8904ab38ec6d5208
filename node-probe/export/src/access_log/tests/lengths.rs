//! Operators with a length.

use super::filled;
use crate::access_log::samples::record;
use longwire_model::access_log::{LogEvent, LogFormat};
use longwire_model::identity::Workload;
use longwire_pipeline::labels::samples::workload;
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::Edge;
use rstest::rstest;
use std::sync::Arc;

fn named(name: &str) -> LogRecord {
    let record = record(LogEvent::Close, LogFormat::Json);
    let source = Some(Arc::new(Workload { name: name.to_owned(), ..Workload::clone(&workload("web")) }));
    LogRecord { edge: Edge { source, ..record.edge }, ..record }
}

#[rstest]
#[case::longer("storefront", 5, "store")]
#[case::as_long("store", 5, "store")]
#[case::shorter("web", 5, "web")]
#[case::two_bytes_each("\u{e9}\u{e8}\u{ea}", 2, "\u{e9}\u{e8}")]
#[case::four_bytes_each("\u{1f980}\u{1f981}x", 1, "\u{1f980}")]
#[case::as_many_characters_as_wanted("a\u{e9}\u{1f980}", 3, "a\u{e9}\u{1f980}")]
#[case::what_is_escaped("a\nb", 9999, "a\\x0ab")]
fn a_length_is_of_characters(#[case] name: &str, #[case] length: u16, #[case] expected: &str) {
    let template = format!("[%LONGWIRE(source_workload):{length}%]");
    assert_eq!(filled(&named(name), &template), format!("[{expected}]"));
}

#[test]
fn what_stands_before_and_behind_is_not_cut() {
    let template =
        "a long text %LONGWIRE(source_workload):2%, and %START_TIME:10%, and %BYTES_SENT:1% %UPSTREAM_HOST:4%";
    assert_eq!(filled(&named("\u{e9}clair"), template), "a long text \u{e9}c, and 2026-12-01, and 4 10.1");
}
