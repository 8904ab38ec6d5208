//! Live streams of probes: asked for what is watched, and read as fast as what they say is joined.

mod newest;
mod stream;

use super::in_flight::InFlight;
use super::lifetime;
use super::probes_only::{Node, ProbesOnly};
use crate::cluster::tls::Peer;
use crate::counters::Counters;
use crate::live::streams::ProbeStreams;
use crate::publish::role::Role;
use longwire_wire::live::{MAX_LIVE_ORDER, MAX_LIVE_REPORT};
use longwire_wire::proto;
use longwire_wire::proto::live_server::{Live as Service, LiveServer};
use newest::Newest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stream::{Stream, Who};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status, Streaming};

/// For large reports of all streams together, KiB. The rest of them wait in the probes' sockets.
const MEMORY_KIB: u32 = 16 << 10;

pub(super) struct Streams {
    live: ProbeStreams,
    role: watch::Receiver<Role>,
    counters: Arc<Counters>,
    newest: Arc<Newest>,
    next: AtomicU64,
}

/// `secured`: only connections of admitted probes are served. Else all are believed, on loopback.
pub(super) fn service(
    live: ProbeStreams,
    (role, secured): (watch::Receiver<Role>, bool),
    counters: Arc<Counters>,
) -> InterceptedService<InFlight<LiveServer<Streams>>, ProbesOnly> {
    let probes = ProbesOnly::new(Arc::clone(&counters), |counters| counters.refused("no_stream"));
    let probes = if secured { probes } else { probes.and_everybody() };
    let streams = Streams { live, role, counters, newest: Arc::default(), next: AtomicU64::new(1) };
    let server = LiveServer::new(streams);
    let server = server.max_decoding_message_size(MAX_LIVE_REPORT).max_encoding_message_size(MAX_LIVE_ORDER);
    InterceptedService::new(InFlight::with_memory(server, MEMORY_KIB), probes)
}

#[tonic::async_trait]
impl Service for Streams {
    type StreamStream = ReceiverStream<Result<proto::LiveOrder, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<proto::LiveReport>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        if let Role::Standby { leader } = *self.role.borrow() {
            return Err(lifetime::elsewhere(leader));
        }
        let extensions = request.extensions();
        let who = match (extensions.get::<Peer>(), extensions.get::<Node>()) {
            (Some(peer), Some(node)) => Some(Who { peer: peer.clone(), node: Arc::clone(&node.0) }),
            _ => None,
        };
        let (orders, receiver) = mpsc::channel(1);
        let stream = Stream {
            number: self.next.fetch_add(1, Relaxed),
            who,
            reports: request.into_inner(),
            orders,
            live: self.live.clone(),
            role: self.role.clone(),
            counters: Arc::clone(&self.counters),
            newest: Arc::clone(&self.newest),
        };
        tokio::spawn(stream.converse());
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}
