use crate::merge::Merge;
use crate::name::Names;
use crate::page::Limits;
use longwire_export::exposition::Format;
use rstest::rstest;

/// Of one target, in both formats.
pub(super) fn pages(body: &str, from: Format, names: Names) -> [String; 2] {
    [Format::Text, Format::OpenMetrics].map(|to| {
        let mut merge = Merge::new(to, names);
        merge.target(Some(from.content_type()), body.as_bytes(), &Limits::default()).unwrap();
        String::from_utf8(merge.finish()).unwrap()
    })
}

#[track_caller]
fn check(body: &str, from: Format, text: &str, open_metrics: &str) {
    let [found_text, found_open_metrics] = pages(body, from, Names::Utf8);
    assert_eq!(found_text, text);
    assert_eq!(found_open_metrics, format!("{open_metrics}# EOF\n"));
}

#[rstest]
#[case::a_counter(
    "# HELP a_total It \"counts\".\n# TYPE a_total counter\na_total{b=\"c\"} 1 5000\n",
    "# HELP a_total It \"counts\".\n# TYPE a_total counter\na_total{b=\"c\"} 1 5000\n",
    "# HELP a It \\\"counts\\\".\n# TYPE a counter\na_total{b=\"c\"} 1 5\n"
)]
#[case::a_counter_that_is_not_called_so(
    "# TYPE a counter\na 1\n",
    "# TYPE a counter\na 1\n",
    "# TYPE a unknown\na 1\n"
)]
#[case::a_counter_and_a_gauge_of_one_name(
    "# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 2\n",
    "# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 2\n",
    "# TYPE a gauge\na 1\n# TYPE a_total unknown\na_total 2\n"
)]
#[case::a_counter_with_its_birth(
    "# TYPE a_total counter\na_total 1\n# TYPE a_created gauge\na_created 1.7e+09\n",
    "# TYPE a_total counter\na_total 1\n# TYPE a_created gauge\na_created 1.7e+09\n",
    "# TYPE a counter\na_total 1\na_created 1.7e+09\n"
)]
#[case::no_type(
    "a 1\nb 2\n",
    "# TYPE a untyped\na 1\n# TYPE b untyped\nb 2\n",
    "# TYPE a unknown\na 1\n# TYPE b unknown\nb 2\n"
)]
#[case::a_histogram(
    "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n",
    "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n",
    "# TYPE a histogram\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n"
)]
#[case::a_summary(
    "# TYPE a summary\na{quantile=\"1\",le=\"1\"} 1\na_sum 3\na_count 2\n",
    "# TYPE a summary\na{quantile=\"1\",le=\"1\"} 1\na_sum 3\na_count 2\n",
    "# TYPE a summary\na{quantile=\"1.0\",le=\"1\"} 1\na_sum 3\na_count 2\n"
)]
#[case::families_in_pieces(
    "a_total 1\nb 2\n# TYPE b gauge\n# TYPE a_total counter\na_total{c=\"d\"} 3\n# HELP b text\n# TYPE b counter\n",
    "# TYPE a_total counter\na_total 1\na_total{c=\"d\"} 3\n# HELP b text\n# TYPE b gauge\nb 2\n",
    "# TYPE a counter\na_total 1\na_total{c=\"d\"} 3\n# HELP b text\n# TYPE b gauge\nb 2\n"
)]
#[case::labels_in_disorder(
    "a{ b = \"c\\x\" , } 1\na{b=\"c\nd\"e=\"f\"} 2\na{} 3\n",
    "# TYPE a untyped\na{b=\"c\\\\x\"} 1\na{b=\"c\\nd\",e=\"f\"} 2\na 3\n",
    "# TYPE a unknown\na{b=\"c\\\\x\"} 1\na{b=\"c\\nd\",e=\"f\"} 2\na 3\n"
)]
#[case::nothing_of_a_family_without_samples("# HELP a text\n# TYPE a counter\n", "", "")]
#[case::comments("# hello\n# EOF\na 1\n", "# TYPE a untyped\na 1\n", "# TYPE a unknown\na 1\n")]
fn text_is_written_in_both_formats(#[case] body: &str, #[case] text: &str, #[case] open_metrics: &str) {
    check(body, Format::Text, text, open_metrics);
}

