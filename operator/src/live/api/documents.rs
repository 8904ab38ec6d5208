//! Discovery and OpenAPI: documents that do not change while the operator runs.
//!
//! They are served by a standby too, and never refused: while they are not to be had, kube-apiserver takes the API for broken,
//! and no namespace of the cluster can be deleted.

use super::paths::Target;
use super::status::Failure;
use super::{accept, respond};
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use longwire_live::{discovery, openapi};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const JSON: &str = "application/json";

#[derive(Clone, Debug)]
struct Document {
    body: Bytes,
    media_type: &'static str,
    /// Of its content, in hexadecimal.
    hash: String,
    /// The hash, as the header has it.
    etag: HeaderValue,
}

#[derive(Debug)]
pub(super) struct Documents {
    groups: Document,
    aggregated: Document,
    group: Document,
    resources: Document,
    open_api_v2: Document,
    open_api_index: Document,
    open_api_v3: Document,
    version: Document,
}

impl Documents {
    pub(super) fn make() -> Self {
        let open_api_v3 = Document::new(openapi::V3.into(), JSON);
        let key = openapi::key();
        let place = json!({"serverRelativeURL": format!("/openapi/v3/{key}?hash={}", open_api_v3.hash)});
        Self {
            groups: Document::json(&discovery::groups()),
            aggregated: Document::new(discovery::aggregated().to_string().into(), discovery::AGGREGATED),
            group: Document::json(&discovery::group()),
            resources: Document::json(&discovery::resources()),
            open_api_v2: Document::new(openapi::V2.into(), JSON),
            open_api_index: Document::json(&json!({"paths": {key: place}})),
            open_api_v3,
            version: Document::json(&json!({"gitVersion": concat!("v", env!("CARGO_PKG_VERSION"))})),
        }
    }

    /// The target is one of these.
    pub(super) fn answer(&self, target: &Target, head: &Parts) -> Result<Response<Body>, Failure> {
        let accept = header_text(&head.headers, header::ACCEPT);
        if matches!(target, Target::Groups) {
            let is_aggregated = accept::is_for_aggregated_discovery(accept)?;
            return Ok((if is_aggregated { &self.aggregated } else { &self.groups }).answer(&head.headers));
        }
        accept::is_json(accept)?;
        let document = match target {
            Target::Group => &self.group,
            Target::Resources => &self.resources,
            Target::OpenApiV2 => &self.open_api_v2,
            Target::OpenApiIndex => &self.open_api_index,
            Target::OpenApiV3 => return Ok(self.open_api_v3(head)),
            Target::Version => &self.version,
            Target::Groups | Target::Health | Target::Objects(_) | Target::Nothing => {
                return Err(Failure::no_such_path());
            }
        };
        Ok(document.answer(&head.headers))
    }

    /// With its hash in the query it may be kept for ever; with another one the client is sent to the right place.
    fn open_api_v3(&self, head: &Parts) -> Response<Body> {
        let mut query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let wanted = query.find(|(name, _)| name == "hash").map(|(_, hash)| hash.into_owned());
        let document = &self.open_api_v3;
        match wanted {
            Some(wanted) if wanted != document.hash => {
                let place = format!("{}?hash={}", head.uri.path(), document.hash);
                let mut response = respond(StatusCode::MOVED_PERMANENTLY, JSON, Body::empty());
                if let Ok(place) = HeaderValue::try_from(place) {
                    response.headers_mut().insert(header::LOCATION, place);
                }
                response
            }
            wanted => {
                let mut response = document.answer(&head.headers);
                if wanted.is_some() {
                    let kept = HeaderValue::from_static("public, immutable");
                    response.headers_mut().insert(header::CACHE_CONTROL, kept);
                }
                response
            }
        }
    }
}

impl Document {
    fn json(document: &Value) -> Self {
        Self::new(document.to_string().into(), JSON)
    }

    fn new(body: Bytes, media_type: &'static str) -> Self {
        let hash = Sha256::digest(&body).iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02X}");
            text
        });
        let etag = HeaderValue::try_from(format!("{hash:?}")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { body, media_type, hash, etag }
    }

    fn answer(&self, headers: &HeaderMap) -> Response<Body> {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known =
            known.flat_map(|known| known.split(',')).any(|known| known.trim().as_bytes() == self.etag.as_bytes());
        let mut response = if is_known {
            respond(StatusCode::NOT_MODIFIED, self.media_type, Body::empty())
        } else {
            respond(StatusCode::OK, self.media_type, self.body.clone())
        };
        response.headers_mut().insert(header::ETAG, self.etag.clone());
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

/// Its first value.
pub(super) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
