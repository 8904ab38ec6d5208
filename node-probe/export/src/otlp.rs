//! OpenTelemetry's protocol: requests that hold series or records of access logs, and what receivers answer.
//!
//! ```text
//! FAMILIES x label sets --Export--> points --Batch, Origin--> ExportMetricsServiceRequest, a bounded one at a time
//! LogRecord --table of attributes--> log record --LogBatch, Origin--> ExportLogsServiceRequest
//! ExportMetricsServiceResponse, ExportLogsServiceResponse --> Accepted;  google.rpc.Status --> Refusal
//! ```
//!
//! Requests are written without the generated messages: these own every name of every point, and points are written while the
//! store's lock is held. Tests read all requests back with the messages, and compare them byte for byte.

mod envelope;
pub mod logs;
pub mod metrics;
pub mod proto;
mod response;
mod wire;

pub use envelope::Origin;
pub use response::{Accepted, InvalidResponse, MAX_RESPONSE, Refusal, logs_response, metrics_response, refusal};