#[rstest]
#[case::a_counter_with_its_births(
    "# HELP a Says \\\"a\\\".\n# TYPE a counter\na_total{b=\"c\"} 1 5.5 # {d=\"e\"} 1 5.25\na_created{b=\"c\"} 4\na_total 2\na_created 3\n",
    "# HELP a_total Says \"a\".\n# TYPE a_total counter\na_total{b=\"c\"} 1 5500\na_total 2\n# HELP a_created Says \"a\".\n# TYPE a_created gauge\na_created{b=\"c\"} 4\na_created 3\n",
    "# HELP a Says \\\"a\\\".\n# TYPE a counter\na_total{b=\"c\"} 1 5.5 # {d=\"e\"} 1 5.25\na_created{b=\"c\"} 4\na_total 2\na_created 3\n"
)]
#[case::a_unit(
    "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\n",
    "# TYPE a_seconds_total counter\na_seconds_total 1\n",
    "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\n"
)]
#[case::an_empty_unit("# UNIT a \na 1\n", "# TYPE a untyped\na 1\n", "# TYPE a unknown\na 1\n")]
#[case::a_gauge_and_a_counter_of_one_name(
    "# HELP a_bytes now\n# TYPE a_bytes gauge\na_bytes 1\n# HELP a_bytes ever\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total 2\na_bytes_created 3\n",
    "# HELP a_bytes now\n# TYPE a_bytes gauge\na_bytes 1\n# HELP a_bytes_total ever\n# TYPE a_bytes_total counter\na_bytes_total 2\n# HELP a_bytes_created ever\n# TYPE a_bytes_created gauge\na_bytes_created 3\n",
    "# HELP a_bytes now\n# TYPE a_bytes gauge\na_bytes 1\n# HELP a_bytes_total ever\n# TYPE a_bytes_total unknown\na_bytes_total 2\n# HELP a_bytes_created ever\n# TYPE a_bytes_created gauge\na_bytes_created 3\n"
)]
#[case::an_info(
    "# TYPE target info\ntarget_info{a=\"b\"} 1\n",
    "# TYPE target_info gauge\ntarget_info{a=\"b\"} 1\n",
    "# TYPE target info\ntarget_info{a=\"b\"} 1\n"
)]
#[case::an_info_and_a_counter_of_one_name(
    "# TYPE a info\na_info 1\n# TYPE a counter\na_total 2\n",
    "# TYPE a_info gauge\na_info 1\n# TYPE a_total counter\na_total 2\n",
    "# TYPE a info\na_info 1\n# TYPE a_total unknown\na_total 2\n"
)]
#[case::a_stateset(
    "# TYPE a stateset\na{a=\"on\"} 1\n",
    "# TYPE a gauge\na{a=\"on\"} 1\n",
    "# TYPE a stateset\na{a=\"on\"} 1\n"
)]
#[case::unknown("# TYPE a unknown\na 1\n", "# TYPE a untyped\na 1\n", "# TYPE a unknown\na 1\n")]
#[case::a_gauge_histogram(
    "# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 2\na_gcount 2\na_gsum 3\n",
    "# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\n# TYPE a_gcount gauge\na_gcount 2\n# TYPE a_gsum gauge\na_gsum 3\n",
    "# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 2\na_gcount 2\na_gsum 3\n"
)]
#[case::a_counter_called_by_its_samples(
    "# TYPE a_total counter\na_total 1\n",
    "# TYPE a_total counter\na_total 1\n",
    "# TYPE a counter\na_total 1\n"
)]
#[case::a_counter_called_total(
    "# HELP a_total text\n# TYPE a_total counter\na_total_total 1\n",
    "# HELP a_total_total text\n# TYPE a_total_total counter\na_total_total 1\n",
    "# HELP a_total text\n# TYPE a_total counter\na_total_total 1\n"
)]
#[case::a_counter_without_total("# TYPE a counter\na 1\n", "# TYPE a untyped\na 1\n", "# TYPE a unknown\na 1\n")]
#[case::a_value_with_escapes(
    "a{b=\"\\\\\\n\\\"\"} 1\n",
    "# TYPE a untyped\na{b=\"\\\\\\n\\\"\"} 1\n",
    "# TYPE a unknown\na{b=\"\\\\\\n\\\"\"} 1\n"
)]
fn openmetrics_is_written_in_both_formats(#[case] body: &str, #[case] text: &str, #[case] open_metrics: &str) {
    check(&format!("{body}# EOF\n"), Format::OpenMetrics, text, open_metrics);
}

#[test]
fn quoted_names_are_written_as_the_scraper_reads_them() {
    let body = "# HELP \"a.b\" text\n# TYPE \"a.b\" counter\n{\"a.b_total\",\"c.d\"=\"e\",f=\"g\"} 1 # {\"h.i\"=\"j\"} 1\n{\"k\",l=\"m\"} 2\n# EOF";
    let [text, open_metrics] = pages(body, Format::OpenMetrics, Names::Utf8);
    assert_eq!(
        text,
        "# HELP \"a.b_total\" text\n# TYPE \"a.b_total\" counter\n{\"a.b_total\",\"c.d\"=\"e\",f=\"g\"} 1\n# TYPE k untyped\nk{l=\"m\"} 2\n"
    );
    assert_eq!(
        open_metrics,
        "# HELP \"a.b\" text\n# TYPE \"a.b\" counter\n{\"a.b_total\",\"c.d\"=\"e\",f=\"g\"} 1 # {\"h.i\"=\"j\"} 1\n# TYPE k unknown\nk{l=\"m\"} 2\n# EOF\n"
    );
    let [text, open_metrics] = pages(body, Format::OpenMetrics, Names::Underscores);
    assert_eq!(
        text,
        "# HELP a_b_total text\n# TYPE a_b_total counter\na_b_total{c_d=\"e\",f=\"g\"} 1\n# TYPE k untyped\nk{l=\"m\"} 2\n"
    );
    assert_eq!(
        open_metrics,
        "# HELP a_b text\n# TYPE a_b counter\na_b_total{c_d=\"e\",f=\"g\"} 1\n# TYPE k unknown\nk{l=\"m\"} 2\n# EOF\n"
    );
}

#[test]
fn a_page_of_nothing_is_a_page() {
    assert_eq!(pages("", Format::Text, Names::Utf8), ["", "# EOF\n"]);
}
