//! Objects of the three kinds, which are told of even when they cannot be read: people are told why.

use super::Head;
use crate::object::{self, InvalidObject, Key, Kind, Object, Unreadable};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use longwire_crds::{ExtraStatTags, GROUP, StatsMatcher, TelemetryPolicy, VERSION};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// A duration as the API server takes it. Go's syntax has more, and more digits than fit into a duration.
const MOST_DURATION_BYTES: usize = 32;
const MOST_DIGITS: usize = 6;
const DURATIONS: [(&str, &str); 2] = [
    ("spec.reportingInterval", "/spec/reportingInterval"),
    ("spec.longConnections.threshold", "/spec/longConnections/threshold"),
];

/// `None`: an object of another kind. One of another version is one of ours all the same.
pub(super) fn kind(Head { api_version, kind }: &Head) -> Option<Kind> {
    let (GROUP, _) = api_version.split_once('/')? else { return None };
    match kind.as_str() {
        "ExtraStatTags" => Some(Kind::ExtraStatTags),
        "StatsMatcher" => Some(Kind::StatsMatcher),
        "TelemetryPolicy" => Some(Kind::TelemetryPolicy),
        _ => None,
    }
}

pub(super) fn read(kind: Kind, head: &Head, value: Value) -> Result<Object, InvalidObject> {
    let metadata = value.get("metadata").and_then(|metadata| ObjectMeta::deserialize(metadata).ok());
    let metadata = metadata.unwrap_or_default();
    let name = object::namespaced(&metadata)?;
    let read = check(head, &value).and_then(|()| match kind {
        Kind::ExtraStatTags => typed::<ExtraStatTags, _>(value, Object::ExtraStatTags),
        Kind::StatsMatcher => typed::<StatsMatcher, _>(value, Object::StatsMatcher),
        _ => typed::<TelemetryPolicy, _>(value, Object::TelemetryPolicy),
    });
    Ok(read.unwrap_or_else(|error| {
        let uid = metadata.uid.unwrap_or_else(|| name.to_string());
        let generation = metadata.generation.unwrap_or(0);
        Object::Unreadable(Arc::new(Unreadable { key: Key { kind, name }, uid, generation, error }))
    }))
}

/// What the types do not say.
fn check(Head { api_version, .. }: &Head, value: &Value) -> Result<(), String> {
    let known = format!("{GROUP}/{VERSION}");
    if *api_version != known {
        return Err(format!("apiVersion: {api_version} is not known to this operator: write {known}"));
    }
    for (field, pointer) in DURATIONS {
        match value.pointer(pointer) {
            Some(Value::String(text)) if !is_duration(text) => {
                return Err(format!("{field}: {text:?} is no duration: write one as 5s, 500ms or 1m30s"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_duration(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text;
    while !rest.is_empty() {
        let whole = digits(rest);
        rest = &rest[whole..];
        if let Some(fraction) = rest.strip_prefix('.') {
            let more = digits(fraction);
            if !(1..=3).contains(&more) {
                return false;
            }
            rest = &fraction[more..];
        }
        let unit = ["ms", "h", "m", "s"].into_iter().find_map(|unit| rest.strip_prefix(unit));
        match unit {
            Some(after) if (1..=MOST_DIGITS).contains(&whole) => rest = after,
            _ => return false,
        }
    }
    !text.is_empty() && text.len() <= MOST_DURATION_BYTES
}

fn typed<T, O>(value: Value, object: impl Fn(Arc<O>) -> Object) -> Result<Object, String>
where
    T: DeserializeOwned,
    O: TryFrom<T, Error = InvalidObject>,
{
    let read: T = serde_path_to_error::deserialize(value).map_err(|error| {
        let problem = error.inner().to_string();
        match error.path().to_string().as_str() {
            "." => problem,
            path => format!("{path}: {problem}"),
        }
    })?;
    O::try_from(read).map(|read| object(Arc::new(read))).map_err(|error| error.to_string())
}
