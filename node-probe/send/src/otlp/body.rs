//! What is sent and what comes back. Receivers may be anything, so all that they say is bounded.

use bytes::{BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use longwire_export::otlp::MAX_RESPONSE;
use std::error::Error;
use std::io::{self, Read, Write};
use tokio::time::{Instant, timeout_at};

/// Why an answer was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    #[error("the answer has more than {MAX_RESPONSE} bytes")]
    TooLong,
    #[error("the answer did not end in time")]
    Late,
    #[error("the answer broke off: {0}")]
    Broken(String),
    #[error("the answer is no gzip, as it says to be: {0}")]
    Gzip(String),
}

/// Fast rather than small: it is made in the runtime's own threads.
pub(super) fn gzip(bytes: &[u8], into: impl Write) -> io::Result<()> {
    let mut encoder = GzEncoder::new(into, Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}

pub(super) fn gunzip(bytes: &[u8]) -> Result<Bytes, Unread> {
    let mut whole = Vec::new();
    let read = GzDecoder::new(bytes).take(MAX_RESPONSE as u64 + 1).read_to_end(&mut whole);
    match read {
        Ok(len) if len > MAX_RESPONSE => Err(Unread::TooLong),
        Ok(_) => Ok(whole.into()),
        Err(error) => Err(Unread::Gzip(error.to_string())),
    }
}

/// The body, and the trailers after it.
pub(super) async fn read(body: Incoming, max: usize, until: Instant) -> Result<(Bytes, HeaderMap), Unread> {
    let whole = timeout_at(until, Limited::new(body, max).collect()).await.map_err(|_| Unread::Late)?;
    let whole = whole.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => Unread::TooLong,
        None => Unread::Broken(chain(&*error)),
    })?;
    let trailers = whole.trailers().cloned().unwrap_or_default();
    Ok((whole.to_bytes(), trailers))
}

/// A message with gRPC's frame before it: whether it is compressed, and its length.
pub(super) fn framed(message: &[u8], is_gzip: bool) -> Bytes {
    let mut frame = BytesMut::with_capacity(FRAME + message.len());
    frame.put_u8(u8::from(is_gzip));
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// Bytes before a message of gRPC.
pub(super) const FRAME: usize = 5;

/// An error with what caused it, since the outermost says the least.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Some repeat what is below them.
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
