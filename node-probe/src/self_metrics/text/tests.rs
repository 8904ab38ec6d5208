use super::*;
use prometheus::core::Collector;
use prometheus::{CounterVec, Gauge, HistogramOpts, HistogramVec, Opts};

#[test]
fn a_counter_is_named_as_each_format_names_it_and_its_labels_are_escaped() {
    let vector = CounterVec::new(Opts::new("x_total", "Xs."), &["kind"]).unwrap();
    vector.with_label_values(&["a\"b\\c\nd"]).inc_by(3.0);
    let text = |format| {
        let mut out = Vec::new();
        vector.collect().iter().for_each(|family| write(family, format, &mut out));
        String::from_utf8(out).unwrap()
    };
    assert_eq!(text(Format::Text), "# HELP x_total Xs.\n# TYPE x_total counter\nx_total{kind=\"a\\\"b\\\\c\\nd\"} 3\n");
    assert_eq!(text(Format::OpenMetrics), "# HELP x Xs.\n# TYPE x counter\nx_total{kind=\"a\\\"b\\\\c\\nd\"} 3\n");
}

#[test]
fn a_gauge_without_labels_has_no_braces_and_a_fraction_stays() {
    let gauge = Gauge::new("y", "Ys.").unwrap();
    gauge.set(0.25);
    let mut out = Vec::new();
    gauge.collect().iter().for_each(|family| write(family, Format::OpenMetrics, &mut out));
    assert_eq!(String::from_utf8(out).unwrap(), "# HELP y Ys.\n# TYPE y gauge\ny 0.25\n");
}

#[test]
fn a_histogram_has_its_buckets_its_sum_and_its_count() {
    let options = HistogramOpts::new("z_seconds", "Zs.").buckets(vec![0.5, 1.0]);
    let vector = HistogramVec::new(options, &["loop"]).unwrap();
    [0.25, 1.0, 2.5].iter().for_each(|time| vector.with_label_values(&["a"]).observe(*time));
    let mut out = Vec::new();
    vector.collect().iter().for_each(|family| write(family, Format::OpenMetrics, &mut out));
    let lines = [
        "# HELP z_seconds Zs.",
        "# TYPE z_seconds histogram",
        "z_seconds_bucket{loop=\"a\",le=\"0.5\"} 1",
        "z_seconds_bucket{loop=\"a\",le=\"1.0\"} 2",
        "z_seconds_bucket{loop=\"a\",le=\"+Inf\"} 3",
        "z_seconds_sum{loop=\"a\"} 3.75",
        "z_seconds_count{loop=\"a\"} 3",
    ];
    assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), lines);
}
