//! HTTP/1 listeners that stay within their bounds whoever connects: metrics for a scraper, health for the kubelet.
//!
//! ```text
//! accept --admit--> Table (connections by source) --hyper, HTTP/1--> router --Turns--> a scrape's body
//!                     ^                                |
//!                     +------ sweep: deadlines <--- Progress (head, idle, answering, blocked)
//! ```
//!
//! What an anonymous client can hold is bounded here: connections in all and of a source, the size of a request's head,
//! socket buffers, scrapes at a time, and the time that each of these may take. The health listener has a thread and
//! bounds of its own, so that nothing on the metrics listener delays it.

mod answer;
mod connection;
mod counts;
pub mod descriptors;
mod health;
mod limits;
mod serve;
mod source;
mod table;
mod turns;
mod watched;

pub use connection::Connection;
pub use counts::{Counts, Reason};
pub use health::HealthThread;
pub use limits::Limits;
pub use serve::{Endpoint, serve};
pub use source::Source;
pub use turns::{Busy, Turn, TurnLimits, Turns};
