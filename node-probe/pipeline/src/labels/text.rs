//! What a label set reads, name by name and value by value. Two that read the same are one, whatever they were made of.

use super::{Differences, LabelSet};
use std::hash::{Hash, Hasher};

/// Stands behind each name and value. No character of UTF-8 contains it.
const END: u8 = 0xff;
/// Punctuation of a label in an encoder: `,`, `=` and two quotes, or as much in another format.
const PUNCTUATION: usize = 4;

#[derive(Debug)]
pub(crate) struct LabelText {
    bytes: Vec<u8>,
    encoded: usize,
}

impl LabelText {
    pub(crate) fn of(labels: &impl LabelSet, differences: &Differences) -> Self {
        let mut text = Self { bytes: Vec::with_capacity(1024), encoded: 0 };
        labels.pairs(differences, &mut |name, value| text.push(name, value));
        text
    }

    /// Whether other labels read the same.
    pub(crate) fn is_of(&self, labels: &impl LabelSet, differences: &Differences) -> bool {
        let mut rest = Some(&*self.bytes);
        labels.pairs(differences, &mut |name, value| {
            rest = rest.and_then(|rest| after(after(rest, name)?, value));
        });
        rest.is_some_and(<[u8]>::is_empty)
    }

    /// Bytes that the labels take in an encoder, which keeps them as it writes them: with punctuation, and with one byte more for each
    /// that it escapes.
    pub(crate) fn encoded(&self) -> usize {
        self.encoded
    }

    fn push(&mut self, name: &str, value: &str) {
        for part in [name, value] {
            self.bytes.extend_from_slice(part.as_bytes());
            self.bytes.push(END);
        }
        let escaped = value.bytes().filter(|byte| matches!(byte, b'\\' | b'"' | b'\n')).count();
        self.encoded += name.len() + value.len() + escaped + PUNCTUATION;
    }
}

fn after<'a>(rest: &'a [u8], part: &str) -> Option<&'a [u8]> {
    rest.strip_prefix(part.as_bytes())?.strip_prefix(&[END])
}

impl Hash for LabelText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.bytes);
    }
}
