//! How a duration may be written.

use schemars::{Schema, json_schema};

/// A duration as Go and Kubernetes write it, in hours, minutes, seconds and milliseconds.
///
/// Six digits a unit are more than any bound needs, and keep CEL's `duration()` from overflowing.
const PATTERN: &str = r"^([0-9]{1,6}(\.[0-9]{1,3})?(h|m|s|ms))+$";

/// The schema of a duration from `least` to `most`, both allowed.
pub(crate) fn between(least: &str, most: &str) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 32,
        "pattern": PATTERN,
        "x-kubernetes-validations": [{
            "rule": format!("duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"),
            "message": format!("must be at least {least} and at most {most}"),
        }],
    })
}
