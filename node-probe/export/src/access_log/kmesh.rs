//! As Kmesh writes it: `accesslog:`, the time, and pairs with commas between. What is not known is `-`.

use super::address::write_address;
use super::escape::write_text;
use super::{Line, known};
use crate::number::{write_seconds, write_unsigned};
use longwire_model::access_log::LogEvent;
use longwire_pipeline::observation::Reporter;

pub(super) fn write(line: &Line<'_>, to: &mut Vec<u8>) {
    let record = line.record;
    to.extend_from_slice(b"accesslog: ");
    line.made.write_go(to);
    to.extend_from_slice(b" src.addr=");
    write_address(record.source, to);
    write_name(", src.workload=", line.source_pod(), to);
    write_name(", src.namespace=", known(line.names.source.namespace), to);
    to.extend_from_slice(b", dst.addr=");
    write_address(line.server(), to);
    write_name(", dst.service=", known(line.names.service.host), to);
    write_name(", dst.workload=", line.destination_pod(), to);
    write_name(", dst.namespace=", known(line.names.service.namespace), to);
    to.extend_from_slice(b", start_time=");
    line.start.write_go(to);
    write_name(", direction=", Some(direction(record.edge.reporter)), to);
    write_name(", state=", Some(state(record.event)), to);
    write_course(line, to);
}

fn direction(reporter: Reporter) -> &'static str {
    match reporter {
        Reporter::Source => "OUTBOUND",
        Reporter::Destination => "INBOUND",
    }
}

fn state(event: LogEvent) -> &'static str {
    match event {
        LogEvent::Connect | LogEvent::Periodic => "BPF_TCP_ESTABLISHED",
        LogEvent::Close | LogEvent::Failed => "BPF_TCP_CLOSE",
    }
}

fn write_course(line: &Line<'_>, to: &mut Vec<u8>) {
    let record = line.record;
    let (sent, received) = line.own_bytes();
    write_number(", sent_bytes=", sent, to);
    write_number(", received_bytes=", received, to);
    write_number(", packet_loss=", record.totals.lost, to);
    write_number(", retransmissions=", record.totals.retransmits, to);
    // Where none is known Kmesh has the kernel's 0.
    write_number(", srtt=", record.rtt_us.unwrap_or(0).into(), to);
    write_number("us, min_rtt=", record.min_rtt_us.unwrap_or(0).into(), to);
    to.extend_from_slice(b"us, duration=");
    // Milliseconds, to the nanosecond.
    write_seconds((line.milliseconds(), (record.duration % 1_000_000 * 1_000) as u32), to);
    to.extend_from_slice(b"ms");
}

fn write_name(key: &str, name: Option<&str>, to: &mut Vec<u8>) {
    to.extend_from_slice(key.as_bytes());
    write_text(name.unwrap_or("-"), to);
}

fn write_number(key: &str, number: u64, to: &mut Vec<u8>) {
    to.extend_from_slice(key.as_bytes());
    write_unsigned(number, to);
}
