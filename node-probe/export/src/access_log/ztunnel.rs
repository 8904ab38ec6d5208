//! As ztunnel writes it: `time level target message key=value ...`, the first four with tabs behind. What is not known is left out.

use super::address::write_address;
use super::escape::write_quoted;
use super::{Line, known};
use crate::number::write_unsigned;
use longwire_model::access_log::LogEvent;
use longwire_pipeline::observation::Reporter;

/// Digits of a second's fraction.
const MICROSECONDS: u8 = 6;

pub(super) fn write(line: &Line<'_>, to: &mut Vec<u8>) {
    let record = line.record;
    line.made.write_rfc3339(MICROSECONDS, to);
    to.extend_from_slice(head(record.event).as_bytes());
    to.extend_from_slice(b"src.addr=");
    write_address(record.source, to);
    write_name(" src.workload=", line.source_pod(), to);
    write_name(" src.namespace=", known(line.names.source.namespace), to);
    to.extend_from_slice(b" dst.addr=");
    write_address(line.server(), to);
    write_name(" dst.service=", known(line.names.service.host), to);
    write_name(" dst.workload=", line.destination_pod(), to);
    write_name(" dst.namespace=", known(line.names.destination.namespace), to);
    write_name(" direction=", Some(direction(record.edge.reporter)), to);
    // ztunnel says no more of a connection that begins.
    if record.event != LogEvent::Connect {
        write_course(line, to);
    }
}

fn head(event: LogEvent) -> &'static str {
    match event {
        LogEvent::Connect => "\tdebug\taccess\tconnection opened\t",
        // ztunnel has no such line.
        LogEvent::Periodic => "\tinfo\taccess\tconnection open\t",
        LogEvent::Close => "\tinfo\taccess\tconnection complete\t",
        LogEvent::Failed => "\terror\taccess\tconnection complete\t",
    }
}

fn direction(reporter: Reporter) -> &'static str {
    match reporter {
        Reporter::Source => "outbound",
        Reporter::Destination => "inbound",
    }
}

fn write_course(line: &Line<'_>, to: &mut Vec<u8>) {
    let (sent, received) = line.own_bytes();
    to.extend_from_slice(b" bytes_sent=");
    write_unsigned(sent, to);
    to.extend_from_slice(b" bytes_recv=");
    write_unsigned(received, to);
    to.extend_from_slice(b" duration=\"");
    write_unsigned(line.milliseconds(), to);
    to.extend_from_slice(b"ms\"");
    write_name(" error=", line.record.failure.map(|reason| reason.name()), to);
}

fn write_name(key: &str, name: Option<&str>, to: &mut Vec<u8>) {
    let Some(name) = name else { return };
    to.extend_from_slice(key.as_bytes());
    write_quoted(name, to);
}
