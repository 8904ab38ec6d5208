//! The data model that operator and probe share. Pure: no I/O, no runtime, no Kubernetes client.
//!
//! ```text
//! labels, owners --canonical, owner--> Workload --+
//!                                   Service ------+--> Pod --> LocalPod, Address --> Update (one message to a probe)
//! Expression, StatsMatcher, AccessLog --> Telemetry ----------------------+
//! Exporter: where metrics and access logs are sent; in NodeSettings
//! Watched --> LiveBatch: which connections live now, on demand
//! Place, Place --> Scope: how far apart two ends are
//! SeriesSets, FAMILIES: what is exposed, with names, types, help and labels in one table
//! ```

pub mod access_log;
pub mod build;
pub mod canonical;
pub mod connection;
pub mod exporter;
pub mod expression;
pub mod identity;
mod intern;
pub mod limits;
pub mod live;
pub mod matcher;
pub mod owner;
pub mod reference;
mod regex;
pub mod scope;
pub mod series;
pub mod tag;
pub mod telemetry;
pub mod update;
