//! Records of access logs as OpenTelemetry's log records, whatever format their policy has.
//!
//! ```text
//! LogRecord --attributes, body--> one record --Batch, Origin--> ExportLogsServiceRequest
//! ```

mod attributes;
mod body;
mod record;
#[cfg(test)]
mod tests;

pub use attributes::{AttributeRow, attributes};
pub use record::event_name;

use super::Origin;
use super::envelope::CONTENT;
use super::wire::{framed_len, write_bytes};
use longwire_pipeline::log::LogRecord;
use record::Writer;
use std::mem;

/// Gathers records into requests within a bound.
#[derive(Debug)]
pub struct Batch {
    origin: Origin,
    max_bytes: usize,
    writer: Writer,
    /// Each as a field.
    records: Vec<u8>,
    count: usize,
}

/// An `ExportLogsServiceRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Before any compression.
    pub bytes: Vec<u8>,
    /// Records in it.
    pub records: usize,
}

impl Batch {
    #[must_use]
    pub fn new(origin: Origin, max_bytes: usize) -> Self {
        Self { origin, max_bytes, writer: Writer::default(), records: Vec::new(), count: 0 }
    }

    /// Adds a record. Returns the request before, if the record had no room in it; one that it fills alone may exceed the bound.
    pub fn push(&mut self, record: &LogRecord) -> Option<Request> {
        let written = self.writer.write(record);
        let content = self.records.len() + framed_len(written.len());
        let full = if self.origin.request_len(content) > self.max_bytes {
            take(&self.origin, &mut self.records, &mut self.count)
        } else {
            None
        };
        write_bytes(CONTENT, written, &mut self.records);
        self.count += 1;
        full
    }

    /// What there is, because its time has come. `None`: no record.
    pub fn finish(&mut self) -> Option<Request> {
        take(&self.origin, &mut self.records, &mut self.count)
    }
}

fn take(origin: &Origin, content: &mut Vec<u8>, count: &mut usize) -> Option<Request> {
    let records = mem::take(count);
    let bytes = (records != 0).then(|| origin.request(content))?;
    content.clear();
    Some(Request { bytes, records })
}
