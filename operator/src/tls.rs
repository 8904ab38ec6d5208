//! TLS of the operator's own making: no cert-manager, no files, no restart.
//!
//! ```text
//! Secret --read--> Material --plan(now)--> Step --renew--> Material --write--> Secret   (whoever comes first; the other reads)
//!                     |
//!                     +--> ConfigMap: the authorities that probes trust
//!                     +--> watch --> ResolvesServerCert --> every new handshake
//! ```
//!
//! Left of the watch two replicas agree through the Secret's resourceVersion; right of it nothing knows of Kubernetes.

mod accept;
mod certificate;
mod connections;
mod keeper;
mod material;
mod peer;
mod plan;
mod server;
#[cfg(test)]
mod tests;

pub use accept::{Secured, incoming};
pub use certificate::{Certificate, InvalidCertificate};
pub use keeper::{CA_CONFIG_MAP, Keeper, SECRET, WEBHOOK};
pub use material::{InvalidMaterial, Material};
pub use peer::{AdmittedStream, Call, Peer};
pub use plan::{Held, Lifetimes, Step, Validity, plan};
pub use server::{Serving, configuration, http, names, publish};

/// Seconds since the epoch.
pub type UnixSeconds = u64;
