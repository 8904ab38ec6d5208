use super::*;
use rstest::rstest;

fn written(time: &str, from: Format, to: Format) -> String {
    let mut out = Vec::new();
    write(time, from, to, &mut out);
    String::from_utf8(out).unwrap()
}

#[rstest]
#[case("1700000000123", "1700000000.123")]
#[case("1700000000000", "1700000000")]
#[case("7", "0.007")]
#[case("0", "0")]
#[case("007", "0.007")]
#[case("9223372036854775807", "9223372036854775.807")]
fn milliseconds_of_text_are_seconds(#[case] text: &str, #[case] open_metrics: &str) {
    assert_eq!(written(text, Format::Text, Format::OpenMetrics), open_metrics);
    assert_eq!(written(text, Format::Text, Format::Text), text);
}

#[rstest]
#[case("1700000000.123", "1700000000123")]
#[case("1700000000", "1700000000000")]
#[case("1.7e9", "1700000000000")]
#[case("0.0009", "0")]
#[case("-1.5", "-1500")]
#[case("1e300", "9223372036854775807")]
fn seconds_of_openmetrics_are_milliseconds(#[case] open_metrics: &str, #[case] text: &str) {
    assert_eq!(written(open_metrics, Format::OpenMetrics, Format::Text), text);
    assert_eq!(written(open_metrics, Format::OpenMetrics, Format::OpenMetrics), open_metrics);
}

#[test]
fn no_millisecond_is_lost_on_the_way_through_seconds() {
    assert_eq!(written("17000000001", Format::Text, Format::OpenMetrics), "17000000.0015", "it would read ...000");
    let today = (1_700_000_000_000_i64..).step_by(86_413).take(1_000);
    for time in today.chain((1..).step_by(17_000_003).take(1_000)) {
        let seconds = written(&time.to_string(), Format::Text, Format::OpenMetrics);
        assert_eq!(millis(&seconds, Format::OpenMetrics), time);
    }
}
