//! A receiver of metrics over gRPC that has no room, and says when it will, or does not.

use crate::otlp::Metrics;
use anyhow::Result;
use longwire_export::otlp::proto::collector::metrics::v1::ExportMetricsServiceResponse;
use longwire_testkit::Netns;
use parking_lot::Mutex;
use prost::Message;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::runtime::Runtime;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::UnaryService;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

pub(crate) const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Accept,
    /// RESOURCE_EXHAUSTED. With seconds: again after them.
    Exhausted(Option<u64>),
}

/// A request, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) request: Metrics,
    pub(crate) came: Instant,
    pub(crate) answer: Answer,
}

#[derive(Debug)]
struct Desk {
    answer: Answer,
    seen: Vec<Seen>,
}

pub(crate) struct GrpcServer {
    pub(crate) address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
    /// Ends with it.
    _runtime: Runtime,
}

impl GrpcServer {
    /// On a namespace's loopback.
    pub(crate) fn start(netns: &Netns, answer: Answer) -> Result<Self> {
        let listener = netns.run(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Mutex::new(Desk { answer, seen: Vec::new() }));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let incoming = {
            let _inside = runtime.enter();
            TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?)
        };
        let service = MetricsService(Arc::clone(&desk));
        runtime.spawn(tonic::transport::Server::builder().serve_with_incoming(service, incoming));
        Ok(Self { address, desk, _runtime: runtime })
    }

    /// From the next request on.
    pub(crate) fn answer(&self, answer: Answer) {
        self.desk.lock().answer = answer;
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.desk.lock().seen.clone()
    }

    pub(crate) fn accepted(&self) -> Vec<Metrics> {
        let accepted = self.seen().into_iter().filter(|seen| seen.answer == Answer::Accept);
        accepted.map(|seen| seen.request).collect()
    }
}

#[derive(Clone)]
struct MetricsService(Arc<Mutex<Desk>>);

impl Service<http::Request<Body>> for MetricsService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            if request.uri().path() != EXPORT {
                return Ok(Status::unimplemented(request.uri().path().to_owned()).into_http());
            }
            let codec = ProstCodec::<ExportMetricsServiceResponse, Metrics>::default();
            Ok(tonic::server::Grpc::new(codec).unary(service, request).await)
        })
    }
}

impl UnaryService<Metrics> for MetricsService {
    type Response = ExportMetricsServiceResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, request: Request<Metrics>) -> Self::Future {
        let mut desk = self.0.lock();
        let answer = desk.answer;
        desk.seen.push(Seen { request: request.into_inner(), came: Instant::now(), answer });
        let said = match answer {
            Answer::Accept => Ok(Response::new(ExportMetricsServiceResponse::default())),
            Answer::Exhausted(None) => Err(Status::resource_exhausted("no room")),
            Answer::Exhausted(Some(seconds)) => {
                Err(Status::with_details(Code::ResourceExhausted, "no room yet", details(seconds).into()))
            }
        };
        Box::pin(async { said })
    }
}

/// A `google.rpc.Status` with a `RetryInfo`.
fn details(seconds: u64) -> Vec<u8> {
    let delay = Delay { seconds };
    let info = Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: RetryInfo { delay: Some(delay) }.encode_to_vec(),
    };
    RpcStatus { code: Code::ResourceExhausted as i32, message: "no room yet".to_owned(), details: vec![info] }
        .encode_to_vec()
}

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(uint64, tag = "1")]
    seconds: u64,
}
