//! The columns of effective telemetries.

use crate::columns::{Column, ColumnKind, NAME, UNKNOWN, text};
use serde_json::Value;

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    Column::new("Workload", ColumnKind::Text, "The workload of the pod.", |object| text(object, "/spec/workload")),
    Column::new("Sets", ColumnKind::Text, "Series sets that are on.", |object| {
        listed(object, "/status/seriesSets", |set| set["on"] == true)
    }),
    Column::new("Tags", ColumnKind::Text, "Labels that are added or changed.", |object| {
        listed(object, "/status/tags", |tag| tag["value"].is_string())
    }),
    Column::new("Node", ColumnKind::Text, "The node of the pod.", |object| text(object, "/spec/node")),
    Column::new("Problems", ColumnKind::Integer, "What has no effect, or not all of it.", |object| {
        count(object, "/status/problems").into()
    }),
    Column::new("Removed", ColumnKind::Text, "Labels that are removed.", |object| {
        listed(object, "/status/tags", |tag| tag["value"].is_null())
    })
    .wide(),
    Column::new("Overrides", ColumnKind::Integer, "Overrides that switch metrics off, or keep them on.", |object| {
        count(object, "/status/overrides").into()
    })
    .wide(),
    Column::new("Objects", ColumnKind::Integer, "Objects that apply.", |object| {
        count(object, "/status/objects").into()
    })
    .wide(),
    Column::new("Service", ColumnKind::Text, "The canonical service.", |object| text(object, "/spec/canonicalService"))
        .wide(),
];

/// Names of those that are chosen, each once.
fn listed(object: &Value, pointer: &str, is_chosen: fn(&Value) -> bool) -> Value {
    let mut names: Vec<&str> = entries(object, pointer)
        .iter()
        .filter(|entry| is_chosen(entry))
        .filter_map(|entry| entry["name"].as_str())
        .collect();
    names.dedup();
    if names.is_empty() { UNKNOWN.into() } else { names.join(",").into() }
}

fn count(object: &Value, pointer: &str) -> usize {
    entries(object, pointer).len()
}

fn entries<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
