//! Whatever a name says, it stays inside its line, and JSON gives it back as it was.

use super::parsed::Parsed;
use super::{filled, line};
use crate::access_log::LineWriter;
use crate::access_log::samples::{record, telemetry};
use longwire_model::access_log::{Field, LogEvent, LogFormat, Template};
use longwire_model::identity::{Place, Pod, Service, Workload};
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::{DestinationService, Edge};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;

/// Of everything that has a name.
fn named(name: &str, format: LogFormat) -> LogRecord {
    let name = || name.to_owned();
    let workload = Arc::new(Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: name(),
    });
    let service = Arc::new(Service { namespace: name(), name: name(), host: name(), cluster: name() });
    let pod = |pod: Option<Arc<Pod>>| {
        let place = Arc::new(Place { node: name(), ..Place::default() });
        pod.map(|pod| Arc::new(Pod { name: name(), place, ..Pod::clone(&pod) }))
    };
    let record = record(LogEvent::Close, format);
    let edge = Edge {
        source: Some(Arc::clone(&workload)),
        destination: Some(workload),
        destination_service: DestinationService::Service(Arc::clone(&service)),
        ..record.edge
    };
    LogRecord {
        edge,
        source_pod: pod(record.source_pod),
        destination_pod: pod(record.destination_pod),
        requested_service: Some(service),
        cluster: Some(name()),
        ..record
    }
}

/// Fields with a name of Kubernetes.
fn names() -> impl Iterator<Item = &'static str> {
    let is_name = |name: &&str| {
        let end = ["workload", "namespace", "service", "revision", "pod", "node", "service_name"];
        end.iter().any(|end| name.ends_with(end))
    };
    Field::ALL.into_iter().map(Field::name).filter(is_name)
}

#[test]
fn every_name_of_kubernetes_is_tested() {
    assert_eq!(names().count(), 16);
}

#[rstest]
#[case::quotes("\"\"\"")]
#[case::a_quote_that_would_end_the_value("a\",\"reporter\":\"b")]
#[case::backslashes("\\\\\\")]
#[case::a_backslash_at_the_end("a\\")]
#[case::what_looks_escaped("\\n\\\"\\u0041")]
#[case::newlines("a\n{\"time\":0}\n")]
#[case::other_line_ends("\r\n\u{b}\u{c}\u{85}\u{2028}\u{2029}")]
#[case::what_a_terminal_obeys("\u{1b}[2J\u{7f}\u{9b}2J\u{8}\u{7}")]
#[case::zero_bytes("\u{0}a\u{0}")]
#[case::emoji("\u{1f980}\u{200d}\u{1f9d1}\u{1f3ff}")]
#[case::the_largest_character("\u{10ffff}\u{ffff}")]
#[case::percent_signs("%START_TIME% %% %s")]
#[case::four_kibibytes(&"\"\\\n\u{e9}".repeat(1024))]
fn a_hostile_name_is_read_back_as_it_was(#[case] name: &str) {
    let parsed = Parsed::of(&named(name, LogFormat::Json));
    assert_eq!(parsed.0.len(), Parsed::of(&record(LogEvent::Close, LogFormat::Json)).0.len());
    for field in names() {
        assert_eq!(parsed.get(field), Some(&json!(name)), "{field}");
    }
    assert_no_control(&line(&named(name, LogFormat::Json)));
}

fn assert_no_control(line: &str) {
    assert!(!line.contains(|character: char| character.is_control()), "{line:?}");
}

#[rstest]
#[case::newline("a\nb", "a\\x0ab")]
#[case::carriage_return("\r", "\\x0d")]
#[case::zero("\u{0}", "\\x00")]
#[case::escape("\u{1b}[2J", "\\x1b[2J")]
#[case::delete("\u{7f}", "\\x7f")]
#[case::of_two_bytes("\u{80}\u{85}\u{9f}", "\\x80\\x85\\x9f")]
#[case::no_control("\u{a0}\u{e9} \"\\", "\u{a0}\u{e9} \"\\")]
fn a_format_string_has_control_characters_in_hexadecimal(#[case] name: &str, #[case] expected: &str) {
    let record = named(name, LogFormat::Json);
    for field in names() {
        assert_eq!(filled(&record, &format!("%LONGWIRE({field})%")), expected, "{field}");
    }
    assert_eq!(filled(&record, "%UPSTREAM_CLUSTER%|%HOSTNAME%"), format!("{expected}|{expected}"));
}

#[test]
fn ztunnels_values_do_not_leave_their_quotes() {
    let written = line(&named("a\" error=\"b\\\n", LogFormat::Ztunnel));
    let expected = "\"a\\\" error=\\\"b\\\\\\x0a\"";
    for key in ["src.workload", "src.namespace", "dst.service", "dst.workload", "dst.namespace"] {
        assert!(written.contains(&format!(" {key}={expected} ")), "{key}: {written}");
    }
}

fn formats() -> [LogFormat; 5] {
    let template = "%LONGWIRE(source_pod)% %UPSTREAM_CLUSTER:7% %HOSTNAME% %LONGWIRE(destination_service)%";
    let template = LogFormat::Text(Template::parse(template).unwrap());
    [LogFormat::Json, LogFormat::Istio, LogFormat::Ztunnel, LogFormat::Kmesh, template]
}

proptest! {
    #[test]
    fn any_name_makes_one_line_of_valid_json(name in "(?s).{1,40}|[\\x00-\\x1f\"\\\\\u{7f}-\u{a0}a]{1,40}") {
        let mut written = Vec::new();
        LineWriter::default().write(&named(&name, LogFormat::Json), &mut written);
        prop_assert_eq!(written.iter().position(|byte| *byte == b'\n'), Some(written.len() - 1));
        let parsed: Parsed = serde_json::from_slice(&written).unwrap();
        for field in names() {
            prop_assert_eq!(parsed.get(field).and_then(Value::as_str), Some(name.as_str()));
        }
    }

    #[test]
    fn any_name_leaves_each_line_one(name in "(?s).{0,40}|[\\x00-\\x1f\u{7f}-\u{a0}a]{1,40}") {
        for format in formats() {
            let mut written = Vec::new();
            let mut writer = LineWriter::default();
            for _ in 0..2 {
                writer.write(&LogRecord { telemetry: telemetry(format.clone()), ..named(&name, LogFormat::Json) }, &mut written);
            }
            let written = String::from_utf8(written).unwrap();
            let lines: Vec<_> = written.split_inclusive('\n').collect();
            prop_assert_eq!(lines.len(), 2);
            prop_assert_eq!(lines[0], lines[1]);
            let is_control = |character: &char| character.is_control() && *character != '\t';
            prop_assert_eq!(lines[0].chars().filter(is_control).count(), 1);
        }
    }
}
