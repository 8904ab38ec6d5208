//! Sends requests of one signal to one receiver.

use super::attempt::{Client, attempt, body, headers};
use super::retry::{Outcome, Rest, run};
use super::settings::{Settings, SettingsError};
use super::tls::configuration;
use super::{Counts, Sent};
use bytes::Bytes;
use http::HeaderMap;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use longwire_model::exporter::Protocol;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// An idle connection is closed after it: receivers and what balances them forget their side too.
const MAX_IDLE: Duration = Duration::from_secs(90);
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Of the head of an answer over HTTP/1.1, bytes.
const MAX_HEAD: usize = 64 << 10;

/// Its connections outlive a request, so that the next one finds them. They end with it.
pub struct Sender {
    settings: Settings,
    endpoint: String,
    headers: HeaderMap,
    connector: HttpsConnector<HttpConnector>,
    client: Mutex<Client>,
    counts: Arc<Counts>,
    rest: Rest,
}

impl Sender {
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let connector = connector(settings)?;
        let client = Mutex::new(client(&connector, settings.protocol));
        let headers = headers(settings)?;
        Ok(Self {
            settings: settings.clone(),
            endpoint: settings.url(),
            headers,
            connector,
            client,
            counts: Arc::default(),
            rest: Rest::default(),
        })
    }

    /// Adds to these counts from now on: they outlive it.
    #[must_use]
    pub fn counting(self, counts: Arc<Counts>) -> Self {
        Self { counts, ..self }
    }

    /// `request`: as an encoder wrote it. It is sent again as often as there is time, `until`. A caller that drops the future ends its
    /// attempt.
    pub async fn send(&self, request: Bytes, until: Instant) -> Sent {
        let sent = match body(&self.settings, request) {
            Ok(body) => run(until, (&self.counts, &self.rest), || self.attempt(body.clone(), until)).await,
            Err(error) => Sent::Refused { message: format!("the request cannot be compressed: {error}") },
        };
        sent.about(&self.endpoint)
    }

    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    async fn attempt(&self, body: Bytes, until: Instant) -> Outcome {
        let Settings { timeout, protocol, .. } = self.settings;
        let end = Instant::now().checked_add(timeout).map_or(until, |end| end.min(until));
        let client = self.client.lock().clone();
        let outcome = attempt(client, &self.settings, self.headers.clone(), body, end).await;
        outcome.unwrap_or_else(|| {
            // It may be dead without having been closed, so the next attempt has another connection.
            *self.client.lock() = self::client(&self.connector, protocol);
            let waited = if end < until { timeout } else { Duration::ZERO };
            Outcome::Again { why: late(waited), after: None }
        })
    }
}

/// `waited`: the whole timeout, or nothing if there was less time left.
fn late(waited: Duration) -> String {
    if waited.is_zero() {
        "no answer in the time that was left".to_owned()
    } else {
        format!("no answer within {waited:?}")
    }
}

fn connector(settings: &Settings) -> Result<HttpsConnector<HttpConnector>, SettingsError> {
    let is_secured = settings.url.scheme_str() == Some("https");
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE));
    http.set_connect_timeout(Some(settings.timeout));
    let builder = HttpsConnectorBuilder::new().with_tls_config(configuration(&settings.certificates, is_secured)?);
    let builder = builder.https_or_http();
    Ok(match settings.protocol {
        Protocol::Grpc => builder.enable_http2().wrap_connector(http),
        Protocol::HttpProtobuf => builder.enable_http1().wrap_connector(http),
    })
}

fn client(connector: &HttpsConnector<HttpConnector>, protocol: Protocol) -> Client {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder.pool_idle_timeout(MAX_IDLE).pool_timer(TokioTimer::new()).timer(TokioTimer::new());
    builder.http1_max_buf_size(MAX_HEAD).http2_only(protocol == Protocol::Grpc);
    builder.build(connector.clone())
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("settings", &self.settings).field("counts", &self.counts).finish_non_exhaustive()
    }
}
