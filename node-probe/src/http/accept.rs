//! Chooses one of the two text formats by the scraper's Accept header.

use longwire_export::exposition::Format;
use mediatype::{MediaType, MediaTypeList, ReadParams, names};

#[cfg(test)]
mod tests;

const VERSION: mediatype::Name<'_> = mediatype::Name::new_unchecked("version");
const Q: mediatype::Name<'_> = mediatype::Name::new_unchecked("q");
const OPENMETRICS_TEXT: mediatype::Name<'_> = mediatype::Name::new_unchecked("openmetrics-text");

/// The format of the highest quality. OpenMetrics wins a tie; without a header it is text.
pub(super) fn negotiate(accept: Option<&str>) -> Format {
    let (mut open, mut text) = (0.0, 0.0);
    for range in MediaTypeList::new(accept.unwrap_or("*/*")).flatten() {
        let quality = quality(&range);
        if range.ty == names::APPLICATION && range.subty == OPENMETRICS_TEXT {
            if is_version(&range, &["1.0.0", "0.0.1"]) {
                open = f32::max(open, quality);
            }
        } else if range.ty == names::TEXT && range.subty == names::PLAIN {
            if is_version(&range, &["0.0.4"]) {
                text = f32::max(text, quality);
            }
        } else if [names::TEXT, names::_STAR].contains(&range.ty) && range.subty == names::_STAR {
            text = f32::max(text, quality);
        }
    }
    if open > 0.0 && open >= text { Format::OpenMetrics } else { Format::Text }
}

/// 1 if none is given, 0 if it is not a number.
fn quality(range: &MediaType<'_>) -> f32 {
    range.get_param(Q).map_or(1.0, |quality| quality.unquoted_str().parse().unwrap_or(0.0))
}

/// It has no version, or one of these.
fn is_version(range: &MediaType<'_>, known: &[&str]) -> bool {
    range.get_param(VERSION).is_none_or(|version| known.contains(&&*version.unquoted_str()))
}
