//! Encoders of what the pipeline publishes, pure: series come in, bytes go out. Sending is the probe's.
//!
//! ```text
//! SeriesStore --Series--> exposition: Prometheus' text format 0.0.4, OpenMetrics 1.0; a slice at a time
//! ```

pub mod exposition;
