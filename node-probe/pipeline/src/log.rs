//! Lines of access logs: chosen among events, by what is configured for the pod that reports.
//!
//! ```text
//! event --Journal: events, until, minDuration, sample, filter, rate limits--> LogRecord --queue--> the thread that writes it
//! ```
//!
//! Whether a connection is logged at all is decided when it is resolved. One that is not costs nothing more.

mod bucket;
mod cursor;
mod facts;
mod journal;
mod record;
#[cfg(test)]
mod tests;

pub(crate) use cursor::{LogCursor, SavedLog};
pub(crate) use journal::{Candidate, Clock};
pub use journal::{DropReason, Journal, LogCounts};
pub use record::LogRecord;
