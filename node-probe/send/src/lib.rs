//! Senders of the probe: what the encoders wrote goes to its receivers. They know nothing of the kernel or the pipeline.

pub mod file;
pub mod otlp;
pub mod statsd;
