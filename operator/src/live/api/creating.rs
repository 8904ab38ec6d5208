//! Estimates: a body comes in, and goes back with its status.

use super::accept;
use super::documents::header_text;
use super::objects::{Answer, Asked};
use super::status::Failure;
use super::{Api, respond};
use crate::live::estimates;
use crate::live::probes::microseconds;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use std::time::Duration;
use tokio::time::timeout;

/// Most bytes of a body. A policy may have 32 KiB.
const MAX_BODY: usize = 1 << 20;
/// A body has come by then.
const BODY: Duration = Duration::from_secs(5);

impl Api {
    pub(super) async fn estimate(&self, asked: &Asked<'_>, head: &Parts, body: Body) -> Answer {
        let resource = asked.objects.resource;
        accept::is_json(header_text(&head.headers, header::ACCEPT))?;
        let media_type = header_text(&head.headers, header::CONTENT_TYPE).unwrap_or("application/json");
        if media_type.split(';').next().is_none_or(|media_type| media_type.trim() != "application/json") {
            return Err(Failure::unsupported_media_type());
        }
        let (Some(estimates), Some(namespace)) = (&self.estimates, &asked.objects.namespace) else {
            return Err(Failure::not_served(resource, asked.verb.name()));
        };
        let body = timeout(BODY, to_bytes(body, MAX_BODY)).await;
        let body = body.map_err(|_| Failure::bad_request(format!("the body did not come within {BODY:?}")))?;
        // It breaks off, or it is larger.
        let body = body.map_err(|_| Failure::too_large(MAX_BODY))?;
        let wanted = estimates::Asked::read(resource, namespace, &body)?;
        let now = microseconds().saturating_mul(1_000);
        let estimate = estimates.estimate(resource, wanted, &self.connections.expected(), now).await?;
        // Texts and numbers are always JSON.
        Ok(respond(StatusCode::CREATED, "application/json", serde_json::to_vec(&estimate).unwrap_or_default()))
    }
}
