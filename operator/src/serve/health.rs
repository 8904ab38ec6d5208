//! Pages for a scraper and for the kubelet: metrics on one listener, health on another that scrapes cannot delay.

use crate::cluster::tls::Serving;
use crate::counters::Counters;
use crate::publish::Published;
use crate::publish::role::Role;
use crate::serve::metrics;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, routing};
use longwire_endpoint::readers::restrict;
use longwire_endpoint::{Connection, Endpoint, HealthThread, Limits, Page, Readers, front};
use std::future::pending;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[cfg(test)]
mod tests;

/// What the metrics listener answers, and the last two of which the health listener does.
const PAGES: [Page; 3] = [
    ("/metrics", "metrics of the operator itself, for Prometheus"),
    ("/healthz", "whether the operator works"),
    ("/readyz", "whether it is ready, or what it waits for"),
];
const HEALTH_PAGES: &[Page] = PAGES.split_at(1).1;
const PROGRAM: &str = "longwire-operator";

/// What the answers are made from.
#[derive(Clone, Debug)]
pub struct State {
    pub published: watch::Receiver<Published>,
    pub role: watch::Receiver<Role>,
    /// `None`: it serves in the clear.
    pub certificate: Option<watch::Receiver<Option<Serving>>>,
    pub counters: Arc<Counters>,
    pub endpoints: Endpoints,
}

/// The bounds and counts of the two listeners.
#[derive(Clone, Debug)]
pub struct Endpoints {
    pub metrics: Arc<Endpoint>,
    pub health: Arc<Endpoint>,
}

impl Endpoints {
    #[must_use]
    pub fn new(counters: &Counters) -> Self {
        let metrics = Endpoint::measured(Limits::METRICS, Arc::clone(counters.loops.http()));
        Self { metrics, health: Endpoint::new(Limits::HEALTH) }
    }
}

/// Runs until it is aborted: a last scrape is not waited for. `readers`: who may scrape; `None`: any client.
pub async fn serve(listener: TcpListener, state: State, readers: Option<Arc<Readers>>) -> io::Result<()> {
    let scrapes = Router::new().route("/metrics", routing::get(metrics)).with_state(state.clone());
    let endpoint = Arc::clone(&state.endpoints.metrics);
    let scrapes = match readers {
        Some(readers) => restrict(scrapes, readers, Arc::clone(&endpoint)),
        None => scrapes,
    };
    // Health here too, for people and for `helm test`.
    longwire_endpoint::serve(listener, scrapes.merge(health(state)).merge(front(PROGRAM, &PAGES)), endpoint, pending())
        .await
}

/// Health alone, on a thread of its own, until what this returns is dropped.
pub fn start(listener: TcpListener, state: State) -> io::Result<HealthThread> {
    let endpoint = Arc::clone(&state.endpoints.health);
    HealthThread::start(listener.into_std()?, health(state).merge(front(PROGRAM, HEALTH_PAGES)), endpoint)
}

fn health(state: State) -> Router {
    let health = Router::new().route("/healthz", routing::get(async || "healthy\n"));
    health.route("/readyz", routing::get(readyz)).with_state(state)
}

async fn metrics(Shared(state): Shared<State>, Extension(connection): Extension<Arc<Connection>>) -> Response {
    let endpoint = &state.endpoints.metrics;
    let Ok(_turn) = endpoint.turns().take(&connection).await else {
        endpoint.was_busy();
        let reason = "too many scrapes at a time: try again in a second\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], reason).into_response();
    };
    match metrics::text(&state) {
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
    /// A standby is ready too: it knows all objects, and names the leader to probes.
    #[must_use]
    pub(crate) fn unready(&self) -> Vec<&'static str> {
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
