//! gRPC: one stream a probe.
//!
//! ```text
//! FromProbe --> Session (what this probe knows and asks) --> proto::Update
//!                  ^
//! Published -------+
//! ```

use crate::publish::Published;
use longwire_wire::proto::control_server::{Control, ControlServer};
use longwire_wire::{MAX_MESSAGE, proto};
use std::future::Future;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

mod session;
mod stream;

/// A probe whose machine is gone is noticed within both together.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(10);
/// On one connection; a probe needs one.
const STREAMS: u32 = 16;

/// Serves until told to stop; streams that are open end with the writer.
pub async fn serve(
    listener: TcpListener,
    published: watch::Receiver<Published>,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let control = ControlServer::new(Service { published }).max_decoding_message_size(MAX_MESSAGE);
    Server::builder()
        .max_concurrent_streams(Some(STREAMS))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .add_service(control.max_encoding_message_size(MAX_MESSAGE))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stop)
        .await
}

struct Service {
    published: watch::Receiver<Published>,
}

#[tonic::async_trait]
impl Control for Service {
    type ConnectStream = ReceiverStream<Result<proto::Update, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<proto::ProbeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        // Room for one: what a slow probe has not read yet is not written yet either, so that it is told the latest.
        let (updates, stream) = mpsc::channel(1);
        tokio::spawn(stream::converse(request.into_inner(), updates, self.published.clone()));
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}
