//! Which connections live now: who watches what, and what the streams of probes say of it.
//!
//! ```text
//! watchers --Demand--> Watched --ProbeStreams (serve)--> probes --LiveBatch--> LiveReports
//!                                                                                  |
//! lists, watches <--Views: revisions by namespace-- Table: rows of both ends <--Hub: a probe's own end alone
//! ```

pub mod demand;
pub mod hub;
pub mod merge;
pub mod row;
pub mod streams;
mod table;
pub mod trust;
pub mod view;

#[cfg(test)]
mod fake;
