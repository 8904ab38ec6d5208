//! What a tag may be called.

use crate::limits::MAX_TAG_NAME_BYTES;
use kube::core::{Message, Rule};
use longwire_model::series::CONNECTION_LABELS;
use schemars::{Schema, SchemaGenerator, json_schema};

/// A label name of Prometheus.
const PATTERN: &str = "^[a-zA-Z_][a-zA-Z0-9_]*$";
/// Labels that Prometheus, a histogram or a scrape configuration sets on every series.
const RESERVED: &str = "['le', 'job', 'instance', 'app', 'reason']";
const RESERVED_MESSAGE: &str = "le, job, instance, app, reason and names that begin with __ are reserved by Prometheus or by a metric; choose another name";

const STANDARD_MESSAGE: &str =
    "a standard label cannot be added; override it in a TelemetryPolicy, or choose another name";

/// The schema of the name of a tag beside the standard labels.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_TAG_NAME_BYTES,
        "pattern": PATTERN,
        "x-kubernetes-validations": [{
            "rule": format!("!self.startsWith('__') && !(self in {RESERVED})"),
            "message": RESERVED_MESSAGE,
        }, {
            "rule": format!("!(self in {CONNECTION_LABELS:?})").replace('"', "'"),
            "message": STANDARD_MESSAGE,
        }],
    })
}

/// Of a map by tag name: each key is a label name. A map's keys have no schema of their own.
pub(crate) fn keys_are_label_names() -> Rule {
    Rule::new(format!("self.all(name, name.size() <= {MAX_TAG_NAME_BYTES} && name.matches('{PATTERN}'))")).message(
        Message::Message(format!("a tag name must be at most {MAX_TAG_NAME_BYTES} characters and match {PATTERN}")),
    )
}

/// Of a map by tag name: no key is one that others set.
pub(crate) fn keys_are_free() -> Rule {
    Rule::new(format!("self.all(name, !name.startsWith('__') && !(name in {RESERVED}))")).message(RESERVED_MESSAGE)
}
