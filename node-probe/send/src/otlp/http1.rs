//! What an answer over HTTP means.

use super::body::{Unread, gunzip, read};
use super::retry::{Outcome, retry_after};
use super::{Sent, Signal};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderMap, HeaderName, Response, StatusCode};
use hyper::body::Incoming;
use longwire_export::otlp::{Accepted, MAX_RESPONSE, refusal};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

pub(super) const PROTOBUF: &str = "application/x-protobuf";

/// The status decides. What the body has to add may be cut off or nonsense without changing it.
pub(super) async fn judge(answer: Response<Incoming>, signal: Signal, until: Instant) -> Outcome {
    let (head, body) = answer.into_parts();
    let body = read(body, MAX_RESPONSE, until).await.map(|(body, _)| body);
    let body = if starts_with(&head, CONTENT_ENCODING, "gzip") { body.and_then(|body| gunzip(&body)) } else { body };
    if head.status.is_success() {
        return Outcome::Done(accepted(&head, body, signal));
    }
    let message = refused(&head, body);
    match again(head.status, &head.headers) {
        Some(after) => Outcome::Again { why: message, after },
        None => Outcome::Done(Sent::Refused { message }),
    }
}

/// Whether a status asks for the same request later, and how much later.
pub(super) fn again(status: StatusCode, headers: &HeaderMap) -> Option<Option<Duration>> {
    let after = || headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
    matches!(status.as_u16(), 429 | 502..=504).then(after)
}

/// A warning if something was said that is no answer: sent again, points would be there twice.
pub(super) fn taken(signal: Signal, body: Result<Bytes, Unread>) -> Sent {
    let read =
        body.map_err(|error| error.to_string()).and_then(|body| signal.read(&body).map_err(|error| error.to_string()));
    match read {
        Ok(Accepted::All) => Sent::Accepted,
        Ok(Accepted::Warning(message)) => Sent::Partly { rejected: 0, message },
        Ok(Accepted::Partly { rejected, message }) => Sent::Partly { rejected, message },
        Err(error) => Sent::Partly { rejected: 0, message: format!("accepted, but {error}") },
    }
}

pub(super) fn refused(head: &Parts, body: Result<Bytes, Unread>) -> String {
    let said = format!("answered {}", head.status);
    if head.status.is_redirection() {
        return format!("{said}: redirects are not followed, so set the endpoint to where it leads");
    }
    let text = match body {
        Ok(body) if starts_with(head, CONTENT_TYPE, PROTOBUF) => {
            refusal(&body).map_or_else(|error| error.to_string(), |refusal| refusal.message)
        }
        // A page for people.
        Ok(_) if starts_with(head, CONTENT_TYPE, "text/html") => String::new(),
        Ok(body) => String::from_utf8_lossy(&body).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    if text.is_empty() { said } else { format!("{said}: {text}") }
}

/// Many answer without a body, or with one in JSON: they took the request all the same.
fn accepted(head: &Parts, body: Result<Bytes, Unread>, signal: Signal) -> Sent {
    if starts_with(head, CONTENT_TYPE, "text/html") {
        let message =
            format!("answered {} with a page: this is no receiver of OTLP, so correct the endpoint", head.status);
        return Sent::Refused { message };
    }
    if starts_with(head, CONTENT_TYPE, PROTOBUF) { taken(signal, body) } else { Sent::Accepted }
}

fn starts_with(head: &Parts, name: HeaderName, prefix: &str) -> bool {
    let value = head.headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
    value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}
