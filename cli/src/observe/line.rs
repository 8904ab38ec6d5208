//! What happened, as one line. Pure.

use super::stages::{Happened, What};
use crate::amount::{bytes, counted, duration};
use crate::ends::{service, socket};
use crate::options::ObserveOutput;
use crate::plain::plain;
use anstyle::{AnsiColor, Style};
use k8s_openapi::jiff::Timestamp;
use longwire_live::Connection;
use longwire_live::connection::{ConnectionStatus, Side};
use serde::Serialize;
use std::fmt::Write;

#[cfg(test)]
mod tests;

const OPEN: Style = AnsiColor::Green.on_default();
const CLOSE: Style = AnsiColor::Blue.on_default();
const FAIL: Style = AnsiColor::Red.on_default().bold();

#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    object: &'a Connection,
}

/// With colours, if it is for people; without the end of the line.
pub(super) fn line(happened: Happened, connection: &Connection, output: ObserveOutput) -> serde_json::Result<String> {
    match output {
        ObserveOutput::Compact => Ok(compact(happened, connection)),
        ObserveOutput::Json => {
            let event = Event { r#type: happened.0.name(), object: connection };
            serde_json::to_string(&event).map(|text| escaped(&text))
        }
    }
}

/// JSON leaves some control characters as they are, in strings alone.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_control() {
            let _ = write!(text, "\\u{:04x}", u32::from(letter));
        } else {
            text.push(letter);
        }
    }
    text
}

fn compact((what, time): Happened, connection: &Connection) -> String {
    let Connection { spec, status, .. } = connection;
    let style = match what {
        What::Open => OPEN,
        What::Close => CLOSE,
        What::Fail => FAIL,
    };
    let time = time.and_then(|time| Timestamp::from_microsecond(time).ok());
    let time = time.map_or_else(|| "--:--:--.---".to_owned(), |time| time.strftime("%H:%M:%S.%3f").to_string());
    let ends = format!("{} -> {}", plain(&socket(&spec.source)), plain(&socket(&spec.destination)));
    let service = spec.service.as_ref().and_then(|named| service(named, &spec.destination));
    let service = service.map(|service| format!(" ({})", plain(&service))).unwrap_or_default();
    let more = status.as_ref().map(|status| details(what, status)).unwrap_or_default();
    let more = if more.is_empty() { more } else { format!("  {more}") };
    format!("{time} {style}{:5}{style:#} {ends}{service}{more}", what.name())
}

fn details(what: What, status: &ConnectionStatus) -> String {
    let lasted = status.duration_milliseconds.map(duration);
    let reason = status.reason.as_deref().map(plain);
    let reports = [&status.source, &status.destination];
    let retransmits = reports.into_iter().flatten().filter_map(|end| end.retransmits).fold(0, u64::saturating_add);
    let again = (retransmits > 0).then(|| counted(retransmits, "retransmit"));
    match what {
        What::Open => String::new(),
        What::Fail => {
            let reason = reason.unwrap_or_else(|| "for an unknown reason".to_owned());
            let after = lasted.map(|lasted| format!(" after {lasted}")).unwrap_or_default();
            joined([Some(format!("{reason}{after}")), again])
        }
        What::Close => {
            let by = status.closed_by.map(|side| match side {
                Side::Source => " by source",
                Side::Destination => " by destination",
            });
            let reason = reason.unwrap_or_else(|| "closed".to_owned());
            joined([
                Some(format!("{} sent", bytes(status.bytes.from_source))),
                Some(format!("{} received", bytes(status.bytes.from_destination))),
                lasted,
                Some(format!("{reason}{}", by.unwrap_or_default())),
                again,
            ])
        }
    }
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
