//! Whether this replica leads.

use std::net::SocketAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Serves streams and writes status.
    Leader,
    /// Knows everything, and sends probes to the leader.
    Standby {
        /// Where probes reach it; `None`: no replica holds the Lease now.
        leader: Option<SocketAddr>,
    },
}
