//! The labels of a label set, as the flavors write them.

use super::escape::escape;
use longwire_model::exporter::Flavor;
use longwire_model::series::Family;
use longwire_pipeline::metrics::Series;

/// Stands in a folded name for a label that is left out. No value is written so.
const LEFT_OUT: &[u8] = b"_xx";

/// Replaces `out` by the labels of a series.
pub(super) fn write_labels(family: &Family, series: &Series<'_>, flavor: Flavor, out: &mut Vec<u8>) {
    out.clear();
    match flavor {
        Flavor::Statsd => fold(family.labels(), series, out),
        Flavor::Dogstatsd | Flavor::Graphite => series.pairs(&mut |name, value| {
            begin_tag(name, flavor, out);
            escape(value, flavor, out);
        }),
    }
}

/// Appends the name of a tag, or what parts the levels of a folded name. Its value follows.
pub(super) fn begin_tag(name: &str, flavor: Flavor, out: &mut Vec<u8>) {
    match flavor {
        Flavor::Statsd => out.push(b'.'),
        Flavor::Dogstatsd => {
            if !out.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
        }
        Flavor::Graphite => {
            out.push(b';');
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
        }
    }
}

/// A level for each label of the table, whether the series has it or not, so that each value has its place. Labels that were added come
/// after them, as two levels: name and value.
fn fold(table: &[&str], series: &Series<'_>, out: &mut Vec<u8>) {
    let mut expected = table.iter();
    series.pairs(&mut |name, value| {
        let is_added = !table.contains(&name);
        for _ in expected.by_ref().take_while(|label| **label != name) {
            fold_level(LEFT_OUT, out);
        }
        if is_added {
            fold_level(name.as_bytes(), out);
        }
        out.push(b'.');
        escape(value, Flavor::Statsd, out);
    });
    expected.for_each(|_| fold_level(LEFT_OUT, out));
}

fn fold_level(level: &[u8], out: &mut Vec<u8>) {
    out.push(b'.');
    out.extend_from_slice(level);
}
