//! Services beside the control stream, for connections that have an admitted one: so a call needs no token of its own, and its node is
//! known.

use crate::cluster::tls::Peer;
use crate::counters::Counters;
use std::fmt;
use std::sync::Arc;
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Lets those calls through that come on a probe's connection.
#[derive(Clone)]
pub(super) struct ProbesOnly {
    counters: Arc<Counters>,
    /// Counts a call that is refused.
    refused: fn(&Counters),
    /// Without authentication, on loopback.
    is_open: bool,
}

/// The node that calls.
#[derive(Clone)]
pub(super) struct Node(pub(super) Arc<str>);

impl ProbesOnly {
    pub(super) fn new(counters: Arc<Counters>, refused: fn(&Counters)) -> Self {
        Self { counters, refused, is_open: false }
    }

    /// All connections are believed. None has a node.
    pub(super) fn and_everybody(self) -> Self {
        Self { is_open: true, ..self }
    }
}

impl Interceptor for ProbesOnly {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if self.is_open {
            return Ok(request);
        }
        let peer = request.extensions().get::<Peer>();
        let Some(node) = peer.and_then(Peer::node) else {
            // It counts as a call: a peer that makes too many loses the connection.
            drop(peer.map(Peer::call));
            (self.refused)(&self.counters);
            return Err(Status::unauthenticated("this connection has no admitted stream of a probe"));
        };
        request.extensions_mut().insert(Node(node));
        Ok(request)
    }
}

impl fmt::Debug for ProbesOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProbesOnly")
    }
}
