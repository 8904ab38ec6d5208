//! The data path of the probe, pure: bytes, times and addresses come in as arguments, events and series come out.
//!
//! A module imports only modules that stand before it (`contract/model/tests/layers`):
//!
//! ```text
//! record       bytes -> Record, Sample: cumulative counters, unique ids
//! observation  Edge, Flow, Delta: who the two ends are, and what moved between them
//! state        items <-> bytes of a saved state; knows no item
//! shared       values that many items refer to by number: workloads, Services, pods, edges, telemetries
//! labels       Edge, Flow -> names, and pairs of label and value
//! connection   one entry a connection; idempotent: a record that comes twice changes nothing, no counter goes back
//! resolve      addresses, cgroup, sequence numbers -> Resolution: both ends' workload and service, latched; waits are bounded
//! event        ConnectionEvent: a connection is opened, sampled, closed or failed, with its Resolution and what is new
//! log          lines of access logs: chosen among events, bounded, for the thread that writes them
//! live         which connections live now, for who watches; a ring of those that ended last
//! metrics      label sets interned, index add; budgets, expiry; what a snapshot shows is what was saved last; a cursor a consumer
//! pipeline     ties them together, with one writer; the list of all items of a saved state
//! ```
//!
//! What flows through them:
//!
//! ```text
//! bytes --record--> Record --connection--> gains --pipeline--> ConnectionEvent --metrics--> label sets
//!                      |                               ^
//!                      +----------resolve--> Resolution
//! ```

mod connection;
pub mod event;
pub mod labels;
pub mod live;
pub mod log;
pub mod metrics;
pub mod observation;
pub mod pipeline;
pub mod record;
mod resolve;
mod shared;
mod state;
