use super::super::size::Weigh;
use super::{AccessLogs, Condition, LogEvent, LogEvents, LogFormat, LogOutputs, Share, Template, read};
use longwire_crds::telemetry_policy as crd;
use rstest::rstest;
use serde_json::{Value, from_value, json};
use std::time::Duration;

/// What is read of `spec.accessLogs`, or why not.
fn logs(value: Value) -> Result<AccessLogs, String> {
    let written: crd::AccessLogs = from_value(value).unwrap();
    read(written, None).map_err(|refusal| refusal.message)
}

#[test]
fn every_field_is_read() {
    let read = logs(json!({
        "enabled": false, "events": ["failed", "connect"], "interval": "1h", "minDuration": "0s",
        "filter": "connection.sent_bytes > 10", "sample": 0.0001, "rateLimit": 100_000,
        "until": "2000-01-01T00:00:01.5Z", "format": "%BYTES_SENT%", "exporters": ["stdout", "files"],
    }));
    let expected = AccessLogs {
        enabled: Some(false),
        events: Some(LogEvents::NONE.with(LogEvent::Connect).with(LogEvent::Failed)),
        interval: Some(Duration::from_secs(3600)),
        min_duration: Some(Duration::ZERO),
        filter: Some(Condition::parse("connection.sent_bytes > 10").unwrap()),
        sample: Share::try_from(1_u32).ok(),
        rate_limit: Some(100_000),
        until: Some(946_684_801_500_000_000),
        format: Some(LogFormat::Text(Template::parse("%BYTES_SENT%").unwrap())),
        outputs: Some(LogOutputs::parse(["files", "stdout"]).unwrap()),
    };
    assert_eq!(read, Ok(expected));
    assert_eq!(logs(json!({"events": []})).unwrap().events, Some(LogEvents::NONE));
    assert_eq!(logs(json!({})), Ok(AccessLogs::default()));
}

#[rstest]
#[case::json("json", LogFormat::Json)]
#[case::istio("istio", LogFormat::Istio)]
#[case::ztunnel("ztunnel", LogFormat::Ztunnel)]
#[case::kmesh("kmesh", LogFormat::Kmesh)]
#[case::a_line("%START_TIME% json\n", LogFormat::Text(Template::parse("%START_TIME% json\n").unwrap()))]
#[case::a_percent_sign_alone("100%%", LogFormat::Text(Template::parse("100%%").unwrap()))]
fn a_format_is_a_presets_name_or_has_a_percent_sign(#[case] text: &str, #[case] expected: LogFormat) {
    assert_eq!(logs(json!({"format": text})).unwrap().format, Some(expected));
}

#[test]
fn an_unknown_operator_is_named_with_the_known_ones() {
    let error = logs(json!({"format": "%START_TIME% %REQ(:METHOD)%"})).unwrap_err();
    assert!(error.starts_with("spec.accessLogs.format: unknown operator %REQ%: known are START_TIME, "), "{error}");
    assert!(error.contains(", BYTES_SENT, ") && !error.ends_with("..."), "{error}");
}

#[test]
fn of_a_long_word_that_is_no_format_the_beginning_is_quoted() {
    let error = logs(json!({"format": "é".repeat(1000)})).unwrap_err();
    assert!(
        error.starts_with(&format!("spec.accessLogs.format: unknown format {:?}: known are json", "é".repeat(32))),
        "{error}"
    );
}

/// Seconds since 1970.
#[rstest]
#[case::utc("2026-12-31T18:00:00Z", 1_798_740_000.0)]
#[case::elsewhere("2026-12-31T18:00:00+01:00", 1_798_736_400.0)]
#[case::west("2026-12-31T18:00:00-00:30", 1_798_741_800.0)]
#[case::a_fraction("2026-12-31T18:00:00.25Z", 1_798_740_000.25)]
#[case::nanoseconds("2026-12-31T18:00:00.000000000Z", 1_798_740_000.0)]
fn a_time_is_read_as_rfc_3339_has_it(#[case] text: &str, #[case] seconds: f64) {
    assert_eq!(logs(json!({"until": text})).unwrap().until, Some((seconds * 100.0) as u64 * 10_000_000));
}

#[test]
fn a_time_beyond_all_clocks_is_never() {
    assert_eq!(logs(json!({"until": "2999-12-31T23:59:59Z"})).unwrap().until, Some(u64::MAX));
}

/// The schema's pattern has none of them either.
#[rstest]
#[case::a_day("2026-12-31")]
#[case::no_offset("2026-12-31T18:00:00")]
#[case::a_blank("2026-12-31 18:00:00Z")]
#[case::small_letters("2026-12-31t18:00:00z")]
#[case::no_seconds("2026-12-31T18:00Z")]
#[case::a_fraction_of_nothing("2026-12-31T18:00:00.Z")]
#[case::too_fine("2026-12-31T18:00:00.0000000001Z")]
#[case::a_comma("2026-12-31T18:00:00,5Z")]
#[case::a_short_offset("2026-12-31T18:00:00+01")]
#[case::a_zone("2026-12-31T18:00:00+01:00[Europe/Berlin]")]
#[case::a_far_offset("2026-12-31T18:00:00+99:99")]
#[case::a_day_off("2026-12-31T18:00:00+24:00")]
#[case::a_leap_second("2016-12-31T23:59:60Z")]
#[case::no_such_day("2026-02-30T18:00:00Z")]
#[case::no_such_hour("2026-12-31T25:00:00Z")]
#[case::long_ago("1999-12-31T18:00:00Z")]
#[case::far_ahead("9999-12-31T18:00:00Z")]
#[case::in_the_middle_of_a_letter("2026-12-31T18:00:0éZ")]
#[case::nothing("")]
fn anything_else_is_no_time(#[case] text: &str) {
    let error = logs(json!({"until": text})).unwrap_err();
    assert!(error.starts_with(&format!("spec.accessLogs.until: {text:?} is no time")), "{error}");
}

#[rstest]
#[case::nothing(0.0, 0)]
#[case::a_part(12.5, 125_000)]
#[case::all(100.0, 1_000_000)]
fn a_sample_is_percent(#[case] percent: f64, #[case] millionths: u32) {
    assert_eq!(logs(json!({"sample": percent})).unwrap().sample.map(Share::millionths), Some(millionths));
}

#[test]
fn no_percentage_is_below_0() {
    assert_eq!(
        logs(json!({"sample": -1})),
        Err("spec.accessLogs.sample: -1 is not between 0 and 100 percent".to_owned())
    );
}

#[test]
fn an_interval_is_at_least_the_reporting_interval_beside_it() {
    let seconds = Duration::from_secs;
    let written: crd::AccessLogs = from_value(json!({"interval": "10s"})).unwrap();
    assert_eq!(read(written.clone(), Some(seconds(10))).unwrap().interval, Some(seconds(10)));
    assert!(read(written, Some(seconds(11))).is_err());
    assert!(read(crd::AccessLogs::default(), Some(seconds(300))).is_ok());
}

#[test]
fn filter_and_format_count_as_memory() {
    let bytes = |value| logs(value).unwrap().bytes();
    assert_eq!(bytes(json!({"enabled": true, "events": ["close"], "format": "kmesh"})), 0);
    let (short, long) = ("%BYTES_SENT%".to_owned(), format!("%BYTES_SENT%{}", "x".repeat(1000)));
    assert!(bytes(json!({"format": long})) >= bytes(json!({"format": short})) + 1000);
    let filter = "source.workload.matches('^[a-z]{1,20}$')";
    assert_eq!(bytes(json!({"filter": filter})), Condition::parse(filter).unwrap().unused_bytes());
}
