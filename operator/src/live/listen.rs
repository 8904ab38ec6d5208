//! Accepts connections within bounds, and passes each to the leader or serves it.

use super::api::{Api, Caller};
use super::front_proxy::Door;
use super::handshakes::{Handshake, Handshakes};
use super::relay::{self, Relayed};
use crate::counters::Counters;
use crate::publish::role::Role;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

/// Connections at a time: an API server has a few, and sends many requests over each.
const CONNECTIONS: usize = 256;
/// A handshake is over by then.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Pause after an accept that failed.
const PAUSE: Duration = Duration::from_millis(100);
/// Time for running requests when a connection has to end.
const GRACE: Duration = Duration::from_secs(5);
/// A client of HTTP/1 sends its request's head, or its next request, within this time.
const HEAD: Duration = Duration::from_secs(90);
/// A peer that is gone without closing the connection is noticed within both together.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(10);
/// Requests at a time on one connection: a watch is one that lasts.
const STREAMS: u32 = 512;
/// Bytes and number of a request's headers: a user may be in hundreds of groups.
const HEADERS: u32 = 128 << 10;
const HEADER_COUNT: usize = 1_024;
/// Bytes of a request's body, and of an answer, that wait on their way.
const WINDOW: u32 = 64 << 10;
/// Streams that a peer may reset before they were looked at, and that may end in errors.
const RESETS: usize = 64;

/// How a connection is let in.
#[derive(Clone, Debug)]
pub(super) enum Doors {
    /// In the clear, whoever it is.
    Open,
    /// `None`: nobody can be verified now.
    FrontProxy(watch::Receiver<Option<Arc<Door>>>),
}

/// What a connection needs.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    pub(super) doors: Doors,
    pub(super) role: watch::Receiver<Role>,
    pub(super) api: Arc<Api>,
    pub(super) counters: Arc<Counters>,
    /// Whether all connections have to end.
    pub(super) ending: watch::Receiver<bool>,
}

impl Listening {
    /// Until all connections have to end, and have ended.
    pub(super) async fn run(self, listener: TcpListener) {
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let handshakes = Arc::<Handshakes>::default();
        // The leader serves the same port.
        let port = listener.local_addr().map_or(0, |address| address.port());
        let mut tasks = JoinSet::new();
        let mut ending = self.ending.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let room = (Arc::clone(&slots).try_acquire_owned(), handshakes.begin(peer.ip()));
                        let (Ok(slot), Some(handshake)) = room else {
                            self.counters.live.refused("too_many");
                            continue;
                        };
                        tasks.spawn(self.clone().converse(stream, peer, port, slot, handshake));
                    }
                    Err(error) => {
                        self.counters.not_accepted(&error);
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                Some(_ended) = tasks.join_next() => {}
                () = all_end(&mut ending) => break,
            }
        }
        drop(listener);
        while tasks.join_next().await.is_some() {}
    }

    async fn converse(
        mut self,
        stream: TcpStream,
        peer: SocketAddr,
        port: u16,
        slot: OwnedSemaphorePermit,
        handshake: Handshake,
    ) {
        let _slot = slot;
        // Without it an answer waits for the ACK of the one before; that it cannot be set means that the peer has gone.
        let _ = stream.set_nodelay(true);
        let term = *self.role.borrow_and_update();
        let Some(leader) = leader_of(term, peer, port) else { return self.serve(stream, handshake).await };
        let relayed = {
            let _counted = self.counters.live.relays();
            // Nobody is authenticated here, so these are bounded as handshakes are; the leader ends them in time.
            relay::relay(stream, leader, &mut self.role, &mut self.ending, handshake).await
        };
        // The leader may just have gone: what a standby knows is better than nothing.
        if let Relayed::Unreachable(stream, handshake) = relayed {
            self.serve(stream, handshake).await;
        }
    }

    async fn serve(mut self, stream: TcpStream, handshake: Handshake) {
        let doors = self.doors.clone();
        match doors {
            Doors::Open => {
                drop(handshake);
                self.answer(stream, Caller::Anybody, pending()).await;
            }
            Doors::FrontProxy(mut doors) => {
                let Some(door) = doors.borrow_and_update().clone() else {
                    self.counters.live.refused("no_front_proxy");
                    return;
                };
                let acceptor = TlsAcceptor::from(Arc::clone(&door.tls));
                let secured = tokio::select! {
                    secured = timeout(HANDSHAKE, acceptor.accept(stream)) => secured,
                    // What it is verified against is no longer right.
                    _ = doors.changed() => return,
                };
                drop(handshake);
                match secured {
                    Ok(Ok(secured)) => {
                        let is_other = async move {
                            // An error means that the operator is stopping, and then connections end by themselves.
                            if doors.changed().await.is_err() {
                                pending::<()>().await;
                            }
                        };
                        self.answer(secured, Caller::FrontProxy(door), is_other).await;
                    }
                    Ok(Err(error)) => self.counters.live.refused(reason(&error)),
                    Err(_) => self.counters.live.refused("timeout"),
                }
            }
        }
    }

    /// Until the peer closes it, or it has to end: then the peer is told so, and opens another one.
    async fn answer<S>(&mut self, stream: S, caller: Caller, is_other: impl Future<Output = ()>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { api, role, ending, .. } = self;
        let (api, caller) = (Arc::clone(api), Arc::new(caller));
        let service = service_fn(move |request: Request<Incoming>| {
            let (api, caller) = (Arc::clone(&api), Arc::clone(&caller));
            async move { Ok::<_, Infallible>(api.answer(&caller, request.map(Body::new)).await) }
        });
        let builder = builder();
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let over = async {
            tokio::select! {
                () = another_role(role) => {}
                () = is_other => {}
                () = all_end(ending) => {}
            }
        };
        tokio::select! {
            ended = connection.as_mut() => return log(&ended),
            () = over => connection.as_mut().graceful_shutdown(),
        }
        if let Ok(ended) = timeout(GRACE, connection).await {
            log(&ended);
        }
    }
}

/// Whom a connection is passed on to. Not back to where it comes from: two standbys may each take the other for the leader
/// for a moment.
fn leader_of(role: Role, peer: SocketAddr, port: u16) -> Option<SocketAddr> {
    let Role::Standby { leader: Some(leader) } = role else { return None };
    let is_from_there = leader.ip().to_canonical() == peer.ip().to_canonical();
    (!is_from_there).then(|| SocketAddr::new(leader.ip(), port))
}

/// When the elector has ended the role no longer changes.
pub(super) async fn another_role(role: &mut watch::Receiver<Role>) {
    if role.changed().await.is_err() {
        pending::<()>().await;
    }
}

/// Until all connections have to end.
pub(super) async fn all_end(ending: &mut watch::Receiver<bool>) {
    // Nobody is left to say so: the operator has stopped.
    let _ = ending.wait_for(|ending| *ending).await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(HEADER_COUNT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_ANSWER)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(WINDOW as usize)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS);
    builder
}

fn log(ended: &Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection of the live API ended");
    }
}

fn reason(error: &io::Error) -> &'static str {
    tracing::debug!(%error, "a TLS handshake of the live API failed");
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::NoCertificatesPresented) => "no_certificate",
        Some(rustls::Error::InvalidCertificate(_)) => "certificate",
        Some(rustls::Error::InvalidMessage(_)) => "plaintext",
        Some(rustls::Error::AlertReceived(_)) => "refused_by_peer",
        Some(_) => "protocol",
        None => "broken",
    }
}

#[cfg(test)]
mod tests;
