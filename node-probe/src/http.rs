//! HTTP for scrapers and the kubelet: metrics on one listener, health on another one that scrapes cannot delay.

mod accept;
mod scrape;
mod scraper_slots;
#[cfg(test)]
mod tests;

use crate::readers::Line;
use crate::shared::Shared;
use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, routing};
use longwire_endpoint::readers::{ReaderLimits, restrict};
use longwire_endpoint::{Busy, Connection, HealthThread, Page, Peer, Readers, front};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

/// Prometheus and compatible scrapers send their timeout in it, and so will come again.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// Pages of the metrics listener. The health listener has only the last two.
const PAGES: [Page; 4] = [
    ("/metrics", "metrics of connections and of the probe itself, for Prometheus"),
    ("/stats/prometheus", "the same, at the path of Istio's sidecars"),
    ("/healthz", "whether the probe works"),
    ("/readyz", "whether it is ready, or what it waits for"),
];
const HEALTH_PAGES: &[Page] = PAGES.split_at(2).1;
const PROGRAM: &str = "longwire-probe";

/// Both listeners, bound but not accepting yet.
pub(crate) struct Listeners {
    metrics: TcpListener,
    health: std::net::TcpListener,
    /// Metrics are only for readers that the operator admits.
    are_restricted: bool,
}

impl Listeners {
    pub(crate) async fn bind(metrics: SocketAddr, health: SocketAddr) -> anyhow::Result<Self> {
        let failed = |address, flag| {
            format!("cannot listen on {address}: is another probe running? choose another address with {flag}")
        };
        let metrics = TcpListener::bind(metrics).await.with_context(|| failed(metrics, "--metrics-listen"))?;
        let health = TcpListener::bind(health).await.with_context(|| failed(health, "--health-listen"))?;
        Ok(Self { metrics, health: health.into_std()?, are_restricted: false })
    }

    pub(crate) fn restricted(self, are_restricted: bool) -> Self {
        Self { are_restricted, ..self }
    }

    /// Serves both until `stop` resolves.
    pub(crate) async fn serve(
        self,
        shared: Arc<Shared>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let endpoint = Arc::clone(&shared.health);
        let _health = HealthThread::start(
            self.health,
            health(Arc::clone(&shared)).merge(front(PROGRAM, HEALTH_PAGES)),
            endpoint,
        )?;
        let endpoint = Arc::clone(&shared.metrics);
        let readers = Readers::new(Arc::<Line>::clone(&shared.line), ReaderLimits::PAGE);
        let readers = self.are_restricted.then_some(readers);
        Ok(longwire_endpoint::serve(self.metrics, everything(shared, readers), endpoint, stop).await?)
    }
}

/// Answers of the metrics listener: health too, for people and for proxies to this port. With `readers`, metrics are
/// only for those.
pub(crate) fn everything(shared: Arc<Shared>, readers: Option<Arc<Readers>>) -> Router {
    let scrapes = Router::new()
        .route("/metrics", routing::get(metrics))
        .route("/stats/prometheus", routing::get(metrics))
        .layer(CompressionLayer::new())
        .with_state(Arc::clone(&shared));
    let scrapes = match readers {
        Some(readers) => restrict(scrapes, readers, Arc::clone(&shared.metrics)),
        None => scrapes,
    };
    scrapes.merge(health(shared)).merge(front(PROGRAM, &PAGES))
}

fn health(shared: Arc<Shared>) -> Router {
    Router::new().route("/healthz", routing::get(healthz)).route("/readyz", routing::get(readyz)).with_state(shared)
}

async fn metrics(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if let Some(reason) = shared.unsupported() {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("this node is not supported: {reason}\n")).into_response();
    }
    if !shared.is_caught_up() {
        let reason = "not ready: connections older than the probe are not yet counted\n";
        return (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let format = accept::negotiate(accept);
    match shared.metrics.turns().take(&connection).await {
        Ok(turn) => {
            let by = headers.contains_key(SCRAPE_TIMEOUT).then(|| shared.scraper_slots.take(address, &connection));
            scrape::respond(shared, format, by, turn)
        }
        Err(Busy) => {
            shared.metrics.was_busy();
            let reason = "too many scrapes at a time: try again in a second\n";
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], reason).into_response()
        }
    }
}

pub(crate) use scraper_slots::ScraperSlots;

async fn healthz(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    verdict("healthy", &shared.unhealthy())
}

async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    verdict("ready", &shared.unready())
}

fn verdict(good: &str, reasons: &[String]) -> (StatusCode, String) {
    if reasons.is_empty() {
        (StatusCode::OK, format!("{good}\n"))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not {good}: {}\n", reasons.join("; ")))
    }
}
