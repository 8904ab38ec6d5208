//! The operator's TLS, with certificates that it issues itself: no cert-manager, no files, no restart.
//!
//! ```text
//! Secret --read--> Material --plan(now)--> Step --renew--> Material --write--> Secret   (the first replica; the others read)
//!                     |
//!                     +--> ConfigMap: the authorities that probes trust
//!                     +--> watch --> ResolvesServerCert --> every new handshake
//! ```
//!
//! Left of the watch two replicas agree through the Secret's resourceVersion; right of it nothing knows of Kubernetes.

mod accept;
mod certificate;
mod connections;
mod material;
mod peer;
mod plan;
mod reconciler;
mod server;
#[cfg(test)]
mod tests;

pub use accept::Secured;
pub(crate) use accept::incoming;
pub use certificate::Certificate;
pub(crate) use certificate::InvalidCertificate;
pub use material::Material;
pub(crate) use peer::{AdmittedStream, Peer};
pub use plan::Lifetimes;
pub(crate) use plan::{Held, Step, Validity, plan};
pub use reconciler::CertificateReconciler;
pub(crate) use server::for_api_server;
pub use server::{Serving, configuration, http, names, publish};

/// Seconds since the epoch.
pub(crate) type UnixSeconds = u64;
