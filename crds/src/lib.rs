//! TelemetryPolicy, ExtraStatTags and StatsMatcher: the kinds with which people steer Longwire.
//!
//! ```text
//! Rust types --schemars, kube--> definitions() --test--> manifests/*.yaml --kubectl apply--> API server
//!     ^                                                                                         |
//!     +-------------------------------- the operator reads ------------------------------------+
//! ```
//!
//! The types say what may be written. What a field does, and which of several objects wins, is the operator's.
//! A field that says nothing has no default here: a default would make each narrower object override the broader.

#![expect(unreachable_pub, reason = "KubeSchema copies each public type into a function, where nothing is reachable")]

mod definition;
mod duration;
pub mod extra_stat_tags;
mod selector;
pub mod stats_matcher;
pub mod status;
mod tag_name;
pub mod telemetry_policy;

pub use definition::{MANIFESTS, definitions};
pub use extra_stat_tags::ExtraStatTags;
pub use kube::core::Duration;
pub use stats_matcher::StatsMatcher;
pub use status::PolicyStatus;
pub use telemetry_policy::TelemetryPolicy;

/// The API group of every kind.
pub const GROUP: &str = "telemetry.longwire.io";
/// The only version.
pub const VERSION: &str = "v1alpha1";
