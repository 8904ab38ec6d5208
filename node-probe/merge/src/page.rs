//! A body as it was read: its families as it declares them, and its samples as slices.

use crate::family::Families;
use crate::name;
use crate::name::Names;
use crate::scan::Labels;
use longwire_export::exposition::Format;
use std::borrow::Cow;

/// Of one target. A line has at most 65,535 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub bytes: usize,
    pub samples: usize,
    pub families: usize,
    /// Of a sample.
    pub labels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 10 << 20, samples: 250_000, families: 16_384, labels: 128 }
    }
}

#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) families: Families<'a>,
    pub(crate) samples: Vec<Sample<'a>>,
}

/// A part of a sample's line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) from: u16,
    pub(crate) to: u16,
}

/// Small, because a body of 10 MiB may have very many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) line: &'a str,
    pub(crate) name: Span,
    /// With the closing brace. Nothing without braces.
    pub(crate) labels: Span,
    pub(crate) value: Span,
    /// Nothing without one.
    pub(crate) time: Span,
    /// From its `#` on. Nothing without one.
    pub(crate) exemplar: Span,
    pub(crate) format: Format,
    pub(crate) has_quoted_name: bool,
    /// Every format writes its labels as they stand here.
    pub(crate) has_plain_labels: bool,
    pub(crate) has_quoted_exemplar: bool,
}

impl<'a> Sample<'a> {
    fn part(&self, span: Span) -> &'a str {
        self.line.get(usize::from(span.from)..usize::from(span.to)).unwrap_or_default()
    }

    pub(crate) fn raw_name(&self) -> &'a str {
        self.part(self.name)
    }

    pub(crate) fn name(&self, names: Names) -> Cow<'a, str> {
        name::metric(self.raw_name(), self.has_quoted_name, names)
    }

    /// As they were written, without braces.
    pub(crate) fn raw_labels(&self) -> &'a str {
        self.part(self.labels).strip_suffix('}').unwrap_or_default()
    }

    pub(crate) fn labels(&self) -> Labels<'a> {
        Labels::new(self.part(self.labels))
    }

    pub(crate) fn value(&self) -> &'a str {
        self.part(self.value)
    }

    pub(crate) fn time(&self) -> Option<&'a str> {
        Some(self.part(self.time)).filter(|time| !time.is_empty())
    }

    pub(crate) fn exemplar(&self) -> Option<&'a str> {
        Some(self.part(self.exemplar)).filter(|exemplar| !exemplar.is_empty())
    }
}
