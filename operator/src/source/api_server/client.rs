//! The client for the API server.

use crate::counters::Counters;
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use longwire_endpoint::descriptors;
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tower::BoxError;
use tower::util::{MapErrLayer, option_layer};

#[cfg(test)]
mod tests;

/// Timeout for establishing a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// The API server ends every watch after this long. Until then one of a kind where nothing happens may be silent: a server sends
/// bookmarks only when it has seen an event of the kind since it started.
pub(crate) const WATCH: Duration = Duration::from_secs(240);
/// So a watch that is silent for longer is dead, even while its connection is open.
const SILENCE: Duration = Duration::from_secs(270);
/// A connection whose other end has gone without closing it is found out within 10 s + 3 * 5 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEP_ALIVE_RETRIES: u32 = 3;

#[derive(Debug, thiserror::Error)]
#[error("no API server: {0}; run in a pod, set KUBECONFIG, or name a directory of manifests with --manifests")]
pub struct NoApiServer(String);

/// A client for the API server of this pod's cluster, or of the kubeconfig. Sends no request yet: an API server that is away now is found
/// when it is back.
///
/// Callers retry by themselves. Requests that failed because no descriptor was free are counted here, for all callers.
pub async fn connect(counters: Arc<Counters>) -> Result<Client, NoApiServer> {
    let mut config = Config::infer().await.map_err(|error| NoApiServer(chain(&error)))?;
    if let Some(proxy) = &config.proxy_url {
        return Err(NoApiServer(format!("the kubeconfig leads through the proxy {proxy}, which is not supported")));
    }
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENCE);
    let agent = concat!("longwire-operator/", env!("CARGO_PKG_VERSION"));
    let agent = axum::http::HeaderValue::from_str(agent).map_err(|error| NoApiServer(chain(&error)))?;
    config.headers.push((axum::http::header::USER_AGENT, agent));
    client(&config, counters).map_err(|error| NoApiServer(chain(&error)))
}

/// Like kube's client, but with keep-alive on connections and without its retries, because callers know better when to retry.
fn client(config: &Config, counters: Arc<Counters>) -> kube::Result<Client> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEP_ALIVE));
    tcp.set_keepalive_interval(Some(KEEP_ALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(KEEP_ALIVE_RETRIES));
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(tcp)?);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    // Or the silence of an idle connection would count.
    connector.set_reset_reader_on_write(true);
    let http = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let count = move |error: BoxError| {
        let starved = descriptors::are_exhausted_below(error.as_ref());
        counters.requests_without_descriptor.fetch_add(starved.into(), Relaxed);
        error
    };
    let builder = ClientBuilder::new(http, config.default_namespace.clone());
    let builder = builder.with_layer(&MapErrLayer::new(|error: legacy::Error| BoxError::from(error)));
    let builder = builder.with_layer(&config.extra_headers_layer()?).with_layer(&option_layer(config.auth_layer()?));
    Ok(builder.with_layer(&config.base_uri_layer()).with_layer(&MapErrLayer::new(count)).build())
}

/// An error with its causes: kube's own text for a server that is away does not say why, and the one for an answer of the server
/// is a dump of all its fields.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<kube::Error>() {
            Some(answer @ kube::Error::Api(status)) => {
                let said = if status.message.is_empty() { &status.reason } else { &status.message };
                let plain = format!("{said} ({} {})", status.code, status.reason);
                text = text.replace(&answer.to_string(), &plain);
                return text;
            }
            _ => {
                let said = error.to_string();
                if !text.contains(&said) {
                    // Writing to a string does not fail.
                    let _ = write!(text, ": {said}");
                }
            }
        }
        cause = error.source();
    }
    text
}
