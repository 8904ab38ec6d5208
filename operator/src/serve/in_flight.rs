//! All streams share a limit of memory for large messages. While it is used up, further large messages are not read: they
//! wait in the sockets of their probes.

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

/// Messages up to this many bytes do not count against the limit: a stream has one of them at a time.
const SMALL: u32 = 64 << 10;
/// What a message takes when it is decoded, for each of its bytes on the wire.
const DECODED: u32 = 3;
/// Limit for all large messages of a service, KiB.
const MAX_MEMORY_KIB: u32 = 48 << 10;
/// Timeout of a large message.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Before each message: whether it is compressed, and its length.
const HEADER: usize = 5;

/// A service whose requests are read as there is memory.
#[derive(Clone, Debug)]
pub(super) struct InFlight<S> {
    inner: S,
    memory: Arc<Semaphore>,
    kib: u32,
}

impl<S> InFlight<S> {
    pub(super) fn new(inner: S) -> Self {
        Self::with_memory(inner, MAX_MEMORY_KIB)
    }

    /// KiB for large messages.
    pub(super) fn with_memory(inner: S, kib: u32) -> Self {
        Self { inner, memory: Arc::new(Semaphore::new(kib as usize)), kib }
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
        let (memory, kib) = (Arc::clone(&self.memory), self.kib);
        self.inner.call(request.map(|body| tonic::body::Body::new(Metered::new(body, (memory, kib), TIMEOUT))))
    }
}

type Acquire = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// The body of a call. Its reader polls again when the previous message is processed.
struct Metered<B> {
    inner: B,
    memory: Arc<Semaphore>,
    /// All of `memory`.
    kib: u32,
    /// The bytes of the next message's header that have arrived.
    header: Vec<u8>,
    /// Bytes of the message that are still to come.
    left: u32,
    timeout: Duration,
    hold: Hold,
}

enum Hold {
    Nothing,
    Waiting(Acquire),
    /// Until the message is processed.
    Memory {
        _permit: OwnedSemaphorePermit,
        deadline: Pin<Box<Sleep>>,
    },
}

impl<B> Metered<B> {
    fn new(inner: B, (memory, kib): (Arc<Semaphore>, u32), timeout: Duration) -> Self {
        Self { inner, memory, kib, header: Vec::with_capacity(HEADER), left: 0, timeout, hold: Hold::Nothing }
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
                    let needed = (self.left / 1_024).saturating_mul(DECODED).min(self.kib);
                    self.hold = Hold::Waiting(Box::pin(Arc::clone(&self.memory).acquire_many_owned(needed)));
                }
            }
        }
    }

    /// Ready when the next bytes may be read.
    fn poll_memory(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        if let Hold::Waiting(acquire) = &mut self.hold {
            let acquired = ready!(acquire.as_mut().poll(cx));
            let permit = acquired.map_err(|_| Status::unavailable("the operator is stopping"))?;
            self.hold = Hold::Memory { _permit: permit, deadline: Box::pin(tokio::time::sleep(self.timeout)) };
        }
        if let Hold::Memory { deadline, .. } = &mut self.hold {
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
        if let Err(status) = ready!(this.poll_memory(cx)) {
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
