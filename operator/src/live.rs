//! Which connections live now: who watches what, and what the streams of probes say of it.
//!
//! ```text
//! watchers --Demand--> Watched --ProbeStreams (serve)--> probes --LiveBatch--> LiveReports
//! ```

pub mod demand;
pub mod streams;
