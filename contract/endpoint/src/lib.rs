//! What both programs share as processes: descriptors, panics, their standard metrics, and HTTP/1 listeners that stay within their bounds
//! whoever connects, metrics for a scraper and health for the kubelet.
//!
//! ```text
//! accept --admit--> Table (connections by source) --hyper, HTTP/1--> router --Turns--> a scrape's body
//!                     ^                                |
//!                     +------ sweep: deadlines <--- Progress (head, idle, answering, blocked)
//! ```
//!
//! What an anonymous client can hold is bounded here: connections in all and of a source, the size of a request's head,
//! socket buffers, scrapes at a time, and the time that each of these may take. The health listener has a thread and
//! bounds of its own, so that nothing on the metrics listener delays it. Routes may be restricted to readers that somebody
//! else authorizes (`readers`).

mod answer;
mod connection;
mod counts;
pub mod descriptors;
mod front;
mod health;
mod limits;
pub mod panics;
pub mod process;
pub mod readers;
mod serve;
mod source;
mod table;
mod turns;
mod watched;

pub use connection::Connection;
pub use counts::{Counts, Reason};
pub use front::{Page, front};
pub use health::HealthThread;
pub use limits::Limits;
pub use readers::Readers;
pub use serve::{Endpoint, Peer, converse, serve};
pub use source::Source;
pub use turns::{Busy, Turn, TurnLimits, Turns};
