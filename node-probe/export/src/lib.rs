//! Encoders of what the pipeline publishes, pure: series and records of connections come in, bytes go out. Sending is the probe's.
//!
//! ```text
//! SeriesStore --Series--> exposition: Prometheus' text format 0.0.4, OpenMetrics 1.0; a slice at a time
//! SeriesStore --Series--> statsd: packets of plain statsd, DogStatsD or Graphite's tags, with what of each counter is not sent yet
//! Journal --LogRecord--> access_log: JSON, a format string, or as Istio, ztunnel or Kmesh write it; a line at a time
//! both --Series, LogRecord--> otlp: requests of OpenTelemetry's protocol; a slice, a record at a time
//! ```

pub mod access_log;
mod by_set;
pub mod exposition;
mod number;
pub mod otlp;
pub mod statsd;
