//! Our own series arrive unharmed, whatever targets have.

use super::*;
use rstest::rstest;

const OWN: &str = "# HELP istio_x_total ours\n# TYPE istio_x_total counter\nistio_x_total{a=\"b\"} 1\n# HELP istio_ms ours\n# TYPE istio_ms histogram\nistio_ms_bucket{le=\"+Inf\"} 1\nistio_ms_sum 1\nistio_ms_count 1\n";
const OWN_OPEN_METRICS: &str =
    "# HELP istio_x ours\n# TYPE istio_x counter\nistio_x_total{a=\"b\"} 1\nistio_x_created{a=\"b\"} 5\n# EOF\n";

#[rstest]
#[case::the_same_family("# TYPE istio_x_total counter\nistio_x_total{t=\"2\"} 2\n", "istio_x_total")]
#[case::another_type("# TYPE istio_x_total gauge\nistio_x_total{t=\"2\"} 2\n", "istio_x_total")]
#[case::no_type("istio_x_total{t=\"2\"} 2\n", "istio_x_total")]
#[case::a_quoted_name("{\"istio_x_total\",t=\"2\"} 2\n", "istio_x_total")]
#[case::the_family_of_openmetrics("# TYPE istio_x gauge\nistio_x{t=\"2\"} 2\n", "istio_x")]
#[case::a_birth("istio_x_created{t=\"2\"} 2\n", "istio_x_created")]
#[case::a_part_of_a_histogram("istio_ms_count{t=\"2\"} 2\n", "istio_ms_count")]
#[case::a_histogram_around_ours("# TYPE istio_x_total summary\nistio_x_total_sum{t=\"2\"} 2\n", "istio_x_total")]
fn a_family_of_our_name_is_dropped_and_counted(#[case] body: &str, #[case] family: &str) {
    let body = format!("{body}good 1\n");
    let mut merge = Merge::new(Format::Text, Names::Utf8);
    merge.own(OWN);
    let accepted = merge.target(TEXT, body.as_bytes(), &Limits::default()).unwrap();
    assert_eq!((accepted.samples, dropped(&accepted)), (1, vec![(Reason::Own, 1, family)]));
    assert_eq!(finished(merge), format!("{OWN}# TYPE good untyped\ngood 1\n"));
}

#[rstest]
#[case::html(TEXT, b"<html>")]
#[case::cut(OPEN_METRICS, b"istio_x_total 1\n")]
#[case::a_bad_line_behind_good_ones(TEXT, b"good 1\nbad\n")]
#[case::protobuf(Some("application/vnd.google.protobuf"), b"\x0a")]
fn nothing_of_a_bad_target_is_there(#[case] content_type: Option<&str>, #[case] body: &[u8]) {
    let mut merge = Merge::new(Format::Text, Names::Utf8);
    merge.own(OWN);
    merge.target(content_type, body, &Limits::default()).unwrap_err();
    merge.target(TEXT, b"next 1\n", &Limits::default()).unwrap();
    assert_eq!(finished(merge), format!("{OWN}# TYPE next untyped\nnext 1\n"));
}

#[test]
fn openmetrics_ends_once() {
    let mut merge = Merge::new(Format::OpenMetrics, Names::Utf8);
    merge.own(OWN_OPEN_METRICS);
    merge.target(OPEN_METRICS, b"a 1\n# EOF\n", &Limits::default()).unwrap();
    merge.own("# TYPE last gauge\nlast 1");
    let ours = OWN_OPEN_METRICS.strip_suffix("# EOF\n").unwrap();
    assert_eq!(finished(merge), format!("{ours}# TYPE last gauge\nlast 1\n# TYPE a unknown\na 1\n# EOF\n"));
}

#[test]
fn what_comes_later_is_reserved() {
    let body = b"longwire_app_scrape_success 2\nlongwire_app_x 3\nlongwire_app_x_created 4\n";
    let mut merge = Merge::new(Format::Text, Names::Utf8);
    merge.reserve("longwire_app_scrape_success");
    merge.reserve("longwire_app_x_total");
    let accepted = merge.target(TEXT, body, &Limits::default()).unwrap();
    assert_eq!((accepted.samples, dropped(&accepted)), (0, vec![(Reason::Own, 3, "longwire_app_scrape_success")]));
    merge.own("longwire_app_scrape_success 1\n");
    assert_eq!(finished(merge), "longwire_app_scrape_success 1\n");
}

#[test]
fn what_comes_later_is_ours_even_if_it_is_not_reserved() {
    let mut merge = Merge::new(Format::Text, Names::Utf8);
    merge.target(TEXT, b"late 2\nother 3\n", &Limits::default()).unwrap();
    merge.own("late 1\n");
    assert_eq!(finished(merge), "late 1\n# TYPE other untyped\nother 3\n");
}

#[test]
fn not_even_a_wrong_line_of_our_own_is_changed() {
    let mut merge = Merge::new(Format::Text, Names::Utf8);
    merge.own("ours 1\n!?\n\n");
    merge.target(TEXT, b"ours 2\n", &Limits::default()).unwrap();
    assert_eq!(finished(merge), "ours 1\n!?\n\n");
}
