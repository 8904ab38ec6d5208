//! The live API, `live.telemetry.longwire.io/v1alpha1`: its kinds as types, and the documents by which clients discover them.
//!
//! ```text
//! types (probe, connection, edge, series_estimate) --resources: the one table--> discovery  /apis...        --> kubectl, client-go, k9s
//!                                           |                -> openapi    /openapi/v2, v3 --> kubectl explain
//!                                           |                -> columns    Table           --> kubectl get
//!                                           +-> the operator's router and authorization
//! ```
//!
//! The operator serves them; a client may read them into the same types. Nothing here does I/O.

pub mod columns;
pub mod connection;
pub mod discovery;
pub mod edge;
pub mod effective_telemetry;
pub mod end;
pub mod openapi;
pub mod probe;
pub mod resources;
pub mod series_estimate;

pub use columns::Column;
pub use connection::Connection;
pub use edge::Edge;
pub use effective_telemetry::EffectiveTelemetry;
pub use probe::Probe;
pub use resources::{LiveResource, RESOURCES, Scope, Verb, resource};
pub use series_estimate::SeriesEstimate;

macro_rules! group {
    () => {
        "live.telemetry.longwire.io"
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
/// Name of the APIService by which the API server sends requests of this group to the operator.
pub const API_SERVICE: &str = concat!(version!(), ".", group!());
