//! TelemetryPolicy, ExtraStatTags and StatsMatcher: the kinds that configure Longwire.
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
pub mod limits;
pub mod names;
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

macro_rules! group {
    () => {
        "telemetry.longwire.io"
    };
}
macro_rules! version {
    () => {
        "v1alpha1"
    };
}

/// The API group of every kind.
pub const GROUP: &str = group!();
/// The only version.
pub const VERSION: &str = version!();
/// Both, as an object's `apiVersion`.
pub const API_VERSION: &str = concat!(group!(), "/", version!());

/// The annotation with a comma list of series sets, on a Namespace or a Pod.
pub const SERIES_SETS_ANNOTATION: &str = concat!(group!(), "/series-sets");
/// The annotation of a Pod that switches its access log on or off.
pub const ACCESS_LOG_ANNOTATION: &str = concat!(group!(), "/access-log");
/// The annotation on pods of operators with the chart's `defaults`, so that the pods restart when these change.
pub const DEFAULTS_ANNOTATION: &str = concat!(group!(), "/defaults");

/// The `reportingController` of Events.
pub const EVENT_CONTROLLER: &str = concat!(group!(), "/operator");
/// Names of the ValidatingWebhookConfiguration and of the webhook in it.
pub const WEBHOOK: (&str, &str) = ("longwire-policies", concat!("policies.", group!()));
