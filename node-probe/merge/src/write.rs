//! Writes a page: HELP, TYPE and UNIT of each family once, then all of its samples.

mod open_metrics;
mod sample;
#[cfg(test)]
mod tests;
mod title;

use crate::merge::Group;
use crate::name::Names;
use longwire_export::exposition::Format;
use title::Title;

/// Groups have different names, and so have their samples.
pub(crate) fn write_page(groups: &[Group<'_>], format: Format, names: Names, out: &mut Vec<u8>) {
    match format {
        Format::Text => {
            for Group { family, samples } in groups {
                title::write(&Title::of_text(family), family.help, format, out);
                samples.iter().for_each(|(_, sample)| sample::write(sample, family.kind, format, names, out));
            }
        }
        Format::OpenMetrics => {
            open_metrics::write(groups, names, out);
            out.extend_from_slice(b"# EOF\n");
        }
    }
}
