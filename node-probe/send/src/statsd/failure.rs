//! Why a packet was not sent.

use std::io;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
#[error("{address}: {failure}")]
pub struct TransportError {
    pub address: String,
    pub failure: Failure,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the name has no address ({0}): correct it, or repair the DNS that the probe's pod uses")]
    Name(io::Error),
    #[error("no connection ({0}): check that the receiver runs and that the probe may reach it")]
    Connect(io::Error),
    #[error("closes connections as soon as they are open: check that it is a statsd server")]
    Closes,
    /// Over UDP. An earlier packet was lost, this one was not sent.
    #[error("nobody listens there, as an earlier packet found: start the receiver, or correct the address")]
    Gone,
    #[error("a packet of {bytes} bytes is longer than the socket takes: lower maxPacketBytes")]
    TooLong { bytes: usize },
    #[error("has taken no more for {0:?}: give the receiver more CPU, or send less often")]
    Full(Duration),
    #[error("cannot be sent to ({0}): check the receiver and the network in between")]
    Send(io::Error),
    #[error("not tried for another {left:.1?}, because it last failed: {after}")]
    Paused { left: Duration, after: String },
}
