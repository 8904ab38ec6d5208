//! A connection as JSON, of which what never changes is written once.
//!
//! ```text
//! {"apiVersion":…,"kind":…,"metadata":{"resourceVersion":"7", | "name":…},"spec":{…},"status": | {…}}
//!                                           of each change    | once for each namespace        | of each change
//! ```

#[cfg(test)]
mod tests;

use super::object::{connection, status};
use super::row::RowState;
use longwire_live::{API_VERSION, Connection};
use longwire_model::identity::UnixNanos;
use serde_json::to_string;
use std::io::Write as _;
use std::sync::OnceLock;

/// Of each namespace in which the row is seen, once somebody who watches is told of it. The rest of the facts says what they are, so all
/// are equal, and a copy, which may be changed, has none.
#[derive(Debug, Default)]
pub struct Texts([OnceLock<Box<str>>; 2]);

impl Clone for Texts {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Texts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Texts {}

/// The same as the object of [`connection`].
pub(super) fn write(state: &RowState, namespace: &str, now: UnixNanos, out: &mut Vec<u8>) {
    let RowState { facts, merged, revision, .. } = state;
    let number = facts.namespaces().position(|known| known == namespace);
    let other = OnceLock::new();
    let text = number.and_then(|number| facts.texts.0.get(number)).unwrap_or(&other);
    let text = text.get_or_init(|| text_of(state, namespace));
    // Memory is always written to, and texts and numbers are always JSON.
    let _ = write!(
        out,
        r#"{{"apiVersion":"{API_VERSION}","kind":"Connection","metadata":{{"resourceVersion":"{revision}",{text}"#
    );
    let _ = serde_json::to_writer(&mut *out, &status(facts, merged, now));
    out.push(b'}');
}

/// From the metadata, of which there is always a name, to the status.
fn text_of(state: &RowState, namespace: &str) -> Box<str> {
    let Connection { mut metadata, spec, .. } = connection(state, namespace, 0);
    metadata.resource_version = None;
    let [metadata, spec] = [to_string(&metadata), to_string(&spec)].map(Result::unwrap_or_default);
    format!(r#"{},"spec":{spec},"status":"#, metadata.trim_start_matches('{')).into()
}
