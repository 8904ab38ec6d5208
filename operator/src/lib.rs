//! `longwire-operator`: derives workloads and services from Kubernetes objects and serves each node its configuration.
//!
//! A module imports only modules that stand before it (`contract/model/tests/layers`):
//!
//! ```text
//! counters  what the operator counts of itself; every module may count
//! source    API server or directory of manifests -> Event: objects reduced, checked once, each by itself
//! index     the objects and the links between them; what an event makes stale
//! policy    which objects apply to a pod, merged; compiled into each node's configuration and each address's owners
//! analyze   what is wrong in files, or has no effect, found by the three above; a library of the command line
//! publish   the snapshot that all streams read; which replica leads
//! acks      what each node's probe has answered: applied revisions, refusals, notices
//! status    on how many nodes an object is programmed; conditions written to the object
//! cluster   Lease, TLS, authentication, Events; the one task that writes index, policy and snapshot
//! live      the live API: an aggregated API server for kubectl and every other client of Kubernetes
//! serve     gRPC streams of probes; /metrics and health; the admission webhook
//! cli       command line; starts all of the above; the jobs of the chart
//! ```
//!
//! What flows through them:
//!
//! ```text
//! objects --source--> Event --index--> Stale --policy--> Changes --publish--> Published --serve--> probe
//!                                                                                ^                   |
//!                                       conditions of the object <--status-- Acks <-------ACK--------+
//! ```
//!
//! `source` and `index` know nothing of probes, and modules after `source` nothing of files: a directory and an API server yield
//! the same events. One task owns index and compiler; streams read the snapshot that it published.

pub mod acks;
pub mod analyze;
pub mod cli;
pub mod cluster;
pub mod counters;
pub mod index;
pub mod live;
pub mod policy;
pub mod publish;
pub mod serve;
pub mod source;
mod status;
