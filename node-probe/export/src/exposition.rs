//! A scrape, a slice at a time: labels are copied, numbers written, and nothing else is done while the lock is held.
//!
//! ```text
//! FAMILIES x label sets --Cursor--> # HELP, # TYPE once a family, then its samples in the order of slots
//! ```

mod escape;
mod family;
mod format;
#[cfg(test)]
pub(crate) mod grammar;
mod sample;
#[cfg(test)]
mod tests;
mod texts;

pub use format::{Format, write_header};

use family::{Progress, Style};
use longwire_model::identity::UnixNanos;
use longwire_model::series::FAMILIES;
use longwire_pipeline::metrics::{LabelSetId, SeriesStore, View};
use texts::Texts;

/// Writes scrapes of one series store, and keeps the text of its label sets in between.
#[derive(Debug, Default)]
pub struct Encoder {
    texts: Texts,
}

/// How far a scrape has come.
#[derive(Debug)]
pub struct Cursor {
    style: Style,
    /// Index into [`FAMILIES`].
    family: usize,
    /// `None`: the family is yet to be begun.
    progress: Option<Progress>,
}

impl Cursor {
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { style: Style { format, view: View::PLAIN, created: None }, family: 0, progress: None }
    }

    /// Lines that are new to the scraper are at 0.
    #[must_use]
    pub fn viewed(mut self, view: View) -> Self {
        self.style.view = view;
        self
    }

    /// OpenMetrics has samples with the time at which counters and histograms began. `wall_clock_offset`: wall clock less
    /// CLOCK_MONOTONIC.
    #[must_use]
    pub fn with_created(mut self, wall_clock_offset: UnixNanos) -> Self {
        self.style.created = (self.style.format == Format::OpenMetrics).then_some(wall_clock_offset);
        self
    }
}

impl Encoder {
    /// Appends about `bytes` bytes more of the scrape and returns whether there may be more. The store may change in between.
    pub fn render(&mut self, store: &SeriesStore, cursor: &mut Cursor, bytes: usize, out: &mut Vec<u8>) -> bool {
        let enough = out.len().saturating_add(bytes);
        while let Some(family) = FAMILIES.get(cursor.family) {
            let Cursor { style, progress, .. } = cursor;
            let from = (store, &mut self.texts);
            if family::render(family, from, style, progress, enough, out).is_break() {
                return true;
            }
            cursor.progress = None;
            cursor.family += 1;
        }
        false
    }

    /// The label set is removed ([`SeriesStore::when_removed`]): so is its text.
    pub fn forget(&mut self, removed: LabelSetId) {
        self.texts.forget(removed);
    }
}

/// Appends a label value as both formats want it between its quotes.
pub fn escape_label(value: &str, out: &mut Vec<u8>) {
    escape::escape(value, out);
}
