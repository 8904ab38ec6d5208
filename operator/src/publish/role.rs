//! Which of the replicas serves.

use std::net::SocketAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Serves streams and writes status.
    Holder,
    /// Knows everything, and sends probes to the holder.
    Standby {
        /// Where probes reach it; `None`: nobody holds the Lease now.
        holder: Option<SocketAddr>,
    },
}
