//! The columns of edges.

use crate::columns::cells::{bytes, micros, named, number, scaled};
use crate::columns::{Column, ColumnKind, NAME, UNKNOWN, text};
use serde_json::Value;

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    Column::new("Source", ColumnKind::Text, "The workload that opened them.", |object| end(object, "source")),
    Column::new("Destination", ColumnKind::Text, "The workload that accepted them.", |object| {
        end(object, "destination")
    }),
    Column::new("Service", ColumnKind::Text, "The Service that they count for.", |object| {
        named(object, "/spec/service", "name").unwrap_or_else(|| UNKNOWN.into())
    }),
    Column::new("Open", ColumnKind::Integer, "Connections that are open.", |object| {
        number(object, "/status/open").into()
    }),
    Column::new("Opened", ColumnKind::Integer, "Connections that were established since somebody looks.", |object| {
        number(object, "/status/opened").into()
    }),
    Column::new("Failed", ColumnKind::Integer, "Connections that were never established since then.", |object| {
        failures(object).map(|(_, count)| count).fold(0, u64::saturating_add).into()
    }),
    Column::new("Sent/s", ColumnKind::Text, "Bytes a second from the source.", |object| {
        bytes(object, "/status/bytesPerSecond/fromSource")
    }),
    Column::new("Received/s", ColumnKind::Text, "Bytes a second to the source.", |object| {
        bytes(object, "/status/bytesPerSecond/fromDestination")
    }),
    Column::new("RTT", ColumnKind::Text, "Median of the round-trip times.", |object| quantile(object, "p50")),
    Column::new("Retrans", ColumnKind::Text, "Part of the bytes that was sent again.", retransmitted),
    Column::new("Closed", ColumnKind::Integer, "Connections that were closed since somebody looks.", |object| {
        number(object, "/status/closed").into()
    })
    .wide(),
    Column::new("Bytes", ColumnKind::Text, "Bytes from the source, and to it, since then.", |object| {
        let of = |end: &str| scaled(number(object, &format!("/status/bytes/{end}")));
        format!("{}/{}", of("fromSource"), of("fromDestination")).into()
    })
    .wide(),
    Column::new("RTT P95", ColumnKind::Text, "95 of 100 connections have at most this round-trip time.", |object| {
        quantile(object, "p95")
    })
    .wide(),
    Column::new("RTT P99", ColumnKind::Text, "99 of 100 connections have at most this round-trip time.", |object| {
        quantile(object, "p99")
    })
    .wide(),
    Column::new("Lost", ColumnKind::Integer, "Segments that both kernels took for lost since then.", |object| {
        number(object, "/status/lostPackets").into()
    })
    .wide(),
    Column::new("Reasons", ColumnKind::Text, "Why connections failed, and how many.", reasons).wide(),
    Column::new("Since", ColumnKind::Text, "Since when they are added up.", |object| text(object, "/status/since"))
        .wide(),
];

fn end(object: &Value, end: &str) -> Value {
    named(object, &format!("/spec/{end}"), "workload").unwrap_or_else(|| UNKNOWN.into())
}

fn failures(object: &Value) -> impl Iterator<Item = (&String, u64)> {
    let failed = object.pointer("/status/failed").and_then(Value::as_object);
    failed.into_iter().flatten().filter_map(|(reason, count)| Some((reason, count.as_u64()?)))
}

fn reasons(object: &Value) -> Value {
    let reasons: Vec<_> = failures(object).map(|(reason, count)| format!("{reason}={count}")).collect();
    if reasons.is_empty() { UNKNOWN.into() } else { reasons.join(",").into() }
}

fn quantile(object: &Value, name: &str) -> Value {
    let time = object.pointer(&format!("/status/rttMicroseconds/{name}")).and_then(Value::as_u64);
    time.map_or_else(|| UNKNOWN.into(), |time| micros(time).into())
}

fn retransmitted(object: &Value) -> Value {
    let ratio = object.pointer("/status/retransmitRatio").and_then(Value::as_f64);
    ratio.map_or_else(|| UNKNOWN.into(), |ratio| format!("{:.2}%", ratio * 100.0).into())
}
