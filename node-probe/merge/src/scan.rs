//! Reads a body line by line, as Prometheus' parsers of both formats do.
//!
//! They take more than the formats' texts say, such as samples before their TYPE or labels without commas, and so does this. It
//! refuses a zero byte at the beginning of a line, at which Prometheus ends without an error.

mod cursor;
mod labels;
mod metadata;
mod number;
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use labels::Labels;
pub(crate) use number::number;

use crate::family::{Declaration, Families};
use crate::name::Names;
use crate::page::{Limits, Page, Sample};
use crate::refusal::{Refusal, Wrong};
use cursor::Cursor;
use longwire_export::exposition::Format;
use metadata::Metadata;

impl<'a> Page<'a> {
    pub(crate) fn read(body: &'a [u8], format: Format, names: Names, limits: &Limits) -> Result<Self, Refusal> {
        if body.len() > limits.bytes {
            return Err(Refusal::TooLarge { bytes: body.len(), most: limits.bytes });
        }
        let (page, result) = Self::read_until_wrong(body, format, names, limits);
        result.map(|()| page)
    }

    /// With what stands before the first wrong line.
    pub(crate) fn read_until_wrong(
        body: &'a [u8],
        format: Format,
        names: Names,
        limits: &Limits,
    ) -> (Self, Result<(), Refusal>) {
        let page = Self { families: Families::new(names, limits.families), samples: Vec::new() };
        let mut scan = Scan { cursor: Cursor::new(body), format, page, block: None, limits, seen: Vec::new() };
        let result = loop {
            let begin = scan.cursor.at();
            match scan.line() {
                Ok(true) => {}
                Ok(false) => break scan.end_block().map_err(|wrong| Refusal::line(body, begin, wrong)),
                Err(wrong) => break Err(Refusal::line(body, begin, wrong)),
            }
        };
        (scan.page, result)
    }
}

struct Scan<'a, 'b> {
    cursor: Cursor<'a>,
    format: Format,
    page: Page<'a>,
    /// The metadata of a family, which stands together.
    block: Option<Declaration<'a>>,
    limits: &'b Limits,
    /// Labels of the line.
    seen: Vec<&'a str>,
}

impl<'a> Scan<'a, '_> {
    /// Whether there may be another.
    fn line(&mut self) -> Result<bool, Wrong> {
        match metadata::read(&mut self.cursor, self.format)? {
            Metadata::None => {
                let sample = sample::read(&mut self.cursor, self.format, self.limits.labels, &mut self.seen)?;
                self.end_block()?;
                self.push(sample)?;
            }
            Metadata::Empty => {}
            Metadata::End => return Ok(false),
            Metadata::Of { name, is_quoted, fact } => {
                let mut block = self.block.take();
                if block.as_ref().is_none_or(|block| !block.takes(name, &fact)) {
                    self.block = block;
                    self.end_block()?;
                    block = Some(Declaration::new(name, is_quoted));
                }
                self.block = block;
                if let Some(block) = &mut self.block {
                    block.take(fact);
                }
            }
        }
        Ok(true)
    }

    fn end_block(&mut self) -> Result<(), Wrong> {
        let Some(block) = self.block.take() else { return Ok(()) };
        let is_declared = self.page.families.declare(&block, self.format);
        if is_declared { Ok(()) } else { Err(Wrong::Families(self.limits.families)) }
    }

    fn push(&mut self, sample: Sample<'a>) -> Result<(), Wrong> {
        if self.page.samples.len() >= self.limits.samples {
            return Err(Wrong::Samples(self.limits.samples));
        }
        self.page.samples.push(sample);
        Ok(())
    }
}
