//! Targets of one pod with families of one name.

use super::*;
use rstest::rstest;

#[test]
fn families_of_one_name_and_type_are_joined() {
    let bodies = [
        "# HELP a_total first\n# TYPE a_total counter\na_total{t=\"1\"} 1\n# TYPE b gauge\nb 1\n",
        "# HELP a_total second\n# TYPE a_total counter\na_total{t=\"2\"} 2\n",
    ];
    let (page, accepted) = merged(Format::Text, &bodies);
    assert_eq!(
        page,
        "# HELP a_total first\n# TYPE a_total counter\na_total{t=\"1\"} 1\na_total{t=\"2\"} 2\n# TYPE b gauge\nb 1\n"
    );
    assert_eq!(accepted.iter().map(|accepted| accepted.samples).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn targets_of_both_formats_are_joined() {
    let mut merge = Merge::new(Format::OpenMetrics, Names::Utf8);
    let open = b"# TYPE a counter\na_total{t=\"1\"} 1\na_created{t=\"1\"} 5\n# TYPE x info\nx_info{t=\"1\"} 1\n# EOF\n";
    let text = b"# TYPE a_total counter\na_total{t=\"2\"} 2\n# TYPE a_created gauge\na_created{t=\"2\"} 6\n# TYPE x_info gauge\nx_info{t=\"2\"} 1\n";
    merge.target(OPEN_METRICS, open, &Limits::default()).unwrap();
    merge.target(TEXT, text, &Limits::default()).unwrap();
    assert_eq!(
        finished(merge),
        "# TYPE a counter\na_total{t=\"1\"} 1\na_created{t=\"1\"} 5\na_total{t=\"2\"} 2\na_created{t=\"2\"} 6\n# TYPE x info\nx_info{t=\"1\"} 1\nx_info{t=\"2\"} 1\n# EOF\n"
    );
}

#[rstest]
#[case::of_another_type("# TYPE a gauge\na 1\n", "# TYPE a counter\na{t=\"2\"} 2\n", &[(Reason::Type, 1, "a")])]
#[case::of_a_histogram("# TYPE a histogram\na_count 1\n", "# TYPE a_count gauge\na_count{t=\"2\"} 2\n", &[(Reason::Type, 1, "a_count")])]
#[case::of_a_summary("# TYPE a histogram\na_count 1\n", "# TYPE a summary\na_count{t=\"2\"} 2\na_sum 1\n", &[(Reason::Type, 2, "a")])]
#[case::of_a_histogram_later("a_count 1\n", "# TYPE a histogram\na_count{t=\"2\"} 2\n", &[(Reason::Type, 1, "a")])]
#[case::of_no_type("# TYPE a gauge\na 1\n", "a{t=\"2\"} 2\n", &[])]
#[case::of_a_type_later("a 1\n", "# TYPE a gauge\na{t=\"2\"} 2\n", &[])]
#[case::of_no_type_in_a_histogram("# TYPE a histogram\na_count 1\n", "a_count{t=\"2\"} 2\n", &[])]
fn what_does_not_fit_the_first_is_dropped_and_counted(
    #[case] first: &str,
    #[case] second: &str,
    #[case] expected: &[(Reason, u64, &str)],
) {
    for format in [Format::Text, Format::OpenMetrics] {
        let (page, accepted) = merged(format, &[first, second]);
        assert_eq!(dropped(&accepted[0]), []);
        assert_eq!(dropped(&accepted[1]), expected);
        assert_eq!(page.matches("# TYPE ").count(), 1, "{page}");
        assert_eq!(page.contains("t=\"2\""), expected.is_empty(), "{page}");
    }
}

#[test]
fn a_type_that_comes_later_counts_for_all() {
    let (page, _) = merged(Format::Text, &["a{t=\"1\"} 1\n", "# HELP a text\n# TYPE a gauge\na{t=\"2\"} 2\n"]);
    assert_eq!(page, "# HELP a text\n# TYPE a gauge\na{t=\"1\"} 1\na{t=\"2\"} 2\n");
}

#[rstest]
#[case::the_same_line("a 1\n", "a 2\n", 1)]
#[case::another_order("a{b=\"1\",c=\"2\"} 1\n", "a{c=\"2\",b=\"1\"} 2\n", 1)]
#[case::an_empty_label("a{b=\"1\",c=\"\"} 1\n", "a{b=\"1\"} 2\n", 1)]
#[case::a_quoted_name("{\"a\",\"b\"=\"1\"} 1\n", "a{b=\"1\"} 2\n", 1)]
#[case::another_escape("a{b=\"\\x\"} 1\n", "a{b=\"\\\\x\"} 2\n", 1)]
#[case::a_raw_newline("a{b=\"\n\"} 1\n", "a{b=\"\\n\"} 2\n", 1)]
#[case::the_same_timestamp("a 1 5\n", "a 2 005\n", 1)]
#[case::another_timestamp("a 1 5\n", "a 2 6\n", 0)]
#[case::a_timestamp_and_none("a 1 5\n", "a 2\n", 0)]
#[case::another_value("a{b=\"1\"} 1\n", "a{b=\"1.0\"} 2\n", 0)]
#[case::another_label("a{b=\"c\"} 1\n", "a{bc=\"\"} 2\n", 0)]
#[case::the_same_bound("# TYPE a histogram\na_bucket{le=\"1\"} 1\n", "a_bucket{le=\"1.0\"} 2\n", 1)]
#[case::the_same_quantile("# TYPE a summary\na{quantile=\"0.5\"} 1\n", "# TYPE a summary\na{quantile=\"5e-1\"} 2\n", 1)]
fn the_first_of_a_series_wins(#[case] first: &str, #[case] second: &str, #[case] duplicates: u64) {
    let both = format!("{first}{second}");
    let (alone, in_one) = merged(Format::Text, &[&both]);
    let (page, in_two) = merged(Format::Text, &[first, second]);
    assert_eq!(alone, page);
    for accepted in [&in_one[0], &in_two[1]] {
        assert_eq!(accepted.dropped.iter().map(|dropped| dropped.samples).sum::<u64>(), duplicates);
        assert!(accepted.dropped.iter().all(|dropped| dropped.reason == Reason::Duplicate));
    }
}

#[test]
fn a_timestamp_that_text_cannot_say_is_in_openmetrics_alone() {
    let body = b"a 1 -1\na 2 1e300\na{b=\"c\"} 2 -0.0001\n# EOF\n";
    for (format, expected) in [(Format::Text, [(Reason::Time, 2, "a")].as_slice()), (Format::OpenMetrics, &[])] {
        let mut merge = Merge::new(format, Names::Utf8);
        assert_eq!(dropped(&merge.target(OPEN_METRICS, body, &Limits::default()).unwrap()), expected);
    }
}

#[test]
fn labels_that_become_one_are_no_sample() {
    let body = b"a{\"b.c\"=\"1\",b_c=\"2\"} 1\na{\"b.c\"=\"1\"} 2\n";
    let mut merge = Merge::new(Format::Text, Names::Underscores);
    let accepted = merge.target(TEXT, body, &Limits::default()).unwrap();
    assert_eq!((accepted.samples, dropped(&accepted)), (1, vec![(Reason::Labels, 1, "a")]));
    assert_eq!(finished(merge), "# TYPE a untyped\na{b_c=\"1\"} 2\n");
}
