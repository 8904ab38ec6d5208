//! A receiver that keeps what it got, and answers as a test says.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use longwire_model::exporter::Protocol;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

type Body = StreamBody<tokio_stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;
pub(super) type Answer = Response<Body>;
/// By the number of the request, from 0. `None`: no answer ever.
type Script = Arc<dyn Fn(usize) -> Option<Answer> + Send + Sync>;

pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
pub(super) struct Seen {
    pub(super) head: Parts,
    pub(super) body: Bytes,
    /// Where it came from.
    pub(super) peer: SocketAddr,
}

impl Receiver {
    pub(super) async fn start(
        protocol: Protocol,
        script: impl Fn(usize) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), protocol, None, script).await
    }

    pub(super) async fn start_at(
        address: SocketAddr,
        protocol: Protocol,
        tls: Option<TlsAcceptor>,
        script: impl Fn(usize) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let task = tokio::spawn(listen(listener, protocol, tls, Arc::clone(&requests), Arc::new(script)));
        Self { address, requests, task }
    }

    pub(super) fn requests(&self) -> Vec<Seen> {
        self.requests.lock().clone()
    }

    /// With all its connections.
    pub(super) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn listen(
    listener: TcpListener,
    protocol: Protocol,
    tls: Option<TlsAcceptor>,
    requests: Arc<Mutex<Vec<Seen>>>,
    script: Script,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let (tls, requests, script) = (tls.clone(), Arc::clone(&requests), Arc::clone(&script));
        connections.spawn(async move {
            match tls {
                // The other side may well break off the handshake.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, peer, protocol, requests, script).await;
                    }
                }
                None => serve(stream, peer, protocol, requests, script).await,
            }
        });
    }
}

async fn serve<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    protocol: Protocol,
    requests: Arc<Mutex<Vec<Seen>>>,
    script: Script,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (requests, script) = (Arc::clone(&requests), Arc::clone(&script));
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let number = {
                let mut requests = requests.lock();
                requests.push(Seen { head, body, peer });
                requests.len() - 1
            };
            match script(number) {
                Some(answer) => Ok::<_, hyper::Error>(answer),
                None => pending().await,
            }
        }
    });
    // A connection that breaks off is the end of many a test.
    let _ = match protocol {
        Protocol::Grpc => {
            http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
        }
        Protocol::HttpProtobuf => http1::Builder::new().serve_connection(TokioIo::new(stream), service).await,
    };
}

pub(super) fn http(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Option<Answer> {
    let mut answer = Response::new(frames([Frame::data(body.into())]));
    *answer.status_mut() = status.try_into().unwrap();
    *answer.headers_mut() = map(headers);
    Some(answer)
}

/// A message in its frame, and the status after it.
pub(super) fn grpc(message: &[u8], trailers: &[(&str, &str)]) -> Option<Answer> {
    let frame = super::super::body::framed(message, false);
    let mut answer = Response::new(frames([Frame::data(frame), Frame::trailers(map(trailers))]));
    *answer.headers_mut() = map(&[("content-type", "application/grpc+proto")]);
    Some(answer)
}

/// A status without a message before it.
pub(super) fn status(headers: &[(&str, &str)]) -> Option<Answer> {
    let mut answer = Response::new(frames([]));
    *answer.headers_mut() = map(headers);
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    Some(answer)
}

/// All of a signal accepted.
pub(super) fn accepted(protocol: Protocol) -> Option<Answer> {
    match protocol {
        Protocol::Grpc => grpc(b"", &[("grpc-status", "0")]),
        Protocol::HttpProtobuf => http(200, &[("content-type", "application/x-protobuf")], ""),
    }
}

pub(super) fn frames(frames: impl IntoIterator<Item = Frame<Bytes>>) -> Body {
    StreamBody::new(tokio_stream::iter(frames.into_iter().map(Ok).collect::<Vec<_>>()))
}

fn map(pairs: &[(&str, &str)]) -> HeaderMap {
    let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
    pairs.iter().map(|(key, value)| (name(key), HeaderValue::from_str(value).unwrap())).collect()
}
