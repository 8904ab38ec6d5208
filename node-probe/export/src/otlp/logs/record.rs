//! One log record.

use super::attributes::{Subject, write_attributes};
use super::body::write_body;
use crate::otlp::wire::{write_bytes, write_fixed, write_text, write_unsigned};
use longwire_model::access_log::LogEvent;
use longwire_model::identity::UnixNanos;
use longwire_pipeline::log::LogRecord;

// Fields of `LogRecord`.
const TIME: u32 = 1;
const SEVERITY_NUMBER: u32 = 2;
const SEVERITY_TEXT: u32 = 3;
const BODY: u32 = 5;
const ATTRIBUTES: u32 = 6;
const OBSERVED_TIME: u32 = 11;
const EVENT_NAME: u32 = 12;

/// Of `AnyValue`.
const STRING_VALUE: u32 = 1;

/// Of `SeverityNumber`.
const INFO: (u64, &str) = (9, "INFO");
const WARN: (u64, &str) = (13, "WARN");

/// Room to write records.
#[derive(Debug, Default)]
pub(super) struct Writer {
    record: Vec<u8>,
    body: Vec<u8>,
    /// A text before it is framed.
    text: Vec<u8>,
}

impl Writer {
    pub(super) fn write(&mut self, record: &LogRecord) -> &[u8] {
        let Self { record: out, body, text } = self;
        let subject = Subject::of(record);
        let (number, severity) = severity(record.event);
        out.clear();
        write_time(TIME, happened(record), out);
        write_unsigned(SEVERITY_NUMBER, number, out);
        write_text(SEVERITY_TEXT, severity, out);
        text.clear();
        write_body(&subject, text);
        body.clear();
        write_bytes(STRING_VALUE, text, body);
        write_bytes(BODY, body, out);
        write_attributes(ATTRIBUTES, &subject, text, out);
        write_time(OBSERVED_TIME, record.time, out);
        write_text(EVENT_NAME, event_name(record.event), out);
        out
    }
}

/// The name of the event in a log record.
#[must_use]
pub const fn event_name(event: LogEvent) -> &'static str {
    match event {
        LogEvent::Connect => "longwire.tcp.connect",
        LogEvent::Periodic => "longwire.tcp.periodic",
        LogEvent::Close => "longwire.tcp.close",
        LogEvent::Failed => "longwire.tcp.failed",
    }
}

fn severity(event: LogEvent) -> (u64, &'static str) {
    match event {
        LogEvent::Connect | LogEvent::Periodic | LogEvent::Close => INFO,
        LogEvent::Failed => WARN,
    }
}

/// When it happened, which is before both ends are resolved and the record is made.
fn happened(record: &LogRecord) -> UnixNanos {
    let at = match record.event {
        LogEvent::Connect => record.start,
        LogEvent::Periodic => record.time,
        LogEvent::Close | LogEvent::Failed => record.start.saturating_add(record.duration),
    };
    at.min(record.time)
}

fn write_time(field: u32, time: UnixNanos, out: &mut Vec<u8>) {
    if time != 0 {
        write_fixed(field, time, out);
    }
}
