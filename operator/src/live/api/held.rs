//! The body of a list, which keeps its turn until a client has taken it: so lists that wait for slow clients have a bound.

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;

#[cfg(test)]
mod tests;

/// Bytes of one frame. A connection takes the next one when it has room for it.
const FRAME: usize = 64 << 10;

struct Held {
    left: Bytes,
    _turn: OwnedSemaphorePermit,
}

pub(super) fn held(text: String, turn: OwnedSemaphorePermit) -> Body {
    Body::new(Held { left: text.into(), _turn: turn })
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = &mut self.get_mut().left;
        let frame = left.split_to(left.len().min(FRAME));
        // A copy: a frame that waits in a connection would keep the whole list.
        let frame = (!frame.is_empty()).then(|| Ok(Frame::data(Bytes::copy_from_slice(&frame))));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
