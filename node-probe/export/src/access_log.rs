//! Lines of access logs, each in the format that the policy of its pod has.
//!
//! ```text
//! LogRecord --Line: names, rendered seconds--> json, template, istio, ztunnel, kmesh --> bytes and a \n
//! ```

pub(crate) mod address;
pub(crate) mod escape;
pub(crate) mod id;
mod istio;
mod json;
mod kmesh;
mod moment;
mod operator;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod ztunnel;

use longwire_model::access_log::LogFormat;
use longwire_pipeline::labels::{LineNames, line_names};
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::Reporter;
use moment::{Moment, Second};
use std::net::SocketAddr;

/// Writes lines, and keeps the text of the last second: most lines are made in the same one.
#[derive(Debug, Default)]
pub struct LineWriter {
    made: Second,
    start: Second,
}

/// A record, with what all formats read of it.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    record: &'a LogRecord,
    names: LineNames<'a>,
    made: Moment<'a>,
    start: Moment<'a>,
}

impl LineWriter {
    /// Appends the line with its `\n`. Nothing is allocated but what `to` needs. A record without a format has no line.
    pub fn write(&mut self, record: &LogRecord, to: &mut Vec<u8>) {
        let Some(log) = &record.telemetry.access_log else { return };
        let (made, start) = (self.made.at(record.time), self.start.at(record.start));
        let line = Line { record, names: line_names(&record.edge), made, start };
        match &log.format {
            LogFormat::Json => json::write(&line, to),
            LogFormat::Istio => istio::write(&line, to),
            LogFormat::Ztunnel => ztunnel::write(&line, to),
            LogFormat::Kmesh => kmesh::write(&line, to),
            LogFormat::Text(template) => template::write(template, &line, to),
        }
        to.push(b'\n');
    }
}

impl<'a> Line<'a> {
    fn source_pod(&self) -> Option<&'a str> {
        self.record.source_pod.as_ref().and_then(|pod| known(&pod.name))
    }

    fn destination_pod(&self) -> Option<&'a str> {
        self.record.destination_pod.as_ref().and_then(|pod| known(&pod.name))
    }

    fn source_node(&self) -> Option<&'a str> {
        self.record.source_pod.as_ref().and_then(|pod| known(&pod.place.node))
    }

    fn destination_node(&self) -> Option<&'a str> {
        self.record.destination_pod.as_ref().and_then(|pod| known(&pod.place.node))
    }

    /// The server's own address, or else the requested one: for formats that must have one.
    fn server(&self) -> SocketAddr {
        self.record.answered.unwrap_or(self.record.requested)
    }

    /// Payload bytes that the reporter's socket has sent and received.
    fn own_bytes(&self) -> (u64, u64) {
        let totals = &self.record.totals;
        match self.record.edge.reporter {
            Reporter::Source => (totals.received, totals.sent),
            Reporter::Destination => (totals.sent, totals.received),
        }
    }

    fn milliseconds(&self) -> u64 {
        self.record.duration / 1_000_000
    }
}

/// `None`: it is not known.
pub(crate) fn known(name: &str) -> Option<&str> {
    (!name.is_empty() && name != LineNames::UNKNOWN).then_some(name)
}
