//! Large messages of all streams share a bounded memory: while it is used up, no more of the others' is read, and they wait in
//! their probes' sockets.

use http_body::{Body, Frame};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tonic::Status;
use tonic::codegen::{Bytes, Service, http};
use tonic::server::NamedService;

#[cfg(test)]
mod tests;

/// Messages up to this many bytes need no room: a stream has one of them at a time.
const SMALL: u32 = 64 << 10;
/// What a message takes when it is decoded, for each of its bytes on the wire.
const DECODED: u32 = 3;
/// For all large messages, KiB.
const ROOM: u32 = 48 << 10;
/// A large message is here by then.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Before each message: whether it is compressed, and its length.
const HEADER: usize = 5;

/// A service whose requests are read as there is room.
#[derive(Clone, Debug)]
pub(super) struct InFlight<S> {
    inner: S,
    room: Arc<Semaphore>,
}

impl<S> InFlight<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, room: Arc::new(Semaphore::new(ROOM as usize)) }
    }
}

impl<S: NamedService> NamedService for InFlight<S> {
    const NAME: &'static str = S::NAME;
}

impl<S: Service<http::Request<tonic::body::Body>>> Service<http::Request<tonic::body::Body>> for InFlight<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> S::Future {
        let room = Arc::clone(&self.room);
        self.inner.call(request.map(|body| tonic::body::Body::new(Metered::new(body, room, TIMEOUT))))
    }
}

type Acquire = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// The body of a call. Its reader asks for more when it is done with the message before.
struct Metered<B> {
    inner: B,
    room: Arc<Semaphore>,
    /// Of the header of the next message, what is here.
    header: Vec<u8>,
    /// Bytes of the message that are still to come.
    left: u32,
    timeout: Duration,
    hold: Hold,
}

enum Hold {
    Nothing,
    Waiting(Acquire),
    /// Until the message is done with.
    Room {
        _permit: OwnedSemaphorePermit,
        deadline: Pin<Box<Sleep>>,
    },
}

impl<B> Metered<B> {
    fn new(inner: B, room: Arc<Semaphore>, timeout: Duration) -> Self {
        Self { inner, room, header: Vec::with_capacity(HEADER), left: 0, timeout, hold: Hold::Nothing }
    }

    /// Follows the messages in these bytes.
    fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let passed = (self.left as usize).min(bytes.len());
                // No more than what is left, which is a u32.
                self.left -= u32::try_from(passed).unwrap_or(self.left);
                bytes = &bytes[passed..];
                continue;
            }
            let wanted = (HEADER - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..wanted]);
            bytes = &bytes[wanted..];
            if let [_, a, b, c, d] = self.header[..] {
                self.header.clear();
                self.left = u32::from_be_bytes([a, b, c, d]);
                if self.left > SMALL {
                    // What is longer than a message may be is refused before it is read.
                    let needed = (self.left / 1_024).saturating_mul(DECODED).min(ROOM);
                    self.hold = Hold::Waiting(Box::pin(Arc::clone(&self.room).acquire_many_owned(needed)));
                }
            }
        }
    }

    /// Ready when the next bytes may be read.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        if let Hold::Waiting(acquire) = &mut self.hold {
            let acquired = ready!(acquire.as_mut().poll(cx));
            let permit = acquired.map_err(|_| Status::unavailable("the operator is stopping"))?;
            self.hold = Hold::Room { _permit: permit, deadline: Box::pin(tokio::time::sleep(self.timeout)) };
        }
        if let Hold::Room { deadline, .. } = &mut self.hold {
            if self.left == 0 {
                self.hold = Hold::Nothing;
            } else if deadline.as_mut().poll(cx).is_ready() {
                let text = format!("a message was not here within {:?}", self.timeout);
                return Poll::Ready(Err(Status::deadline_exceeded(text)));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<B: Body<Data = Bytes, Error = Status> + Unpin> Body for Metered<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if let Err(status) = ready!(this.poll_room(cx)) {
            return Poll::Ready(Some(Err(status)));
        }
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            this.see(bytes);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
