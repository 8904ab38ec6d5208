//! The value of each operator of a format string. `-`: there is none.

use super::Line;
use super::address::write_part;
use super::escape::write_text;
use super::id::write_id;
use super::moment::Moment;
use super::value::Value;
use crate::number::write_unsigned;
use longwire_model::access_log::{AddressPart, LogEvent, Operator, TimeFormat};
use longwire_pipeline::observation::Reporter;
use std::net::SocketAddr;

/// Digits of a second's fraction.
const MILLISECONDS: u8 = 3;

pub(super) fn write(operator: &Operator, line: &Line<'_>, to: &mut Vec<u8>) {
    let record = line.record;
    match operator {
        Operator::StartTime(format) => write_time(line.start, *format, to),
        Operator::EmitTime(format) => write_time(line.made, *format, to),
        Operator::BytesReceived => write_unsigned(record.totals.received, to),
        Operator::BytesSent => write_unsigned(record.totals.sent, to),
        Operator::BytesRetransmitted => write_unsigned(record.totals.retransmitted_bytes, to),
        Operator::PacketsRetransmitted => write_unsigned(record.totals.retransmits, to),
        Operator::Duration => write_unsigned(line.milliseconds(), to),
        Operator::ResponseFlags => write_word((record.event == LogEvent::Failed).then_some("UF"), to),
        Operator::AccessLogType => to.extend_from_slice(log_type(record.event).as_bytes()),
        Operator::ConnectionId => write_id(record.id, to),
        Operator::UpstreamHost => write_address(record.answered, AddressPart::Both, to),
        Operator::UpstreamCluster => write_cluster(line, to),
        Operator::UpstreamTransportFailureReason => write_word(record.failure.map(|reason| reason.name()), to),
        Operator::UpstreamRemoteAddress(part) => write_address(record.answered, *part, to),
        Operator::DownstreamLocalAddress(part) => write_part(record.requested, *part, to),
        Operator::UpstreamLocalAddress(part)
        | Operator::DownstreamRemoteAddress(part)
        | Operator::DownstreamDirectRemoteAddress(part) => write_part(record.source, *part, to),
        Operator::Hostname => write_word(reporters_node(line), to),
        Operator::Field(field) => match Value::of(*field, line) {
            Some(value) => value.write_text(to),
            None => write_word(None, to),
        },
    }
}

fn write_word(word: Option<&str>, to: &mut Vec<u8>) {
    write_text(word.unwrap_or("-"), to);
}

fn write_time(time: Moment<'_>, format: TimeFormat, to: &mut Vec<u8>) {
    match format {
        TimeFormat::Rfc3339 => time.write_rfc3339(MILLISECONDS, to),
        TimeFormat::Seconds(digits) => time.write_unix(digits, to),
    }
}

fn write_address(address: Option<SocketAddr>, part: AddressPart, to: &mut Vec<u8>) {
    match address {
        Some(address) => write_part(address, part, to),
        None => write_word(None, to),
    }
}

/// Envoy's names. To it a connection that failed has ended.
fn log_type(event: LogEvent) -> &'static str {
    match event {
        LogEvent::Connect => "TcpUpstreamConnected",
        LogEvent::Periodic => "TcpPeriodic",
        LogEvent::Close | LogEvent::Failed => "TcpConnectionEnd",
    }
}

/// At the server's end as Istio names the cluster of a pod's own port.
fn write_cluster(line: &Line<'_>, to: &mut Vec<u8>) {
    match (&line.record.cluster, line.record.edge.reporter) {
        (Some(cluster), _) => write_text(cluster, to),
        (None, Reporter::Destination) => {
            to.extend_from_slice(b"inbound|");
            write_unsigned(line.server().port().into(), to);
            to.extend_from_slice(b"||");
        }
        (None, Reporter::Source) => write_word(None, to),
    }
}

fn reporters_node<'a>(line: &Line<'a>) -> Option<&'a str> {
    match line.record.edge.reporter {
        Reporter::Source => line.source_node(),
        Reporter::Destination => line.destination_node(),
    }
}
