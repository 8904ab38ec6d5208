//! The line of a sample in either format.

use super::title::write_quoted;
use crate::escape::write_value;
use crate::kind::Kind;
use crate::name::{Names, is_label, is_metric, label};
use crate::page::Sample;
use crate::time;
use longwire_export::exposition::Format;

pub(super) fn write(sample: &Sample<'_>, kind: Kind, format: Format, names: Names, out: &mut Vec<u8>) {
    write_series(sample, kind, format, names, out);
    out.push(b' ');
    out.extend_from_slice(sample.value().as_bytes());
    if let Some(time) = sample.time() {
        out.push(b' ');
        time::write(time, sample.format, format, out);
    }
    let is_readable = names == Names::Utf8 || !sample.has_quoted_exemplar;
    if let Some(exemplar) = sample.exemplar().filter(|_| format == Format::OpenMetrics && is_readable) {
        out.push(b' ');
        out.extend_from_slice(exemplar.as_bytes());
    }
    out.push(b'\n');
}

fn write_series(sample: &Sample<'_>, kind: Kind, format: Format, names: Names, out: &mut Vec<u8>) {
    let name = sample.name(names);
    let mut before = if is_metric(&name) {
        out.extend_from_slice(name.as_bytes());
        b'{'
    } else {
        out.push(b'{');
        write_quoted(&name, out);
        b','
    };
    // OpenMetrics wants bounds of buckets to look like floats.
    let number_label = kind.number_label().filter(|_| (sample.format, format) == (Format::Text, Format::OpenMetrics));
    if sample.has_plain_labels && number_label.is_none() {
        let labels = sample.raw_labels();
        if !labels.is_empty() {
            out.push(before);
            out.extend_from_slice(labels.as_bytes());
            before = b',';
        }
    } else {
        for found in sample.labels() {
            out.push(before);
            before = b',';
            let name = label(found.name, found.is_quoted, names);
            if is_label(&name) {
                out.extend_from_slice(name.as_bytes());
            } else {
                write_quoted(&name, out);
            }
            out.extend_from_slice(b"=\"");
            write_value(found.value, out);
            if number_label == Some(&*name) && is_whole(found.value) {
                out.extend_from_slice(b".0");
            }
            out.push(b'"');
        }
    }
    if before == b',' {
        out.push(b'}');
    }
}

fn is_whole(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
