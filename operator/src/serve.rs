//! gRPC: one stream a probe.
//!
//! ```text
//! handshake --> role, gate --> StreamLifetime (until when the stream may live)
//!                                    |
//! ProbeMessage ----------------> Session (what this probe knows and queries) --> proto::Update
//!                                    ^
//! Published -------------------------+
//!
//! a reader's token, on a connection with a stream --> Readers --> Admitted or why not
//! LiveReport, on a connection with a stream --> live --> whoever joins what probes say
//! ```

use crate::acks::Acks;
use crate::cluster::auth::{Gate, Grant};
use crate::cluster::tls::{self, AdmittedStream, Peer};
use crate::counters::Counters;
use crate::live::streams::ProbeStreams;
use crate::publish::Published;
use crate::publish::role::Role;
use crate::source::event::AddressObservations;
use futures::StreamExt;
use in_flight::InFlight;
use lifetime::Admission;
use longwire_endpoint::Readers;
use longwire_wire::proto::control_server::{Control, ControlServer};
use longwire_wire::{MAX_PROBE_MESSAGE, MAX_UPDATE, proto};
use slots::StreamSlots;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::rustls::ServerConfig;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

pub mod health;
mod in_flight;
mod lag;
mod lifetime;
mod live;
mod metrics;
mod probes_only;
mod readers;
mod session;
mod slots;
mod stream;
pub mod webhook;

/// A probe whose machine is gone is noticed within both together.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(10);
/// After an accept that failed.
const BACK_OFF: Duration = Duration::from_millis(100);
/// On one connection. A probe needs two, and one for each reader that it asks about.
const STREAMS: u32 = 8;
/// Of a call's headers, bytes: the token is most of it.
const HEADERS: u32 = 12 << 10;
/// Bytes that a connection may send before they are read: nothing is read of a peer that is not admitted.
const WINDOW: u32 = 64 << 10;
/// The same of a stream: a live stream that is not read now leaves the other half to the control stream's ACKs.
const STREAM_WINDOW: u32 = WINDOW / 2;
/// Streams that a peer may reset before they were looked at, and that may end in errors, on one connection.
const RESETS: usize = 16;

/// What streams are served from.
#[derive(Clone, Debug)]
pub struct Context {
    pub published: watch::Receiver<Published>,
    /// Where streams note what probes answer.
    pub acks: Arc<Acks>,
    pub role: watch::Receiver<Role>,
    /// `None`: no authentication, on loopback.
    pub gate: Option<Arc<Gate>>,
    /// Who may read metrics of probes; `None`: there is no API server.
    pub readers: Option<Arc<Readers>>,
    pub counters: Arc<Counters>,
    /// Where address observations of probes go.
    pub observations: mpsc::Sender<AddressObservations>,
    /// For live streams. `None`: nobody joins what they say, and probes are told that there are none.
    pub live: Option<ProbeStreams>,
}

/// Serves until `stop` resolves; open streams end with the writer. In the clear without `tls`.
pub async fn serve(
    listener: TcpListener,
    context: Context,
    tls: Option<Arc<ServerConfig>>,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let slots = Arc::new(StreamSlots::new(Arc::clone(&context.counters)));
    let counters = Arc::clone(&context.counters);
    let pods = context.gate.as_ref().map(|gate| gate.pods());
    let readers = context.readers.as_ref().map(|readers| readers::service(Arc::clone(readers), Arc::clone(&counters)));
    let (role, secured) = (context.role.clone(), context.gate.is_some());
    let live = context.live.clone().map(|live| live::service(live, (role, secured), Arc::clone(&counters)));
    let control = ControlServer::new(Service { context, slots }).max_decoding_message_size(MAX_PROBE_MESSAGE);
    let router = Server::builder()
        .max_concurrent_streams(Some(STREAMS))
        .http2_max_header_list_size(Some(HEADERS))
        .initial_stream_window_size(Some(STREAM_WINDOW))
        .initial_connection_window_size(Some(WINDOW))
        .http2_max_pending_accept_reset_streams(Some(RESETS))
        .http2_max_local_error_reset_streams(Some(RESETS))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .add_service(InFlight::new(control.max_encoding_message_size(MAX_UPDATE)))
        .add_optional_service(readers)
        .add_optional_service(live);
    match tls {
        Some(tls) => {
            let incoming = tls::incoming(listener, tls, pods, counters);
            router.serve_with_incoming_shutdown(incoming, stop).await
        }
        None => {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            // tonic ends with the first of most errors, such as that no descriptor is left.
            let incoming = incoming.filter_map(move |accepted| {
                let counters = Arc::clone(&counters);
                async move {
                    if let Err(error) = &accepted {
                        counters.not_accepted(error);
                        tokio::time::sleep(BACK_OFF).await;
                    }
                    accepted.ok().map(io::Result::Ok)
                }
            });
            router.serve_with_incoming_shutdown(incoming, stop).await
        }
    }
}

/// Authenticates the call; the node's grant, and its connection's place among the admitted ones. Without a peer the
/// connection is not counted.
async fn admit(
    gate: &Gate,
    peer: Option<Peer>,
    metadata: &MetadataMap,
) -> Result<(Grant, Option<AdmittedStream>), Status> {
    let refuse = |reason: &'static str| {
        gate.refused_because(reason);
        Status::resource_exhausted(format!("this connection is refused: {reason}"))
    };
    let call = peer.as_ref().map(Peer::call).transpose().map_err(refuse)?;
    let grant = gate.admit_from(peer.as_ref().map(Peer::address), metadata).await?;
    let place = call.map(|call| call.admit(&grant.node)).transpose().map_err(refuse)?;
    Ok((grant, place))
}

struct Service {
    context: Context,
    slots: Arc<StreamSlots>,
}

#[tonic::async_trait]
impl Control for Service {
    type ConnectStream = ReceiverStream<Result<proto::Update, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<proto::ProbeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let Context { published, acks, role, gate, counters, observations, readers: _, live: _ } = &self.context;
        if let Role::Standby { leader } = *role.borrow() {
            return Err(lifetime::elsewhere(leader));
        }
        let (admission, place) = match gate {
            Some(gate) => {
                let peer = request.extensions().get::<Peer>().cloned();
                let (grant, place) = admit(gate, peer, request.metadata()).await?;
                (Some(Admission::new(Arc::clone(gate), grant)), place)
            }
            None => (None, None),
        };
        // Room for one: an update that a slow probe has not read is not followed by another, so that the next one has the
        // latest state.
        let (updates, receiver) = mpsc::channel(1);
        let (published, acks, role) = (published.clone(), Arc::clone(acks), role.clone());
        let counters = Arc::clone(counters);
        let (messages, slots, observations) = (request.into_inner(), Arc::clone(&self.slots), observations.clone());
        let stream = Stream { messages, updates, published, acks, role, counters, slots, admission, observations };
        tokio::spawn(async move {
            stream.converse().await;
            drop(place);
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}
