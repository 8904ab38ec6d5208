//! What a scraper and the kubelet ask for.

pub mod accept;
mod scrape;

use crate::shared::Shared;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use std::sync::Arc;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

/// Serves until `stop` resolves.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let metrics = Router::new()
        .route("/metrics", routing::get(metrics))
        .route("/stats/prometheus", routing::get(metrics))
        .layer(CompressionLayer::new());
    let health = Router::new().route("/healthz", routing::get(healthz)).route("/readyz", routing::get(readyz));
    let service = metrics.merge(health).with_state(shared);
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}

async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Some(reason) = shared.unfit() {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("nothing to say: {reason}\n")).into_response();
    }
    if !shared.is_caught_up() {
        let reason = "not ready: the connections of before are not yet counted\n";
        return (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    scrape::respond(shared, accept::negotiate(accept))
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
