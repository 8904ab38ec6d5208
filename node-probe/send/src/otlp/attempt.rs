//! One request, and how it is sent once.

use super::body::{chain, framed, gzip};
use super::retry::Outcome;
use super::settings::{Settings, SettingsError};
use super::{grpc, http1};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use longwire_model::exporter::{Compression, Protocol};
use std::io;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

pub(super) type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

const AGENT: &str = concat!("Longwire-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The headers of all requests.
pub(super) fn headers(settings: &Settings) -> Result<HeaderMap, SettingsError> {
    let mut headers = HeaderMap::new();
    for pair in &settings.headers.0 {
        let refusal = || SettingsError::Header(pair.key.clone());
        let name = HeaderName::from_bytes(pair.key.as_bytes()).map_err(|_| refusal())?;
        let mut value = HeaderValue::from_str(&pair.value).map_err(|_| refusal())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let is_gzip = settings.compression == Compression::Gzip;
    let gzip = HeaderValue::from_static("gzip");
    match settings.protocol {
        Protocol::Grpc => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(grpc::CONTENT));
            headers.insert(TE, HeaderValue::from_static("trailers"));
            // Servers in Go answer as they were asked, whatever stands here.
            headers.insert("grpc-accept-encoding", gzip.clone());
            if is_gzip {
                headers.insert("grpc-encoding", gzip);
            }
        }
        Protocol::HttpProtobuf => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(http1::PROTOBUF));
            headers.insert(ACCEPT_ENCODING, gzip.clone());
            if is_gzip {
                headers.insert(CONTENT_ENCODING, gzip);
            }
        }
    }
    Ok(headers)
}

/// The body of a request, made once for all attempts.
pub(super) fn body(settings: &Settings, request: Bytes) -> io::Result<Bytes> {
    let is_gzip = settings.compression == Compression::Gzip;
    let message: Bytes = if is_gzip {
        let mut compressed = Vec::with_capacity(request.len() / 4);
        gzip(&request, &mut compressed)?;
        compressed.into()
    } else {
        request
    };
    Ok(if settings.protocol == Protocol::Grpc { framed(&message, is_gzip) } else { message })
}

/// `None`: there was no answer in time.
pub(super) async fn attempt(
    client: Client,
    settings: &Settings,
    headers: HeaderMap,
    body: Bytes,
    until: Instant,
) -> Option<Outcome> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = settings.url.clone();
    *request.headers_mut() = headers;
    if settings.protocol == Protocol::Grpc {
        *request.version_mut() = Version::HTTP_2;
        let left = until.saturating_duration_since(Instant::now());
        request.headers_mut().insert(GRPC_TIMEOUT, grpc_timeout(left));
    }
    let answer = match timeout_at(until, client.request(request)).await.ok()? {
        Ok(answer) => answer,
        Err(error) => return Some(Outcome::Again { why: failed(&error), after: None }),
    };
    Some(match settings.protocol {
        Protocol::Grpc => grpc::judge(answer, settings.signal, until).await,
        Protocol::HttpProtobuf => http1::judge(answer, settings.signal, until).await,
    })
}

/// Milliseconds: at most eight digits may be written.
fn grpc_timeout(left: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let text = format!("{}m", left.as_millis().clamp(1, MOST));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("99999999m"))
}

fn failed(error: &legacy::Error) -> String {
    let text = chain(error);
    if text.contains("UnknownIssuer") {
        return format!("{text}: give the receiver's CA as ca.crt of the Secret, or in OTEL_EXPORTER_OTLP_CERTIFICATE");
    }
    text
}
