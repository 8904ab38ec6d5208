//! The data path of the probe, pure: bytes, times and addresses come in as arguments, text comes out.
//!
//! ```text
//! record       bytes -> Record, Sample: cumulative counters, unique ids
//!   v
//! connection   one entry a connection; idempotent: what is seen twice changes nothing, nothing goes back
//!   v  Progress
//! enrich       addresses, cgroup -> both ends' workload and service (join, identity, local), latched
//!   v  Observation
//! aggregate    label sets interned, index add; budgets, expiry
//!   v
//! exposition   rendered labels kept; a scrape is copying and integers, cut into slices
//! ```

pub mod observation;
pub mod record;
