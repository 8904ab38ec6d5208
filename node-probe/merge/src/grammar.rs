//! Which of the two text formats a body is in.

#[cfg(test)]
mod tests;

use crate::refusal::Refusal;
use longwire_export::exposition::Format;
use mediatype::{MediaType, ReadParams, names};

const VERSION: mediatype::Name<'_> = mediatype::Name::new_unchecked("version");
const OPENMETRICS_TEXT: mediatype::Name<'_> = mediatype::Name::new_unchecked("openmetrics-text");
const PROTOBUF: mediatype::Name<'_> = mediatype::Name::new_unchecked("vnd.google.protobuf");

/// Versions of OpenMetrics with one grammar.
const OPENMETRICS_VERSIONS: [&str; 2] = ["0.0.1", "1.0.0"];

/// A Content-Type that names one of the formats decides, as it does for Prometheus. Any other, such as the `text/html` of a web
/// framework, says nothing: then the last line of the body does.
pub(crate) fn grammar(content_type: Option<&str>, body: &[u8]) -> Result<Format, Refusal> {
    let named = content_type.and_then(|content_type| MediaType::parse(content_type).ok());
    let Some(named) = named else { return Ok(by_body(body)) };
    if named.ty == names::APPLICATION && named.subty == OPENMETRICS_TEXT {
        let version = named.get_param(VERSION).map(|version| version.unquoted_str().into_owned());
        let is_known = version.as_deref().is_none_or(|version| OPENMETRICS_VERSIONS.contains(&version));
        return if is_known { Ok(Format::OpenMetrics) } else { Err(Refusal::content_type(content_type)) };
    }
    if named.ty == names::APPLICATION && named.subty == PROTOBUF {
        return Err(Refusal::content_type(content_type));
    }
    Ok(if named.ty == names::TEXT && named.subty == names::PLAIN { Format::Text } else { by_body(body) })
}

fn by_body(body: &[u8]) -> Format {
    if ends_as_open_metrics(body) { Format::OpenMetrics } else { Format::Text }
}

pub(crate) fn ends_as_open_metrics(body: &[u8]) -> bool {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body == b"# EOF" || body.ends_with(b"\n# EOF")
}
