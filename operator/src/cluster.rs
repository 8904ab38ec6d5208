//! What an operator does as a member of a cluster.
//!
//! ```text
//! lease       which replica leads
//! tls, auth   certificates that the operator issues itself; whose stream a token admits
//! guard       starts both
//! events      warnings -> Events of the API server
//! membership  starts the tasks that write to the API server
//! writer      the one task that owns index and compiler
//! ```

pub(crate) mod auth;
mod bucket;
pub(crate) mod events;
pub mod guard;
pub(crate) mod lease;
pub(crate) mod membership;
pub mod owner_reference;
pub mod tls;
pub mod writer;
