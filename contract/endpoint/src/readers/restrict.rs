//! Restricts routes to readers.

use super::bearer::{self, MAX_TOKEN};
use super::{Outcome, Readers, Verdict};
use crate::connection::Connection;
use crate::serve::Endpoint;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Seconds, for Retry-After.
const RETRY_SECONDS: &str = "5";

#[derive(Clone)]
struct Restricted {
    readers: Arc<Readers>,
    endpoint: Arc<Endpoint>,
}

/// Restricts every route of `router` to readers. Counts outcomes at `endpoint`.
pub fn restrict(router: Router, readers: Arc<Readers>, endpoint: Arc<Endpoint>) -> Router {
    router.route_layer(middleware::from_fn_with_state(Restricted { readers, endpoint }, check))
}

async fn check(State(restricted): State<Restricted>, request: Request, next: Next) -> Response {
    let Restricted { readers, endpoint } = &restricted;
    let token = match bearer::token(request.headers()) {
        Ok(token) => token,
        Err(outcome) => {
            endpoint.counts().reader(outcome);
            return no_token(outcome);
        }
    };
    let connection = request.extensions().get::<Arc<Connection>>();
    let from = connection.map(|connection| connection.source().to_string()).unwrap_or_default();
    let verdict = readers.verdict(&from.into(), token).await;
    endpoint.counts().reader(Outcome::from(&verdict));
    match verdict {
        Verdict::Admitted { .. } | Verdict::Kept => next.run(request).await,
        Verdict::Unauthenticated(text) => {
            unauthorized("Bearer error=\"invalid_token\"", format!("the token is refused: {text}\n"))
        }
        Verdict::Forbidden(text) => (StatusCode::FORBIDDEN, format!("{text}\n")).into_response(),
        Verdict::Unavailable(text) => later(format!("the token cannot be authorized now: {text}\n")),
        Verdict::Busy => {
            later(format!("too many tokens wait for authorization: try again in {RETRY_SECONDS} seconds\n"))
        }
    }
}

fn no_token(outcome: Outcome) -> Response {
    let text = match outcome {
        Outcome::NoToken => {
            "no token: send `Authorization: Bearer` and the token of a ServiceAccount that may get the \
                             non-resource URL /metrics\n"
                .to_owned()
        }
        _ => format!(
            "malformed Authorization: send it once, as `Bearer` and a token of at most {MAX_TOKEN} bytes of base64url\n"
        ),
    };
    unauthorized("Bearer", text)
}

fn unauthorized(challenge: &'static str, text: String) -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], text).into_response()
}

fn later(text: String) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_SECONDS)], text).into_response()
}
