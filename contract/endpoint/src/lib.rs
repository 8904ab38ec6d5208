//! Process-level code of both programs: descriptors, panics, standard metrics, and HTTP/1 listeners within limits that
//! no client can exceed: metrics for a scraper and health for the kubelet.
//!
//! ```text
//! accept --admit--> Table (connections by source) --hyper, HTTP/1--> router --Turns--> a scrape's body
//!                     ^                                |
//!                     +------ sweep: deadlines <--- Progress (head, idle, answering, blocked)
//! ```
//!
//! Limits what an anonymous client can hold: connections in total and of one source, the size of a request's head,
//! socket buffers, concurrent scrapes, and the time of each of these. The health listener has its own thread and
//! limits, so that nothing on the metrics listener delays it. Routes may be restricted to readers that an `Authorizer`
//! admits (`readers`).

mod answer;
mod connection;
mod counts;
pub mod descriptors;
mod front;
mod health;
pub mod heartbeat;
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
