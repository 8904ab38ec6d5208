//! What exporters send, as real receivers got it: a Collector of OpenTelemetry, Prometheus 3, statsd_exporter. Needs root,
//! and Go the first time.
//!
//! ```text
//! traffic --> probe --/metrics---------------------------------------> Lines
//!               \--OTLP, statsd--> a receiver --its file, its API--> Lines, and they are equal
//! ```

mod collector;
mod file;
mod harness;
mod lines;
mod otlp;
mod programs;
mod prometheus;
mod stage;
mod statsd;
mod unfriendly;
