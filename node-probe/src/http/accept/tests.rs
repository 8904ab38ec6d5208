use super::*;

#[track_caller]
fn check(accept: Option<&str>, open_metrics: bool) {
    let chosen = matches!(negotiate(accept), Format::OpenMetrics);
    assert_eq!(chosen, open_metrics, "{accept:?}");
}

#[test]
fn the_format_of_the_highest_quality_is_chosen() {
    check(None, false);
    check(Some("*/*"), false);
    check(Some("text/plain"), false);
    check(Some("application/openmetrics-text"), true);
    check(Some("application/openmetrics-text; version=1.0.0; q=0.5, text/plain;q=0.4"), true);
    check(Some("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.9"), false);
    check(Some("application/openmetrics-text;q=0, */*;q=0.1"), false);
    check(Some("text/html, nonsense;;=, application/json"), false);
    check(Some("nonsense;;=, application/openmetrics-text"), true);
    check(Some("Application/OpenMetrics-Text; Version=\"1.0.0\""), true);
}

#[test]
fn what_prometheus_sends_gets_openmetrics() {
    check(
        Some(
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ),
        true,
    );
}

#[test]
fn a_version_that_is_not_written_is_not_chosen() {
    check(Some("application/openmetrics-text;version=2.0.0, text/plain;q=0.1"), false);
}
