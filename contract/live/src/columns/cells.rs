//! What cells of several tables have in common.

use serde_json::Value;

/// A name, with its namespace if that is another one than the object's.
pub(crate) fn named(object: &Value, place: &str, name: &str) -> Option<Value> {
    let found = object.pointer(place)?;
    let (name, namespace) = (found.get(name)?.as_str()?, found.get("namespace").and_then(Value::as_str));
    let own = object.pointer("/metadata/namespace").and_then(Value::as_str);
    Some(match namespace.filter(|namespace| own != Some(namespace)) {
        Some(namespace) => format!("{namespace}/{name}").into(),
        None => name.into(),
    })
}

pub(crate) fn number(object: &Value, pointer: &str) -> u64 {
    object.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

pub(crate) fn bytes(object: &Value, pointer: &str) -> Value {
    scaled(number(object, pointer)).into()
}

/// Three digits or four, in powers of 1,000.
pub(crate) fn scaled(number: u64) -> String {
    let units = ["", "k", "M", "G", "T", "P", "E"];
    let (mut whole, mut tenths, mut unit) = (number, 0, 0);
    while whole >= 1_000 && unit + 1 < units.len() {
        (tenths, whole, unit) = (whole % 1_000 / 100, whole / 1_000, unit + 1);
    }
    let name = units[unit];
    if unit > 0 && whole < 10 { format!("{whole}.{tenths}{name}") } else { format!("{whole}{name}") }
}

/// Microseconds, or milliseconds with a tenth.
pub(crate) fn micros(time: u64) -> String {
    if time < 1_000 { format!("{time}us") } else { format!("{}.{}ms", time / 1_000, time % 1_000 / 100) }
}
