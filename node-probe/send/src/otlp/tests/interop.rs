//! A server of gRPC that is not ours: what it reads, other receivers read too.

use super::*;
use bytes::{Buf, BufMut};
use http::{Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::Service;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Code, Status};

/// Messages as their bytes.
#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Rejects one data point for each byte of a request, and takes none of 100 bytes and more.
#[derive(Clone)]
struct Metrics;

type Future<T, E> = Pin<Box<dyn std::future::Future<Output = Result<T, E>> + Send>>;

impl UnaryService<Bytes> for Metrics {
    type Response = Bytes;
    type Future = Future<tonic::Response<Bytes>, Status>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let len = request.get_ref().len();
        Box::pin(async move {
            match u8::try_from(len).ok().filter(|len| *len < 100) {
                Some(len) => Ok(tonic::Response::new(vec![0x0a, 0x02, 0x08, len].into())),
                None => Err(Status::new(Code::InvalidArgument, "zu groß")),
            }
        })
    }
}

impl NamedService for Metrics {
    const NAME: &'static str = "opentelemetry.proto.collector.metrics.v1.MetricsService";
}

impl Service<Request<Body>> for Metrics {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Future<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move {
            let grpc = Grpc::new(Raw).accept_compressed(CompressionEncoding::Gzip);
            Ok(grpc.send_compressed(CompressionEncoding::Gzip).unary(Self, request).await)
        })
    }
}

#[tokio::test]
async fn a_server_of_tonic_understands_and_is_understood() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_service(Metrics).serve_with_incoming(TcpListenerStream::new(listener));
    let server = tokio::spawn(server);
    for compression in Compression::ALL {
        let sender = sender(&Otlp { compression: Some(compression), ..to(address, Protocol::Grpc) });
        let sent = sender.send(Bytes::from_static(b"seven.."), patiently()).await;
        assert_eq!(sent, Sent::Partly { rejected: 7, message: format!("http://{address}: ") });
        let sent = sender.send(vec![0; 200].into(), patiently()).await;
        assert_eq!(sent, Sent::Refused { message: format!("http://{address}: answered INVALID_ARGUMENT: zu groß") });
    }
    server.abort();
}
