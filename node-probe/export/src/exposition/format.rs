//! The two text formats, where they differ.

use super::escape::escape_help;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// A bucket's bound. OpenMetrics wants floats to look like floats.
    pub(super) fn bound(self, bound: f64) -> String {
        match self {
            Self::Text => bound.to_string(),
            Self::OpenMetrics => format!("{bound:?}"),
        }
    }
}

/// Appends HELP and TYPE of a family. `name` is that of its samples, a counter's with `_total` as a rule; `kind` is `counter`,
/// `gauge` or `histogram`. What OpenMetrics calls a counter has samples that end so, and what Prometheus calls one should: others
/// of Envoy's names are of no known type.
pub fn write_header(out: &mut Vec<u8>, format: Format, name: &str, kind: &str, help: &str) {
    let (family, kind) = match (format, kind) {
        (Format::OpenMetrics, "counter") => {
            name.strip_suffix("_total").map_or((name, "unknown"), |family| (family, "counter"))
        }
        (Format::Text, "counter") if !name.ends_with("_total") => (name, "untyped"),
        (Format::Text | Format::OpenMetrics, kind) => (name, kind),
    };
    out.extend_from_slice(b"# HELP ");
    out.extend_from_slice(family.as_bytes());
    out.push(b' ');
    escape_help(help, format == Format::OpenMetrics, out);
    out.extend_from_slice(b"\n# TYPE ");
    out.extend_from_slice(family.as_bytes());
    out.push(b' ');
    out.extend_from_slice(kind.as_bytes());
    out.push(b'\n');
}
