//! `longwire-operator`: derives workloads and services from Kubernetes objects and serves each node its configuration.
//!
//! ```text
//! manifests --source--> Event --index--> what leads to what --select, merge--> what counts for a pod
//!                                                                                |
//!                        probe <--serve-- Published <--publish-- Changes <--compile
//!                          |                  |
//!                          +--ACK--> Acks ----+--progress--> on how many nodes an object is at work
//! ```
//!
//! Left of `select` nothing is known of probes, right of `source` nothing of files: an API server's watch yields the same
//! events. One task, the writer, owns index and compiler; streams read what it published.

pub mod acks;
pub mod auth;
pub mod belonging;
mod bucket;
pub mod compile;
pub mod complaint;
pub mod consumers;
pub mod crds;
pub mod defaults;
pub mod event;
pub mod events;
pub mod figures;
pub mod health;
pub mod index;
pub mod kubernetes;
pub mod lease;
pub mod log;
pub mod merge;
pub mod notices;
pub mod object;
pub mod options;
pub mod progress;
pub mod prove;
pub mod publish;
pub mod report;
pub mod retire;
pub mod role;
pub mod run;
#[cfg(test)]
mod sample;
pub mod security;
pub mod select;
pub mod self_metrics;
pub mod serve;
pub mod source;
pub mod standing;
pub mod status;
pub mod tls;
pub mod webhook;
pub mod writer;
mod yaml;
