//! One request over one TCP connection, and how many bytes it took in each direction, headers included.

use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONNECTION, HOST};
use axum::http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For the connection and the whole answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A page of a probe is bounded by its budgets to less.
const MAX_ANSWER: usize = 256 << 20;

#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) status: StatusCode,
    pub(super) body: String,
}

/// Gets a path; the connection has ended when this returns.
pub(super) async fn get(address: &str, path: &str, token: Option<&str>) -> io::Result<Exchange> {
    timeout(TIMEOUT, exchange(address, path, token)).await?
}

async fn exchange(address: &str, path: &str, token: Option<&str>) -> io::Result<Exchange> {
    let counts = Arc::new(Counts::default());
    let stream = Counted { stream: TcpStream::connect(address).await?, counts: Arc::clone(&counts) };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let request = Request::get(path).header(HOST, address).header(CONNECTION, "close");
    let request = token.iter().fold(request, |request, token| request.header(AUTHORIZATION, format!("Bearer {token}")));
    let request = request.body(Body::empty()).map_err(io::Error::other)?;
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = answer.status();
    let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER).await.map_err(io::Error::other)?;
    drop(sender);
    connection.await?.map_err(io::Error::other)?;
    let [sent, received] = [&counts.sent, &counts.received].map(|count| count.load(Ordering::Relaxed));
    Ok(Exchange { sent, received, status, body: String::from_utf8_lossy(&body).into_owned() })
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    received: AtomicU64,
}

#[derive(Debug)]
struct Counted {
    stream: TcpStream,
    counts: Arc<Counts>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, to);
        self.counts.received.fetch_add((to.filled().len() - before) as u64, Ordering::Relaxed);
        outcome
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = outcome {
            self.counts.sent.fetch_add(written as u64, Ordering::Relaxed);
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
