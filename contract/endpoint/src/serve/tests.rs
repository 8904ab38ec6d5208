use super::{Endpoint, serve};
use crate::connection::Connection;
use crate::counts::Reason;
use crate::limits::Limits;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, routing};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Of what should come: a busy machine may stall this process for seconds.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The limits of a node with times that even a stalled client keeps. A test shortens the one that it is about.
const PATIENT: Limits =
    Limits { head: TIMEOUT, idle: TIMEOUT, stall: TIMEOUT, answer: Duration::from_secs(120), ..Limits::METRICS };
const SHORT: Duration = Duration::from_millis(400);

struct Server {
    address: SocketAddr,
    endpoint: Arc<Endpoint>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

async fn start(limits: Limits) -> Server {
    let endpoint = Endpoint::new(limits);
    let of_scrapes = Arc::clone(&endpoint);
    let scrape = async move |Extension(connection): Extension<Arc<Connection>>| -> Response {
        let Ok(turn) = of_scrapes.turns().take(&connection).await else {
            of_scrapes.was_busy();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        Response::new(Body::new(Page { left: 512, _turn: turn }))
    };
    let router =
        Router::new().route("/small", routing::get(async || "small\n")).route("/metrics", routing::get(scrape));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = serve(listener, router, Arc::clone(&endpoint), async {
        // The sender is gone or has sent: both stop it.
        let _ = stopped.await;
    });
    Server { address, endpoint, stop, serving: tokio::spawn(serving) }
}

/// A page of 32 MiB, far more than sockets and buffers hold.
struct Page {
    left: usize,
    _turn: crate::turns::Turn,
}

static SLICE: [u8; 64 << 10] = [b'x'; 64 << 10];

impl http_body::Body for Page {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        self.left -= 1;
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(&SLICE)))))
    }
}

impl Server {
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// All bytes until the end. A reset counts as the end.
    async fn get(&self, text: &str) -> Vec<u8> {
        let mut stream = self.send(text).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }

    fn count(&self, reason: Reason) -> u64 {
        self.endpoint.counts().read()[reason as usize].1
    }
}

/// Waits until the server closes it, with FIN or RST.
async fn closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut rest)).await.expect("still open");
}

const SMALL: &str = "GET /small HTTP/1.1\r\nHost: x\r\n\r\n";
const SCRAPE: &str = "GET /metrics HTTP/1.0\r\n\r\n";

/// Reads the answer to [`SMALL`].
async fn answered(stream: &mut TcpStream) {
    let (mut answer, mut buffer) = (String::new(), [0; 512]);
    while !answer.ends_with("small\n") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the connection ended after {answer:?}");
        answer += str::from_utf8(&buffer[..read]).unwrap();
    }
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let server = start(PATIENT).await;
    let mut stream = server.send(SMALL).await;
    for _ in 0..3 {
        answered(&mut stream).await;
        stream.write_all(SMALL.as_bytes()).await.unwrap();
    }
    answered(&mut stream).await;
}

#[tokio::test]
async fn a_connection_that_rests_after_a_request_is_closed() {
    let server = start(Limits { idle: SHORT, ..PATIENT }).await;
    let mut stream = server.send(SMALL).await;
    answered(&mut stream).await;
    closed(stream).await;
    assert_eq!((server.count(Reason::Idle), server.count(Reason::Head)), (1, 0));
}

#[tokio::test]
async fn a_request_that_is_never_finished_is_given_up() {
    let server = start(Limits { head: SHORT, ..PATIENT }).await;
    let began = Instant::now();
    let mut stream = server.send("GET /small HTTP/1.1\r\n").await;
    // A byte now and then does not extend the deadline, else they would go on for half an hour.
    while tokio::time::timeout(SHORT / 4, stream.readable()).await.is_err() {
        assert!(began.elapsed() < TIMEOUT, "still open");
        if stream.write_all(b"X").await.is_err() {
            break;
        }
    }
    closed(stream).await;
    assert_eq!(server.count(Reason::Head), 1);
}

#[tokio::test]
async fn http2_in_the_clear_is_refused() {
    let server = start(PATIENT).await;
    let mut stream = server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    // The answer has no SETTINGS frame.
    assert_eq!(answer, b"");
    assert_eq!(server.count(Reason::Http2), 1);
}

#[tokio::test]
async fn a_head_that_is_too_large_or_no_http_is_refused_and_counted() {
    let server = start(PATIENT).await;
    let large = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(PATIENT.head_bytes));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(PATIENT.headers + 1));
    for wrong in [large, many, "HELO there\r\n\r\n".to_owned()] {
        let mut stream = server.send(&wrong).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let first = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
        assert!(first.is_empty() || first.contains(" 4"), "{first}");
    }
    assert_eq!(server.count(Reason::Malformed), 3);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let server = start(Limits { stall: SHORT, ..PATIENT }).await;
    let stream = server.send(SCRAPE).await;
    let reset = tokio::time::timeout(TIMEOUT, stream.ready(Interest::ERROR)).await;
    reset.expect("still open").unwrap();
    assert_eq!(server.count(Reason::Stalled), 1);
}

#[tokio::test]
async fn a_scrape_is_answered_while_clients_that_do_not_read_have_every_turn() {
    let server = start(PATIENT).await;
    let mut slow = Vec::new();
    for _ in 0..12 {
        slow.push(server.send(SCRAPE).await);
    }
    // The others would keep their turns for a minute, and it would be refused after a few seconds.
    let answer = server.get(SCRAPE).await;
    let head = String::from_utf8_lossy(&answer[..answer.len().min(64)]);
    assert!(head.starts_with("HTTP/1.0 200 OK") && answer.len() > 512 * SLICE.len(), "{} bytes: {head}", answer.len());
    assert!(server.count(Reason::Slow) > 0, "{:?}", server.endpoint.counts().read());
}

#[tokio::test]
async fn a_rightful_request_finds_room_among_connections_without_a_request() {
    let server = start(PATIENT).await;
    let mut idle = Vec::new();
    for _ in 0..600 {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    let answer = server.get("GET /small HTTP/1.0\r\n\r\n").await;
    assert!(answer.ends_with(b"\r\n\r\nsmall\n"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(server.count(Reason::Replaced), 601 - Limits::METRICS.connections_of_source as u64);
}

#[tokio::test]
async fn an_answer_under_way_is_finished_before_serving_ends() {
    let server = start(PATIENT).await;
    let mut stream = server.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut first = [0; 64];
    stream.read_exact(&mut first).await.unwrap();
    server.stop.send(()).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() > 512 * SLICE.len() && rest.ends_with(b"0\r\n\r\n"), "{} bytes", rest.len());
    server.serving.await.unwrap().unwrap();
}
