//! Bounds of what may be written into an object. The schemas have them for the API server, and the operator checks the same.

pub use longwire_model::access_log::MAX_TEMPLATE_BYTES as MAX_FORMAT_BYTES;
use longwire_model::exporter::ExporterName;
pub use longwire_model::exporter::{
    MAX_ADDRESS_BYTES, MAX_EXPORTERS, MAX_PAIR_KEY_BYTES, MAX_PAIR_VALUE_BYTES, MAX_PAIRS, MAX_PREFIX_BYTES,
    MAX_STATSD_ADDRESS_BYTES,
};
pub use longwire_model::expression::MAX_BYTES as MAX_EXPRESSION_BYTES;
pub use longwire_model::matcher::MAX_PATTERN_BYTES;
pub use longwire_model::tag::MAX_NAME_BYTES as MAX_TAG_NAME_BYTES;
use std::time::Duration;

/// Tags of one ExtraStatTags, and of one override; extra tags of one pod, whatever the limit.
pub const MAX_TAGS: u32 = 32;
/// Values of one extra tag.
pub const MAX_TAG_VALUES: u32 = 10_000;
pub const MAX_OVERRIDES: usize = 64;
/// Entries of `spec.metrics`, and overrides of each.
pub const MAX_METRICS: usize = 4;
pub const MAX_METRICS_OVERRIDES: usize = 32;
/// Series of one probe, and of one namespace there.
pub const MAX_SERIES: u32 = 10_000_000;
/// Connections of one probe that have series of their own.
pub const MAX_LONG_CONNECTIONS: u32 = 1_000_000;

pub const MIN_DURATION: Duration = Duration::from_secs(1);
pub const MAX_INTERVAL: Duration = Duration::from_secs(300);
pub const MAX_THRESHOLD: Duration = Duration::from_secs(3600);
/// Between two periodic lines of a connection's log.
pub const MAX_LOG_INTERVAL: Duration = Duration::from_secs(3600);
/// The age from which a connection is logged.
pub const MAX_MIN_DURATION: Duration = Duration::from_secs(24 * 3600);
/// Lines of access logs a second, of a pod and of a node.
pub const MAX_LOG_RATE: u32 = 100_000;
/// Of an exporter's name, in bytes.
pub const MAX_EXPORTER_NAME: usize = ExporterName::MAX_BYTES;
/// Between two exports of metrics.
pub const MAX_EXPORT_INTERVAL: Duration = Duration::from_secs(300);
pub const MAX_EXPORT_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two flushes to statsd.
pub const MIN_FLUSH: Duration = Duration::from_millis(1);
/// Of a packet to statsd.
pub const MIN_PACKET_BYTES: u32 = 64;
pub const MAX_PACKET_BYTES: u32 = 65_000;
pub const MAX_LOG_FILE_MEBIBYTES: u32 = 1024;
pub const MAX_LOG_FILES: u32 = 100;
/// A time's text, in bytes: nanoseconds and an offset are the longest.
pub const MAX_TIME_BYTES: usize = 35;
/// A duration's text, in bytes, and the digits of one of its numbers. Go's syntax has more, and more digits than fit into
/// a duration.
pub const MAX_DURATION_BYTES: usize = 32;
pub const MAX_DURATION_DIGITS: usize = 6;

/// Patterns of one list of a StatsMatcher. Each has at most [`MAX_PATTERN_BYTES`].
pub const MAX_PATTERNS: usize = 64;

/// Requirements of a selector, labels to match, and values of one requirement, each.
pub const MAX_REQUIREMENTS: usize = 32;
/// A label's value, and a label's name without its prefix.
pub const MAX_LABEL_NAME: usize = 63;
pub const MAX_LABEL_PREFIX: usize = 253;
/// A label's name: prefix, slash, name.
pub const MAX_LABEL_KEY: usize = MAX_LABEL_PREFIX + 1 + MAX_LABEL_NAME;
