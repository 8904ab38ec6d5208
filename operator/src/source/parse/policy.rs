//! Objects of the three kinds. One that cannot be read becomes an object too, so that its status can say why.

use super::{Head, Source, with_path};
use crate::source::object::policy::{Policy, check_text};
use crate::source::object::{self, InvalidObject, Key, Kind, Object, Refusal, Unreadable};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use longwire_crds::limits::{MAX_DURATION_BYTES, MAX_DURATION_DIGITS};
use longwire_crds::{API_VERSION, ExtraStatTags, GROUP, StatsMatcher, TelemetryPolicy};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_ignored::Path;
use serde_json::Value;
use std::sync::Arc;

/// Fields that are named of those that are not known.
const MAX_UNKNOWN: usize = 3;
/// And so much of each.
const MAX_UNKNOWN_BYTES: usize = 128;

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

/// As far as it has to be read whatever is in the rest.
#[derive(Deserialize)]
struct Named {
    metadata: ObjectMeta,
}

#[derive(Default, Deserialize)]
struct Spec {
    #[serde(default)]
    spec: Value,
}

/// Durations as they are written: reading one as what it is would not survive every text.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    spec: WrittenSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WrittenSpec {
    reporting_interval: Value,
    metrics: Value,
    long_connections: Value,
    access_logs: Value,
    exporters: Value,
}

/// The same for an object that an API server sent.
pub(in crate::source) fn from_api_server(kind: Kind, value: &Value) -> Result<Object, serde_json::Error> {
    read(kind, &Head::deserialize(value)?, value, serde_json::Error::custom)
}

pub(super) fn read<S: Source>(
    kind: Kind,
    head: &Head,
    source: &S,
    invalid: impl Fn(InvalidObject) -> S::Error,
) -> Result<Object, S::Error> {
    let Named { metadata } = source.read()?;
    let name = object::namespaced(&metadata).map_err(invalid)?;
    // Of a spec that is too large nothing is read.
    let text = check_text(&source.read::<Spec>().unwrap_or_default().spec);
    let read = text.and_then(|()| check(head, source.read().unwrap_or_default())).and_then(|()| match kind {
        Kind::ExtraStatTags => typed::<ExtraStatTags, _>(source, Object::ExtraStatTags),
        Kind::StatsMatcher => typed::<StatsMatcher, _>(source, Object::StatsMatcher),
        _ => typed::<TelemetryPolicy, _>(source, Object::TelemetryPolicy),
    });
    Ok(read.unwrap_or_else(|refusal| {
        let uid = metadata.uid.filter(|uid| !uid.is_empty()).unwrap_or_else(|| name.to_string());
        let generation = metadata.generation.unwrap_or(0);
        Object::Unreadable(Arc::new(Unreadable { key: Key { kind, name }, uid, generation, refusal }))
    }))
}

/// Fields that the types do not have.
fn check(Head { api_version, .. }: &Head, written: Written) -> Result<(), Refusal> {
    if *api_version != API_VERSION {
        let message = format!("apiVersion: {api_version} is not known to this operator: write {API_VERSION}");
        return Err(Refusal::invalid(message));
    }
    let WrittenSpec { reporting_interval, metrics, long_connections, access_logs, exporters } = written.spec;
    check_duration(|| "spec.reportingInterval".to_owned(), &reporting_interval)?;
    for (part, metrics) in metrics.as_array().into_iter().flatten().enumerate() {
        check_duration(|| format!("spec.metrics[{part}].reportingInterval"), &metrics["reportingInterval"])?;
    }
    check_duration(|| "spec.longConnections.threshold".to_owned(), &long_connections["threshold"])?;
    check_duration(|| "spec.accessLogs.interval".to_owned(), &access_logs["interval"])?;
    check_duration(|| "spec.accessLogs.minDuration".to_owned(), &access_logs["minDuration"])?;
    for (at, exporter) in exporters.as_array().into_iter().flatten().enumerate() {
        for (target, name) in [("otlp", "timeout"), ("otlp", "interval"), ("statsd", "flushInterval")] {
            check_duration(|| format!("spec.exporters[{at}].{target}.{name}"), &exporter[target][name])?;
        }
    }
    Ok(())
}

fn check_duration(field: impl Fn() -> String, value: &Value) -> Result<(), Refusal> {
    match value {
        Value::String(text) if !is_duration(text) => {
            Err(Refusal::invalid(format!("{}: {text:?} is no duration: write one as 5s, 500ms or 1m30s", field())))
        }
        _ => Ok(()),
    }
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
            Some(after) if (1..=MAX_DURATION_DIGITS).contains(&whole) => rest = after,
            _ => return false,
        }
    }
    !text.is_empty() && text.len() <= MAX_DURATION_BYTES
}

fn typed<T, S>(source: &impl Source, object: impl Fn(Arc<Policy<S>>) -> Object) -> Result<Object, Refusal>
where
    T: DeserializeOwned,
    Policy<S>: TryFrom<T, Error = InvalidObject>,
{
    let read = source.read::<T>().or_else(|_| named::<T>(source)).map_err(Refusal::invalid)?;
    let mut policy = Policy::try_from(read).map_err(|error| Refusal::invalid(error.to_string()))?;
    policy.unknown = unknown::<T>(source);
    Ok(object(Arc::new(policy)))
}

/// Once more, in a way that knows the field that is wrong.
fn named<T: DeserializeOwned>(source: &impl Source) -> Result<T, String> {
    let value: Value = source.read().map_err(|_| "cannot be read as a whole".to_owned())?;
    with_path(&value)
}

/// A field that is a typing error, or of a later release, has no effect, and is not passed over in silence.
fn unknown<T: DeserializeOwned>(source: &impl Source) -> Option<String> {
    let value: Value = source.read().ok()?;
    let mut found = Vec::new();
    // That it can be read is known by now. What else stands beside `spec` is the API server's.
    let _ = serde_ignored::deserialize::<_, _, T>(&value, |path| {
        let path = field(&path);
        if path.starts_with("spec.") && found.len() < MAX_UNKNOWN {
            found.push(path[..path.floor_char_boundary(MAX_UNKNOWN_BYTES)].to_owned());
        }
    });
    let are = match found.len() {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    let fields = found.join(", ");
    Some(format!("{fields} {are} not known to this operator and without effect: leave out, or upgrade the operator"))
}

/// As in `spec.overrides[0].match`.
fn field(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", field(parent)),
        Path::Map { parent: Path::Root, key } => key.clone(),
        Path::Map { parent, key } => format!("{}.{key}", field(parent)),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => field(parent),
    }
}
