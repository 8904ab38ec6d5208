use super::*;
use rstest::rstest;

const OPEN: &[u8] = b"a 1\n# EOF\n";
const TEXT: &[u8] = b"a 1\n";

#[rstest]
#[case::text(Some("text/plain; version=0.0.4"), OPEN, Format::Text)]
#[case::new_text(Some("text/plain;version=1.0.0;escaping=underscores"), TEXT, Format::Text)]
#[case::text_without_a_version(Some("text/plain"), OPEN, Format::Text)]
#[case::open_metrics(Some("application/openmetrics-text; version=1.0.0; charset=utf-8"), TEXT, Format::OpenMetrics)]
#[case::old_open_metrics(Some("application/openmetrics-text;version=0.0.1"), TEXT, Format::OpenMetrics)]
#[case::open_metrics_without_a_version(Some("Application/OpenMetrics-Text"), TEXT, Format::OpenMetrics)]
#[case::missing(None, TEXT, Format::Text)]
#[case::missing_of_open_metrics(None, OPEN, Format::OpenMetrics)]
#[case::missing_of_an_empty_open_metrics(None, b"# EOF", Format::OpenMetrics)]
#[case::missing_of_a_value_that_ends_so(None, b"a{b=\"# EOF\"} 1\n", Format::Text)]
#[case::of_a_framework(Some("text/html; charset=utf-8"), TEXT, Format::Text)]
#[case::of_a_framework_with_open_metrics(Some("text/html"), OPEN, Format::OpenMetrics)]
#[case::nonsense(Some("nonsense;;="), OPEN, Format::OpenMetrics)]
#[case::json(Some("application/json"), b"{}", Format::Text)]
fn a_content_type_decides_if_it_names_a_format(
    #[case] content_type: Option<&str>,
    #[case] body: &[u8],
    #[case] format: Format,
) {
    assert_eq!(grammar(content_type, body), Ok(format));
}

#[rstest]
#[case("application/openmetrics-text; version=2.0.0")]
#[case("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")]
fn a_format_that_nobody_reads_here_is_refused(#[case] content_type: &str) {
    let refusal = grammar(Some(content_type), OPEN).unwrap_err();
    assert_eq!(refusal, Refusal::ContentType(content_type.to_owned()));
    assert!(refusal.to_string().contains("answer in text/plain; version=0.0.4"), "{refusal}");
}
