//! Writes a gathered family in either text format, because the `prometheus` crate writes only one of them.

use longwire_export::exposition::{Format, escape_label, write_header};
use prometheus::proto::{Histogram, LabelPair, MetricFamily, MetricType};
use std::io::Write;

#[cfg(test)]
mod tests;

pub(super) fn write(family: &MetricFamily, format: Format, out: &mut Vec<u8>) {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        // The table and the process collector have no other types.
        _ => "gauge",
    };
    if family.get_metric().is_empty() {
        return;
    }
    write_header(out, format, family.name(), kind, family.help());
    for metric in family.get_metric() {
        let (name, pairs) = (family.name(), metric.get_label());
        match kind {
            "counter" => line(name, pairs, "", metric.get_counter().get_value(), out),
            "histogram" => histogram(name, pairs, metric.get_histogram(), out),
            _ => line(name, pairs, "", metric.get_gauge().get_value(), out),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus' values are doubles: exact up to 2^53")]
fn histogram(name: &str, pairs: &[LabelPair], histogram: &Histogram, out: &mut Vec<u8>) {
    for bucket in histogram.get_bucket() {
        // OpenMetrics wants bounds with a fraction, and both formats read it.
        let bound = format!("{:?}", bucket.upper_bound());
        line(&format!("{name}_bucket"), pairs, &bound, bucket.cumulative_count() as f64, out);
    }
    let count = histogram.get_sample_count() as f64;
    line(&format!("{name}_bucket"), pairs, "+Inf", count, out);
    line(&format!("{name}_sum"), pairs, "", histogram.get_sample_sum(), out);
    line(&format!("{name}_count"), pairs, "", count, out);
}

/// `bound`: of a bucket; empty: it is none.
fn line(name: &str, pairs: &[LabelPair], bound: &str, value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    labels(pairs, bound, out);
    // Display of a whole float has no fraction: "3", as both formats write it.
    writeln!(out, " {value}").expect("a vector takes all");
}

fn labels(pairs: &[LabelPair], bound: &str, out: &mut Vec<u8>) {
    let mut open = b'{';
    for pair in pairs {
        out.push(open);
        open = b',';
        out.extend_from_slice(pair.name().as_bytes());
        out.extend_from_slice(b"=\"");
        escape_label(pair.value(), out);
        out.push(b'"');
    }
    if !bound.is_empty() {
        out.push(open);
        open = b',';
        write!(out, "le=\"{bound}\"").expect("a vector takes all");
    }
    if open == b',' {
        out.push(b'}');
    }
}
