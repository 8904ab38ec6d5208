//! The labels of each label set as text, written once for all families and scrapes.

use super::escape::escape;
use crate::by_set::BySet;
use longwire_pipeline::metrics::{LabelSetId, Series};

#[derive(Debug, Default)]
pub(super) struct Texts(BySet<Box<[u8]>>);

impl Texts {
    /// `{name="value",...` without the closing brace: histograms and reasons have a label more.
    pub(super) fn of(&mut self, series: &Series<'_>) -> &[u8] {
        self.0.entry(series.id(), || written(series))
    }

    /// The label set is removed.
    pub(super) fn forget(&mut self, removed: LabelSetId) {
        self.0.forget(removed);
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.count()
    }
}

fn written(series: &Series<'_>) -> Box<[u8]> {
    let mut text = Vec::with_capacity(1024);
    series.pairs(&mut |name, value| {
        text.push(if text.is_empty() { b'{' } else { b',' });
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b"=\"");
        escape(value, &mut text);
        text.push(b'"');
    });
    // Every label left out.
    if text.is_empty() {
        text.push(b'{');
    }
    text.into_boxed_slice()
}
