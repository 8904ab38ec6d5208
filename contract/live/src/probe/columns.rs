//! The columns of probes.

use super::ProbeFacts;
use crate::columns::{Column, ColumnKind, NAME, UNKNOWN, text};
use serde::Deserialize;
use serde_json::Value;

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    Column::new("Connected", ColumnKind::Text, "Whether it has a control stream to the operator.", |object| {
        text(object, "/status/connected")
    }),
    Column::new("Ready", ColumnKind::Text, "Whether its pod is ready.", |object| text(object, "/status/ready")),
    Column::new("Release", ColumnKind::Text, "Its release.", |object| text(object, "/status/release")),
    Column::new("Programmed", ColumnKind::Text, PROGRAMMED, programmed),
    Column::new("Kernel", ColumnKind::Text, "Release of the node's kernel.", |object| {
        text(object, "/status/facts/kernel")
    }),
    Column::new("Budget", ColumnKind::Text, "How much of its fullest budget is in use.", |object| {
        of(object, |facts| facts.fullest().map(|budget| format!("{}%", budget.percent())))
    }),
    Column::new("Losses", ColumnKind::Text, "What it has lost since it counts, all kinds together.", |object| {
        of(object, |facts| Some(facts.lost().to_string()))
    }),
    Column::new("Lag", ColumnKind::Text, "Age of its last pass over live connections.", |object| {
        of(object, |facts| facts.lag.pass_milliseconds.map(age))
    }),
    Column::new("Refusal", ColumnKind::Text, "Why it could not apply its configuration.", |object| {
        text(object, "/status/refusal")
    })
    .wide(),
    Column::new("Notices", ColumnKind::Integer, "Notices about its node in the last hour.", notices).wide(),
];

const PROGRAMMED: &str = "Revision of the configuration that it has applied, of the one that it should have.";

fn programmed(object: &Value) -> Value {
    let revision = |name: &str| object.pointer(&format!("/status/revision/{name}")).and_then(Value::as_u64);
    let Some(wanted) = revision("wanted") else { return UNKNOWN.into() };
    revision("applied").map_or_else(|| format!("-/{wanted}"), |applied| format!("{applied}/{wanted}")).into()
}

fn notices(object: &Value) -> Value {
    object.pointer("/status/notices").and_then(Value::as_array).map_or(0, Vec::len).into()
}

/// What the facts say, if the probe has answered.
fn of(object: &Value, cell: impl Fn(&ProbeFacts) -> Option<String>) -> Value {
    let facts = object.pointer("/status/facts").and_then(|facts| ProbeFacts::deserialize(facts).ok());
    facts.as_ref().and_then(cell).map_or_else(|| UNKNOWN.into(), Value::from)
}

fn age(milliseconds: u64) -> String {
    if milliseconds < 60_000 {
        format!("{}.{}s", milliseconds / 1_000, milliseconds % 1_000 / 100)
    } else {
        format!("{}s", milliseconds / 1_000)
    }
}
