//! What an answer over gRPC means. Its status is read here, because tonic panics at details that are no base64.

#[cfg(test)]
mod tests;

use super::body::{FRAME, Unread, gunzip, read};
use super::http1::{again, refused, taken};
use super::retry::Outcome;
use super::{Sent, Signal};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Buf, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use hyper::body::Incoming;
use longwire_export::otlp::{MAX_RESPONSE, Refusal, refusal};
use percent_encoding::percent_decode;
use std::time::Duration;
use tokio::time::Instant;

pub(super) const CONTENT: &str = "application/grpc";

/// Senders may leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

pub(super) async fn judge(answer: Response<Incoming>, signal: Signal, until: Instant) -> Outcome {
    let (head, body) = answer.into_parts();
    // An answer without a message has its status in the head.
    if let Some(refusal) = status(&head.headers).filter(|status| status.code != 0) {
        return judge_status(&refusal);
    }
    let body = read(body, FRAME + MAX_RESPONSE, until).await;
    let is_grpc = head.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(CONTENT.as_bytes()));
    if head.status != StatusCode::OK || !is_grpc {
        let message = format!("{}, which is no answer of gRPC", refused(&head, body.map(|(body, _)| body)));
        return match again(head.status, &head.headers) {
            Some(after) => Outcome::Again { why: message, after },
            None => Outcome::Done(Sent::Refused { message }),
        };
    }
    let is_gzip = head.headers.get("grpc-encoding").is_some_and(|encoding| encoding == "gzip");
    match body {
        // There was a message, so the request was taken.
        Err(Unread::TooLong) => Outcome::Done(taken(signal, Err(Unread::TooLong))),
        Err(error) => Outcome::Again { why: error.to_string(), after: None },
        Ok((body, trailers)) => match status(&trailers).or_else(|| status(&head.headers)) {
            None => Outcome::Again { why: "the answer ended without a status".to_owned(), after: None },
            Some(status) if status.code == 0 => Outcome::Done(taken(signal, unframed(body, is_gzip))),
            Some(refusal) => judge_status(&refusal),
        },
    }
}

fn judge_status(status: &Refusal) -> Outcome {
    let name = usize::try_from(status.code).ok().and_then(|code| CODES.get(code));
    let name = name.map_or_else(|| format!("status {}", status.code), |name| (*name).to_owned());
    let why = if status.message.is_empty() {
        format!("answered {name}")
    } else {
        format!("answered {name}: {}", status.message)
    };
    if status.may_retry() {
        Outcome::Again { why, after: status.delay }
    } else {
        Outcome::Done(Sent::Refused { message: why })
    }
}

/// Of trailers, or of a head that has nothing after it. `None`: they have none.
fn status(headers: &HeaderMap) -> Option<Refusal> {
    const UNKNOWN: i32 = 2;
    let code = headers.get("grpc-status")?.to_str().ok().and_then(|code| code.parse().ok()).unwrap_or(UNKNOWN);
    let message = headers.get("grpc-message").map(|message| percent_decode(message.as_bytes()).decode_utf8_lossy());
    Some(Refusal { code, message: message.unwrap_or_default().into_owned(), delay: delay(headers) })
}

/// Details are an extra: what is wrong with them says nothing of the status.
fn delay(headers: &HeaderMap) -> Option<Duration> {
    let details = BASE64.decode(headers.get("grpc-status-details-bin")?).ok()?;
    refusal(&details).ok()?.delay
}

/// The message in its frame. Nothing at all is an empty message.
fn unframed(mut body: Bytes, is_gzip: bool) -> Result<Bytes, Unread> {
    if body.is_empty() {
        return Ok(body);
    }
    let broken = |text: &str| Err(Unread::Broken(text.to_owned()));
    if body.len() < FRAME {
        return broken("its frame is not whole");
    }
    let (flags, length) = (body.get_u8(), body.get_u32());
    if usize::try_from(length) != Ok(body.len()) {
        return broken("its length is not as its frame says");
    }
    match flags {
        0 => Ok(body),
        1 if is_gzip => gunzip(&body),
        _ => broken("it is compressed in a way that was not asked for"),
    }
}
