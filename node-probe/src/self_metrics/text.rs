//! Writes a gathered family in either text format, because the `prometheus` crate writes only one of them.

use longwire_export::exposition::{Format, escape_label, write_header};
use prometheus::proto::{LabelPair, MetricFamily, MetricType};
use std::io::Write;

#[cfg(test)]
mod tests;

pub(super) fn write(family: &MetricFamily, format: Format, out: &mut Vec<u8>) {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => "counter",
        // The table and the process collector have no other types.
        _ => "gauge",
    };
    if family.get_metric().is_empty() {
        return;
    }
    write_header(out, format, family.name(), kind, family.help());
    for metric in family.get_metric() {
        out.extend_from_slice(family.name().as_bytes());
        labels(metric.get_label(), out);
        let value = if kind == "counter" { metric.get_counter().get_value() } else { metric.get_gauge().get_value() };
        // Display of a whole float has no fraction: "3", as both formats write it.
        writeln!(out, " {value}").expect("a vector takes all");
    }
}

fn labels(pairs: &[LabelPair], out: &mut Vec<u8>) {
    let mut open = b'{';
    for pair in pairs {
        out.push(open);
        open = b',';
        out.extend_from_slice(pair.name().as_bytes());
        out.extend_from_slice(b"=\"");
        escape_label(pair.value(), out);
        out.push(b'"');
    }
    if open == b',' {
        out.push(b'}');
    }
}
