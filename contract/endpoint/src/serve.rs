//! Accepts connections, and serves each in a task of its own.

use crate::counts::{Counts, Reason};
use crate::descriptors;
use crate::heartbeat::Heartbeat;
use crate::limits::Limits;
use crate::source::Source;
use crate::table::Table;
use crate::turns::{TurnLimits, Turns};
use axum::Router;
use converse::until_end;
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

mod converse;

pub use converse::{Peer, converse};

/// Interval of deadline checks, while there are connections.
const SWEEP: Duration = Duration::from_millis(100);
/// Delay after a failed accept, in which connections that were closed free their file descriptors.
const RETRY: Duration = Duration::from_millis(10);
const BACK_OFF: Duration = Duration::from_millis(100);
/// Connections that are closed when no file descriptor is left: many, so that a flood of connections is accepted soon.
const REPLACED: usize = 16;

/// One listener's limits and counters.
#[derive(Debug)]
pub struct Endpoint {
    limits: Limits,
    table: Table,
    turns: Arc<Turns>,
    counts: Counts,
    /// Of the loop that serves. `None`: nobody measures it.
    heartbeat: Option<Arc<Heartbeat>>,
}

impl Endpoint {
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self::unmeasured(limits))
    }

    /// The same with a measured loop.
    #[must_use]
    pub fn measured(limits: Limits, heartbeat: Arc<Heartbeat>) -> Arc<Self> {
        Arc::new(Self { heartbeat: Some(heartbeat), ..Self::unmeasured(limits) })
    }

    fn unmeasured(limits: Limits) -> Self {
        let turns = Turns::new(TurnLimits::SCRAPES);
        Self { limits, table: Table::new(limits), turns, counts: Counts::default(), heartbeat: None }
    }

    /// Turns for expensive answers.
    #[must_use]
    pub fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }

    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A scrape was refused, because too many wait for a turn.
    pub fn was_busy(&self) {
        self.counts.refused(Reason::Busy);
    }

    /// `due`: when it should have been.
    fn sweep(&self, due: tokio::time::Instant) {
        self.wakes(Some(due.elapsed()));
        let now = Instant::now();
        self.table.sweep(&self.counts, now);
        self.turns.sweep(&self.counts, now);
        self.waits();
    }

    fn wakes(&self, late: Option<Duration>) {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.wakes(late);
        }
    }

    fn waits(&self) {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.waits();
        }
    }
}

/// Serves until `stop` resolves, and then until running requests have their answers. Handlers find their [`Connection`]
/// in the request's extensions, as `Arc<Connection>`, and the [`Peer`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    endpoint: Arc<Endpoint>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    bound_buffers(&listener, &endpoint.limits);
    let mut stop = pin!(stop);
    let (stopping, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut paused = None;
    loop {
        endpoint.waits();
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept(), if paused.is_none() => {
                endpoint.wakes(None);
                if tasks.is_empty() {
                    // Until now none was due.
                    sweep.reset();
                }
                match accepted {
                    Ok((stream, peer)) => begin(&mut tasks, stream, peer, &router, &endpoint, &stopped),
                    Err(error) => paused = failed(&error, &endpoint),
                }
            }
            Some(ended) = tasks.join_next() => check(ended)?,
            () = until(paused), if paused.is_some() => paused = None,
            due = sweep.tick(), if !tasks.is_empty() => endpoint.sweep(due),
        }
    }
    drop(listener);
    // All receivers are clones of this sender's.
    stopping.send_replace(true);
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                Some(ended) => check(ended)?,
                None => return Ok(()),
            },
            due = sweep.tick() => endpoint.sweep(due),
        }
    }
}

/// Accepted sockets inherit the listener's buffers. An error is ignored, because serving matters more.
fn bound_buffers(listener: &TcpListener, limits: &Limits) {
    let socket = SockRef::from(listener);
    let set = socket.set_send_buffer_size(limits.send_buffer);
    if let Err(error) = set.and_then(|()| socket.set_recv_buffer_size(limits.receive_buffer)) {
        tracing::warn!(%error, "the socket buffers of a listener are not bounded");
    }
}

/// When to accept again after this error; `None`: at once.
fn failed(error: &io::Error, endpoint: &Endpoint) -> Option<tokio::time::Instant> {
    let now = tokio::time::Instant::now();
    if descriptors::are_exhausted(error) {
        endpoint.counts.out_of_descriptors();
        let has_room = endpoint.table.make_room(REPLACED, &endpoint.counts);
        return Some(now + if has_room { RETRY } else { BACK_OFF });
    }
    // The error belongs to one connection, which its client closed before it was accepted.
    let is_of_one =
        [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused]
            .contains(&error.kind());
    if !is_of_one {
        tracing::warn!(%error, "a connection cannot be accepted");
    }
    (!is_of_one).then_some(now + BACK_OFF)
}

async fn until(paused: Option<tokio::time::Instant>) {
    if let Some(paused) = paused {
        tokio::time::sleep_until(paused).await;
    }
}

/// Passes a task's panic on, because it is a defect.
fn check(ended: Result<(), tokio::task::JoinError>) -> io::Result<()> {
    ended.map_err(io::Error::other)
}

fn begin(
    tasks: &mut JoinSet<()>,
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
    endpoint: &Arc<Endpoint>,
    stopped: &watch::Receiver<bool>,
) {
    let source = Source::of(peer.ip());
    let Some(connection) = endpoint.table.admit(source, &endpoint.counts, Instant::now()) else {
        reset(&stream);
        return;
    };
    // Otherwise the kernel keeps unread bytes after a close, for minutes if the client's window is 0.
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(endpoint.limits.stall)) {
        tracing::debug!(%error, "a socket has gone");
    }
    let (router, endpoint, stopped) = (router.clone(), Arc::clone(endpoint), stopped.clone());
    tasks.spawn(async move {
        let unread = until_end((stream, peer.ip()), &connection, router, &endpoint, stopped).await;
        if let Some(stream) = unread {
            reset(&stream);
        }
        endpoint.table.remove(&connection);
    });
}

/// Drops bytes that the client has not read. An error means that the socket is gone.
fn reset(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

#[cfg(test)]
mod tests;
