use super::{Format, parse};

const HEADER: &str = "# HELP a_total Something.\n# TYPE a_total counter\n";

#[test]
fn escapes_in_label_values_are_read_back() {
    let body = format!("{HEADER}a_total{{x=\"q\\\"b\\\\n\\n🦀\"}} 7\n");
    let samples = parse(&body, Format::Text).unwrap();
    assert_eq!(samples[0].labels["x"], "q\"b\\n\n🦀");
    assert_eq!(samples[0].value, 7.0);
}

#[test]
fn openmetrics_names_the_family_without_the_suffix_of_its_samples() {
    let body = "# HELP a Something.\n# TYPE a counter\na_total{x=\"1\"} 7\n# EOF\n";
    assert_eq!(parse(body, Format::OpenMetrics).unwrap()[0].name, "a_total");
}

#[test]
fn what_breaks_the_grammar_is_refused() {
    for broken in [
        "a_total 1\n".to_owned(),
        format!("{HEADER}a_total 1"),
        format!("{HEADER}a_total  1\n"),
        format!("{HEADER}a_total one\n"),
        format!("{HEADER}a_total 1\na_total 2\n"),
        format!("{HEADER}a_total{{x=\"1\",y=\"2\"}} 1\na_total{{y=\"2\",x=\"1\"}} 2\n"),
        format!("{HEADER}a_total{{x=\"1\\\"}} 1\n"),
        format!("{HEADER}a_total{{x=\"1\" y=\"2\"}} 1\n"),
        format!("{HEADER}b_total 1\n"),
        format!("{HEADER}a_total 1\n{HEADER}"),
        format!("{HEADER}a_total{{x=\"1\",x=\"2\"}} 1\n"),
        format!("{HEADER}a_total{{x=\"\\t\"}} 1\n"),
        format!("{HEADER}a_total{{x=1}} 1\n"),
    ] {
        assert!(parse(&broken, Format::Text).is_err(), "{broken}");
    }
}

#[test]
fn openmetrics_without_its_end_is_refused() {
    assert!(parse("# HELP a Something.\n# TYPE a counter\na_total 7\n", Format::OpenMetrics).is_err());
}
