//! What a scraper and the kubelet ask for, on a port of its own.

use crate::figures::Figures;
use crate::publish::Published;
use crate::role::Role;
use crate::self_metrics;
use crate::tls::Serving;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[cfg(test)]
mod tests;

/// What the answers are made from.
#[derive(Clone, Debug)]
pub struct State {
    pub published: watch::Receiver<Published>,
    pub role: watch::Receiver<Role>,
    /// `None`: it serves in the clear.
    pub certificate: Option<watch::Receiver<Option<Serving>>>,
    pub figures: Arc<Figures>,
}

/// Until it is aborted: a last scrape is worth no waiting.
pub async fn serve(listener: TcpListener, state: State) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", routing::get(metrics))
        .route("/healthz", routing::get(async || "healthy\n"))
        .route("/readyz", routing::get(readyz));
    axum::serve(listener, router.with_state(state)).await
}

async fn metrics(Shared(state): Shared<State>) -> Response {
    match self_metrics::text(&state) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn readyz(Shared(state): Shared<State>) -> (StatusCode, String) {
    let reasons = state.unready();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", reasons.join("; ")))
}

impl State {
    /// A standby is ready too: it knows everything, and tells probes whom to ask.
    #[must_use]
    pub fn unready(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if !self.published.borrow().synced {
            reasons.push("not all objects are known yet: is the API server reachable?");
        }
        if self.certificate.as_ref().is_some_and(|certificate| certificate.borrow().is_none()) {
            reasons.push("there is no certificate yet: may the operator keep its Secret?");
        }
        reasons
    }
}
