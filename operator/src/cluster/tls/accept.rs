//! Handshakes: bounded in time, number and rate, each refusal counted, none in the way of another.

use super::connections::{Connections, Source};
use super::peer::{Peer, Table};
use crate::counters::Counters;
use crate::index::probes::ProbePods;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// A handshake is over by then.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that serving may leave waiting.
const WAITING: usize = 16;
/// Delay after a failed accept, in which file descriptors may become free.
const RETRY: Duration = Duration::from_millis(100);
/// Between two looks for connections that got no stream in time.
const POLL: Duration = Duration::from_millis(500);

/// A connection behind its handshake.
#[derive(Debug)]
pub struct Secured {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    /// Resolves when it has to end.
    closed: oneshot::Receiver<()>,
}

/// Accepts until the receiver is closed. `pods` has the addresses of nodes.
pub(crate) fn incoming(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    pods: Option<watch::Receiver<ProbePods>>,
    counters: Arc<Counters>,
) -> ReceiverStream<io::Result<Secured>> {
    let (secured, taken) = mpsc::channel(WAITING);
    let table = Arc::new(Table::new(Connections::new(Instant::now()), Arc::clone(&counters)));
    tokio::spawn(async move {
        let accept = Accepting { config, pods, table, counters, secured: secured.clone() };
        tokio::select! {
            () = accept.run(listener) => {}
            () = secured.closed() => {}
        }
    });
    ReceiverStream::new(taken)
}

struct Accepting {
    config: Arc<ServerConfig>,
    pods: Option<watch::Receiver<ProbePods>>,
    table: Arc<Table>,
    counters: Arc<Counters>,
    secured: mpsc::Sender<io::Result<Secured>>,
}

impl Accepting {
    async fn run(self, listener: TcpListener) {
        let mut look = tokio::time::interval(POLL);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => self.start(stream, address.ip()),
                    Err(error) => {
                        self.counters.not_accepted(&error);
                        self.table.refused("not_accepted");
                        tokio::time::sleep(RETRY).await;
                    }
                },
                _ = look.tick() => self.table.close_overdue(),
            }
        }
    }

    fn start(&self, stream: TcpStream, address: std::net::IpAddr) {
        let is_node =
            |address: &_| self.pods.as_ref().is_some_and(|pods| pods.borrow().addresses.contains_key(address));
        let source = Source::of(address, is_node);
        let (peer, mut closed) = Table::arrive(&self.table, source, address.to_canonical());
        // Without it an update waits for the ACK of the one before; that it cannot be set means that the peer has gone.
        let _ = stream.set_nodelay(true);
        let (config, secured) = (Arc::clone(&self.config), self.secured.clone());
        tokio::spawn(async move {
            let outcome = tokio::select! {
                outcome = handshake(stream, config, || peer.may_answer()) => outcome,
                // It has given way to another, which is counted there.
                _ = &mut closed => return,
            };
            match outcome {
                Ok(stream) => {
                    if peer.secured() {
                        // The receiver is closed: serving has ended.
                        drop(secured.send(Ok(Secured { stream, peer, closed })).await);
                    }
                }
                Err(reason) => peer.refused(reason),
            }
        });
    }
}

async fn handshake(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    may_answer: impl FnOnce() -> bool,
) -> Result<TlsStream<TcpStream>, &'static str> {
    let handshake = async {
        // Until the peer has sent its ClientHello it costs memory alone; an answer costs a signature.
        let mut hello = pin!(LazyConfigAcceptor::new(Acceptor::default(), stream));
        let start = hello.as_mut().await.map_err(|error| reason(&error))?;
        if !may_answer() {
            return Err("rate");
        }
        start.into_stream(config).await.map_err(|error| reason(&error))
    };
    tokio::time::timeout(TIMEOUT, handshake).await.unwrap_or(Err("timeout"))
}

fn reason(error: &io::Error) -> &'static str {
    tracing::debug!(%error, "a TLS handshake failed");
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => "plaintext",
        Some(rustls::Error::AlertReceived(_)) => "refused_by_peer",
        Some(_) => "protocol",
        None => "broken",
    }
}

impl Connected for Secured {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.peer.clone()
    }
}

impl AsyncRead for Secured {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, closed, peer: _ } = self.get_mut();
        // Serving reads for as long as a connection lives, so it is woken here when it has to end.
        if Pin::new(closed).poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
