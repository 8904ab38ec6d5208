//! Which of the two text formats a scraper wants, by its Accept header.

use longwire_pipeline::exposition::Format;

#[cfg(test)]
mod tests;

/// The format of the highest quality; OpenMetrics wins a tie, text when nothing is asked for.
pub(super) fn negotiate(accept: Option<&str>) -> Format {
    let (mut open, mut text) = (0.0, 0.0);
    for range in accept.unwrap_or("*/*").split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let mut quality = 1.0;
        let mut supported = true;
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim_matches('"');
            match (media, name) {
                (_, "q") => quality = value.parse::<f32>().unwrap_or(0.0),
                ("application/openmetrics-text", "version") => supported = matches!(value, "1.0.0" | "0.0.1"),
                ("text/plain", "version") => supported = value == "0.0.4",
                _ => {}
            }
        }
        match media {
            "application/openmetrics-text" if supported => open = f32::max(open, quality),
            "text/plain" if supported => text = f32::max(text, quality),
            "text/*" | "*/*" => text = f32::max(text, quality),
            _ => {}
        }
    }
    if open > 0.0 && open >= text { Format::OpenMetrics } else { Format::Text }
}
