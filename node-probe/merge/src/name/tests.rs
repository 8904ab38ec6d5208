use super::*;
use rstest::rstest;

#[rstest]
#[case("http.requests", "http_requests")]
#[case("1st", "_st")]
#[case("a1", "a1")]
#[case("r\u{e9}sum\u{e9}", "r_sum_")]
#[case("a:b", "a:b")]
#[case("a\\nb\\\"", "a_b_")]
fn underscores_stand_for_what_others_do_not_know(#[case] raw: &str, #[case] expected: &str) {
    assert_eq!(metric(raw, true, Names::Underscores), expected);
}

#[test]
fn a_label_has_no_colon() {
    assert_eq!(label("a:b.c", true, Names::Underscores), "a_b_c");
    assert_eq!(label("a:b.c", true, Names::Utf8), "a:b.c");
}

#[test]
fn escapes_in_quotes_are_read() {
    assert_eq!(metric("a\\nb\\\"\\\\\\x", true, Names::Utf8), "a\nb\"\\\\x");
}

#[rstest]
#[case(None, Names::Underscores)]
#[case(Some("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), Names::Underscores)]
#[case(Some("application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6"), Names::Underscores)]
#[case(Some("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.1"), Names::Utf8)]
#[case(Some("nonsense;;=, text/plain;version=1.0.0;escaping=allow-utf-8"), Names::Utf8)]
fn a_scraper_that_reads_quoted_names_says_so(#[case] accept: Option<&str>, #[case] expected: Names) {
    assert_eq!(Names::negotiate(accept), expected);
}

#[test]
fn quoted_names_are_of_a_newer_text_format() {
    assert_eq!(content_type(Format::Text, Names::Underscores), Format::Text.content_type());
    assert_eq!(content_type(Format::OpenMetrics, Names::Underscores), Format::OpenMetrics.content_type());
    for format in [Format::Text, Format::OpenMetrics] {
        assert!(content_type(format, Names::Utf8).contains("version=1.0.0"));
        assert!(content_type(format, Names::Utf8).ends_with("escaping=allow-utf-8"));
    }
}
