//! Events of a watch as lines of JSON, in the form that its client wants.

use super::super::accept::Form;
use super::super::query::IncludeObject;
use super::super::status::Failure;
use super::super::table;
use crate::live::probes::microseconds;
use crate::live::served::Served;
use crate::live::watcher::Event;
use axum::body::Bytes;
use longwire_live::{API_VERSION, LiveResource};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Bytes of a chunk: it is sent when it has this many.
const CHUNK: usize = 32 << 10;

/// The end of what there was at the begin, as reflectors wait for it.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";
const MISSED: &str = "live.telemetry.longwire.io/missed-updates";

#[derive(Debug)]
pub(super) struct Lines {
    resource: &'static LiveResource,
    form: Form,
    include: IncludeObject,
    /// A client keeps the columns of the first table.
    has_columns: bool,
    chunk: Vec<u8>,
}

#[derive(Serialize)]
struct Line<'a, T> {
    r#type: &'static str,
    object: &'a T,
}

impl Lines {
    pub(super) fn new(resource: &'static LiveResource, form: Form, include: IncludeObject) -> Self {
        Self { resource, form, include, has_columns: false, chunk: Vec::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.chunk.len() >= CHUNK
    }

    /// `None`: there is nothing to send.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        (!self.chunk.is_empty()).then(|| std::mem::take(&mut self.chunk).into())
    }

    pub(super) fn event<S: Served>(&mut self, event: &Event<S>, namespace: &str) {
        let (kind, now) = (event.kind.name(), microseconds().saturating_mul(1_000));
        if self.form == Form::Objects {
            for part in [r#"{"type":""#, kind, r#"","object":"#] {
                self.chunk.extend_from_slice(part.as_bytes());
            }
            S::write(&event.state, namespace, now, &mut self.chunk);
            self.chunk.extend_from_slice(b"}\n");
            return;
        }
        // Texts and numbers are always JSON.
        let value = serde_json::to_value(S::object(&event.state, namespace, now)).unwrap_or_default();
        self.value(kind, value);
    }

    /// `missed`: updates that the watch was not told of.
    pub(super) fn bookmark(&mut self, version: u64, missed: Option<u64>, is_initial: bool) {
        let mut annotations = Map::new();
        if is_initial {
            annotations.insert(INITIAL_EVENTS_END.to_owned(), "true".into());
        }
        if let Some(missed) = missed.filter(|missed| *missed > 0) {
            annotations.insert(MISSED.to_owned(), missed.to_string().into());
        }
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if !annotations.is_empty() {
            metadata["annotations"] = annotations.into();
        }
        let object = json!({"kind": self.resource.kind, "apiVersion": API_VERSION, "metadata": metadata});
        self.value("BOOKMARK", object);
    }

    pub(super) fn error(&mut self, failure: &Failure) {
        self.line("ERROR", &failure.status());
    }

    fn value(&mut self, kind: &'static str, object: Value) {
        let columns = !std::mem::replace(&mut self.has_columns, true);
        let made = table::one(self.resource, object, self.form, (self.include, columns));
        self.line(kind, &made);
    }

    fn line(&mut self, kind: &'static str, object: &impl Serialize) {
        // Memory is always written to, and texts and numbers are always JSON.
        let _ = serde_json::to_writer(&mut self.chunk, &Line { r#type: kind, object });
        self.chunk.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
