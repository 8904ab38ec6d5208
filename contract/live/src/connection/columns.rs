//! The columns of connections.

use crate::columns::cells::{bytes, micros, named, number, scaled};
use crate::columns::{Column, ColumnKind, NAME, UNKNOWN, text};
use serde_json::Value;

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    Column::new("Phase", ColumnKind::Text, "Open, Closed or Failed.", |object| text(object, "/status/phase")),
    Column::new("Source", ColumnKind::Text, "The pod that opened it, or its address.", |object| end(object, "source")),
    Column::new(
        "Destination",
        ColumnKind::Text,
        "The pod that accepted it, or its address, or the address that the source requested; and the port.",
        destination,
    ),
    Column::new("Service", ColumnKind::Text, "The Service that it counts for.", |object| {
        named(object, "/spec/service", "name").unwrap_or_else(|| UNKNOWN.into())
    }),
    Column::new("Sent/s", ColumnKind::Text, "Bytes a second from the source.", |object| {
        bytes(object, "/status/bytesPerSecond/fromSource")
    }),
    Column::new("Received/s", ColumnKind::Text, "Bytes a second to the source.", |object| {
        bytes(object, "/status/bytesPerSecond/fromDestination")
    }),
    Column::new("RTT", ColumnKind::Text, "Round-trip time, of the source's kernel if that is known.", rtt),
    Column::new("Retrans", ColumnKind::Integer, "Segments that both ends sent again.", |object| {
        both(object, "retransmits").into()
    }),
    Column::new("Age", ColumnKind::Text, "How long it lives, or lived.", age),
    Column::new("Bytes", ColumnKind::Text, "Bytes from the source, and to it.", |object| {
        let of = |end: &str| scaled(number(object, &format!("/status/bytes/{end}")));
        format!("{}/{}", of("fromSource"), of("fromDestination")).into()
    })
    .wide(),
    Column::new("Lost", ColumnKind::Integer, "Packets that both kernels took for lost.", |object| {
        both(object, "lostPackets").into()
    })
    .wide(),
    Column::new("Nodes", ColumnKind::Text, "Nodes of source and destination.", |object| pair(object, node)).wide(),
    Column::new("Addresses", ColumnKind::Text, "Addresses of source and destination.", |object| pair(object, address))
        .wide(),
    Column::new("Reason", ColumnKind::Text, "Why it ended.", |object| text(object, "/status/reason")).wide(),
];

fn end(object: &Value, end: &str) -> Value {
    named(object, &format!("/spec/{end}"), "pod").unwrap_or_else(|| text(object, &format!("/spec/{end}/address")))
}

/// Of a server outside the cluster behind a Service, such as `default/kubernetes`, often only the Service's address is known.
fn destination(object: &Value) -> Value {
    let port = object.pointer("/spec/destination/port").and_then(Value::as_u64);
    match (end(object, "destination"), port) {
        (Value::String(end), Some(port)) if end != UNKNOWN => format!("{end}:{port}").into(),
        (end, _) if end == UNKNOWN => text(object, "/spec/requestedAddress"),
        (end, _) => end,
    }
}

fn both(object: &Value, field: &str) -> u64 {
    let of = |end: &str| number(object, &format!("/status/{end}/{field}"));
    of("source").saturating_add(of("destination"))
}

fn rtt(object: &Value) -> Value {
    let of = |end: &str| object.pointer(&format!("/status/{end}/rttMicroseconds")).and_then(Value::as_u64);
    match of("source").or_else(|| of("destination")) {
        None => UNKNOWN.into(),
        Some(time) => micros(time).into(),
    }
}

/// Short, as kubectl shows ages.
fn age(object: &Value) -> Value {
    let Some(millis) = object.pointer("/status/durationMilliseconds").and_then(Value::as_u64) else {
        return UNKNOWN.into();
    };
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis}ms"),
        1..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m{}s", seconds / 60, seconds % 60),
        7_200..172_800 => format!("{}h{}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
    .into()
}

fn pair(object: &Value, of: fn(&Value) -> Option<String>) -> Value {
    let one = |end: &str| object.pointer(&format!("/spec/{end}")).and_then(of).unwrap_or_else(|| "-".to_owned());
    format!("{} > {}", one("source"), one("destination")).into()
}

fn node(end: &Value) -> Option<String> {
    end.get("node")?.as_str().map(str::to_owned)
}

fn address(end: &Value) -> Option<String> {
    let address = end.get("address")?.as_str()?;
    let port = end.get("port").and_then(Value::as_u64);
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}
