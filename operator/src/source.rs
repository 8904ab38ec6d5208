//! Where objects come from: an API server's watches, or a directory of manifests. Both yield the same events.
//!
//! ```text
//! API server --api_server--> k8s objects --+
//!                                          +--object--> Object: reduced, checked, or refused with a reason --> Event
//! directory --manifests--> parse ----------+
//! ```

use crate::counters::Counters;
use event::Batch;
use object::policy::TelemetryPolicy;
use object::{Kind, Object};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

pub mod api_server;
pub(crate) mod documents;
pub mod event;
pub mod manifests;
pub mod object;
mod parse;
mod reread;
#[cfg(test)]
pub(crate) mod sample;
mod split;
mod yaml;

pub(crate) use reread::Reread;

/// Where a source's objects go, and how they are requested again.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    pub batches: mpsc::Sender<Batch>,
    pub(crate) reread: Reread,
    pub counters: Arc<Counters>,
}

/// A policy that an API server sent; its spec may still be refused. An error: it is no policy.
pub(crate) fn policy_from_api_server(kind: Kind, value: &Value) -> Result<Object, serde_json::Error> {
    parse::policy::from_api_server(kind, value)
}

/// The object that a value is; a policy's spec may still be refused. `None`: of a kind that decides nothing. An error names the
/// field.
pub fn object_of(value: &Value) -> Result<Option<Object>, String> {
    parse::object(value)
}

/// The objects of the three kinds in a text, as they are, those of Lists too. An error names the line.
pub fn policies_in(text: &str) -> Result<Vec<Value>, String> {
    let is_ours = |value: &Value| {
        let group = value["apiVersion"].as_str().and_then(|version| version.split_once('/')).map(|(group, _)| group);
        group == Some(longwire_crds::GROUP)
    };
    let mut found = Vec::new();
    for documents::Document { value, .. } in documents::documents(text) {
        let value = value.map_err(|documents::Unreadable { line, message }| format!("line {line}: {message}"))?;
        match value["items"].as_array().filter(|_| value["kind"] == "List") {
            Some(items) => found.extend(items.iter().filter(|item| is_ours(item)).cloned()),
            None => found.extend(is_ours(&value).then_some(value)),
        }
    }
    Ok(found)
}

/// A document that holds one TelemetryPolicy and nothing else, in YAML; its spec may still be refused.
pub(crate) fn telemetry_policy(text: &str) -> Result<TelemetryPolicy, String> {
    let piece = split::Piece { line: 1, text };
    let objects = parse::parse(parse::Format::Yaml, piece)
        .map_err(|parse::Damaged { first, .. }| format!("line {}: {}", first.line, first.message))?;
    match <[Object; 1]>::try_from(objects) {
        Ok([Object::TelemetryPolicy(policy)]) => Ok(policy.as_ref().clone()),
        Ok([Object::Unreadable(unreadable)]) => Err(unreadable.refusal.message.clone()),
        _ => Err("not one TelemetryPolicy".to_owned()),
    }
}
