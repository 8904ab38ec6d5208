//! The text of a record, for who reads it without its attributes.

use super::attributes::Subject;
use crate::access_log::address::write_part;
use crate::access_log::escape::write_text;
use crate::access_log::known;
use crate::number::write_unsigned;
use longwire_model::access_log::{AddressPart, LogEvent};
use std::net::SocketAddr;

/// As `web-0 was connected to db.shop.svc.cluster.local:5432 for 13 ms: fin`.
pub(super) fn write_body(of: &Subject<'_>, out: &mut Vec<u8>) {
    let record = of.record;
    write_name(of.source_pod().or_else(|| known(of.names.source.workload)), record.source, out);
    let verb = match record.event {
        LogEvent::Connect => " connected to ",
        LogEvent::Periodic => " is connected to ",
        LogEvent::Close => " was connected to ",
        LogEvent::Failed => " failed to connect to ",
    };
    out.extend_from_slice(verb.as_bytes());
    write_name(of.requested_service().or_else(|| of.destination_pod()), record.requested, out);
    out.push(b':');
    write_unsigned(record.requested.port().into(), out);
    match record.event {
        LogEvent::Connect => {}
        LogEvent::Periodic | LogEvent::Close => write_duration(" for ", record.duration, out),
        LogEvent::Failed => write_duration(" after ", record.duration, out),
    }
    let end = record.failure.map(|reason| reason.name()).or_else(|| Some(record.close_reason?.name()));
    if let Some(reason) = end {
        out.extend_from_slice(b": ");
        out.extend_from_slice(reason.as_bytes());
    }
}

/// The address, where no name is known.
fn write_name(name: Option<&str>, address: SocketAddr, out: &mut Vec<u8>) {
    match name {
        Some(name) => write_text(name, out),
        None => write_part(address, AddressPart::WithoutPort, out),
    }
}

fn write_duration(before: &str, duration: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(before.as_bytes());
    write_unsigned(duration / 1_000_000, out);
    out.extend_from_slice(b" ms");
}
