//! What a tag may be called.

use kube::core::{Message, Rule};
use schemars::{Schema, SchemaGenerator, json_schema};

/// A label name as Prometheus has it.
const PATTERN: &str = "^[a-zA-Z_][a-zA-Z0-9_]*$";
/// What Prometheus, a histogram or a scrape configuration sets on every series.
const RESERVED: &str = "['le', 'job', 'instance', 'app']";
const RESERVED_MESSAGE: &str = "le, job, instance, app and names that begin with __ are set by Prometheus and its scrape configuration; choose another name";

/// The schema of a tag's name.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": PATTERN,
        "x-kubernetes-validations": [{
            "rule": format!("!self.startsWith('__') && !(self in {RESERVED})"),
            "message": RESERVED_MESSAGE,
        }],
    })
}

/// Of a map by tag name: each key is a label name. A map's keys have no schema of their own.
pub(crate) fn keys_are_label_names() -> Rule {
    Rule::new(format!("self.all(name, name.size() <= 63 && name.matches('{PATTERN}'))"))
        .message(Message::Message(format!("a tag name must be at most 63 characters and match {PATTERN}")))
}

/// Of a map by tag name: no key is one that others set.
pub(crate) fn keys_are_free() -> Rule {
    Rule::new(format!("self.all(name, !name.startsWith('__') && !(name in {RESERVED}))")).message(RESERVED_MESSAGE)
}
