//! The labels of each label set as text, written once for all families and scrapes. As many as there are label sets.

use super::escape::escape;
use longwire_model::series::LabelKind;
use longwire_pipeline::metrics::{LabelSetId, Series};

/// A table that is full grows by one part in so many.
const GROWTH: usize = 8;

/// By kind and slot.
#[derive(Debug, Default)]
pub(super) struct Texts([Vec<Option<Text>>; LabelKind::ALL.len()]);

#[derive(Debug)]
struct Text {
    /// Of the label set that had the slot when it was written.
    birth: u64,
    labels: Box<[u8]>,
}

impl Texts {
    /// `{name="value",...` without the closing brace: histograms and reasons have a label more.
    pub(super) fn of(&mut self, series: &Series<'_>) -> &[u8] {
        let LabelSetId { kind, slot, birth } = series.id();
        let texts = &mut self.0[kind as usize];
        if texts.capacity() <= slot {
            texts.reserve_exact(slot + 1 + slot / GROWTH - texts.len());
        }
        if texts.len() <= slot {
            texts.resize_with(slot + 1, || None);
        }
        let text = &mut texts[slot];
        if text.as_ref().is_some_and(|text| text.birth != birth) {
            *text = None;
        }
        &text.get_or_insert_with(|| Text { birth, labels: written(series) }).labels
    }

    /// The label set is removed.
    pub(super) fn forget(&mut self, LabelSetId { kind, slot, birth }: LabelSetId) {
        let text = self.0[kind as usize].get_mut(slot);
        if let Some(text) = text.filter(|text| text.as_ref().is_some_and(|text| text.birth == birth)) {
            *text = None;
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.iter().flatten().flatten().count()
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
