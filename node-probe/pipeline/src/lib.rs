//! The data path of the probe, pure: bytes, times and addresses come in as arguments, text comes out.
//!
//! ```text
//! record       bytes -> Record, Sample: cumulative counters, unique ids
//!   v
//! connection   one entry a connection; idempotent: what is seen twice changes nothing, nothing goes back
//!   v  what is new since the last look
//! enrich       addresses, cgroup -> both ends' workload and service (join, identity, local), latched
//!   v  Edge, Flow, Delta
//! aggregate    label sets interned, index add; budgets, expiry
//!   v
//!   v  what is published: as saved last, so that a scrape says nothing that a kill could take back
//! exposition   rendered labels kept; a scrape is copying and integers, cut into slices
//! ```

mod connection;
pub mod exposition;
mod labels;
pub mod metrics;
pub mod observation;
pub mod pipeline;
pub mod record;
mod resolve;
mod shared;
mod state;
