//! What a scraper and the kubelet ask for: metrics on one listener, health on another that scrapes cannot delay.

mod accept;
mod scrape;

use crate::shared::Shared;
use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, routing};
use longwire_endpoint::{Busy, Connection, HealthThread};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

/// Both listeners, which accept nothing yet.
pub(crate) struct Listeners {
    metrics: TcpListener,
    health: std::net::TcpListener,
}

impl Listeners {
    pub(crate) async fn bind(metrics: SocketAddr, health: SocketAddr) -> anyhow::Result<Self> {
        let failed = |address, flag| {
            format!("cannot listen on {address}: is another probe running? choose another address with {flag}")
        };
        let metrics = TcpListener::bind(metrics).await.with_context(|| failed(metrics, "--metrics-listen"))?;
        let health = TcpListener::bind(health).await.with_context(|| failed(health, "--health-listen"))?;
        Ok(Self { metrics, health: health.into_std()? })
    }

    /// Serves both until `stop` resolves.
    pub(crate) async fn serve(
        self,
        shared: Arc<Shared>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let endpoint = Arc::clone(&shared.health);
        let _health = HealthThread::start(self.health, health(Arc::clone(&shared)), endpoint)?;
        let endpoint = Arc::clone(&shared.metrics);
        let scrapes = Router::new()
            .route("/metrics", routing::get(metrics))
            .route("/stats/prometheus", routing::get(metrics))
            .layer(CompressionLayer::new())
            .with_state(Arc::clone(&shared));
        // Health here too, for people and for who proxies to this port.
        Ok(longwire_endpoint::serve(self.metrics, scrapes.merge(health(shared)), endpoint, stop).await?)
    }
}

fn health(shared: Arc<Shared>) -> Router {
    Router::new().route("/healthz", routing::get(healthz)).route("/readyz", routing::get(readyz)).with_state(shared)
}

async fn metrics(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
) -> Response {
    if let Some(reason) = shared.unfit() {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("nothing to say: {reason}\n")).into_response();
    }
    if !shared.is_caught_up() {
        let reason = "not ready: the connections of before are not yet counted\n";
        return (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let format = accept::negotiate(accept);
    match shared.metrics.turns().take(&connection).await {
        Ok(turn) => scrape::respond(shared, format, turn),
        Err(Busy) => {
            shared.metrics.was_busy();
            let reason = "too many scrapes at a time: ask again in a second\n";
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], reason).into_response()
        }
    }
}

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
