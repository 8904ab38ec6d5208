//! How a duration may be written.

use crate::limits::{MAX_DURATION_BYTES, MAX_DURATION_DIGITS};
use schemars::{Schema, json_schema};
use std::time::Duration;

/// A duration as Go and Kubernetes write it, in hours, minutes, seconds and milliseconds.
///
/// So few digits a unit are more than any bound needs, and keep CEL's `duration()` from overflowing.
fn pattern() -> String {
    format!(r"^([0-9]{{1,{MAX_DURATION_DIGITS}}}(\.[0-9]{{1,3}})?(h|m|s|ms))+$")
}

/// The schema of a duration from `least` to `most`, both allowed.
pub(crate) fn between(least: Duration, most: Duration) -> Schema {
    let (least, most) = (text(least), text(most));
    json_schema!({
        "type": "string",
        "maxLength": MAX_DURATION_BYTES,
        "pattern": pattern(),
        "x-kubernetes-validations": [{
            "rule": format!("duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"),
            "message": format!("must be at least {least} and at most {most}"),
        }],
    })
}

/// In the largest unit that makes it whole.
fn text(duration: Duration) -> String {
    match duration.as_secs() {
        0 => match duration.subsec_millis() {
            0 => "0s".to_owned(),
            milliseconds => format!("{milliseconds}ms"),
        },
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}
