//! The validating admission webhook: whether a policy would be accepted. Optional.
//!
//! Off by default, and it fails open: docs/decisions/0029 gives its cost.

use crate::cluster::tls::{self, Serving};
use crate::source;
use crate::source::object::{Kind, Object};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use longwire_endpoint::{Endpoint, Limits, converse};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

#[cfg(test)]
mod tests;

/// Connections at a time: an API server has a few, and they may hold a review each.
const CONNECTIONS: usize = 16;
/// Bytes of a review, with the object before and after. JSON takes up to sixteen times as much once it is read, and any pod may send one,
/// so all connections together stay far within the operator's memory limit. A policy that the operator accepts is below 64 KiB; of
/// a larger review the API server learns nothing, and the operator refuses the object later.
const MAX_REVIEW: usize = 512 << 10;
/// A handshake is over by then.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// The longest that one connection lasts. The API server opens another one, and a slow client gives its place back.
const LIFE: Duration = Duration::from_secs(30);
/// Pause after an accept that failed.
const PAUSE: Duration = Duration::from_millis(100);

/// For as long as the operator runs.
pub async fn serve(
    listener: TcpListener,
    certificate: watch::Receiver<Option<Serving>>,
    root_namespace: String,
) -> Result<(), rustls::Error> {
    let acceptor = TlsAcceptor::from(tls::http(certificate)?);
    let (router, endpoint) = (router(root_namespace), Endpoint::new(Limits::METRICS));
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Past the bound the connection ends, and the API server continues without an answer.
        let Ok(permit) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let (acceptor, router, endpoint) = (acceptor.clone(), router.clone(), Arc::clone(&endpoint));
        tokio::spawn(async move {
            if let Some(stream) = handshake(&acceptor, stream).await {
                let _ = timeout(LIFE, converse(stream, peer.ip(), router, &endpoint)).await;
            }
            drop(permit);
        });
    }
}

async fn handshake(acceptor: &TlsAcceptor, stream: TcpStream) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let accepted = timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?;
    accepted.inspect_err(|error| tracing::debug!(%error, "a TLS handshake of the webhook failed")).ok()
}

fn router(root_namespace: String) -> Router {
    let review = Router::new().route("/review", routing::post(review)).with_state(Arc::<str>::from(root_namespace));
    review.layer(DefaultBodyLimit::max(MAX_REVIEW))
}

#[derive(Deserialize)]
struct Review {
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    uid: String,
    kind: GroupVersionKind,
    #[serde(default)]
    object: Value,
    #[serde(default)]
    old_object: Value,
}

#[derive(Deserialize)]
struct GroupVersionKind {
    kind: String,
}

async fn review(State(root): State<Arc<str>>, body: String) -> Response {
    let Review { request } = match serde_json::from_str(&body) {
        Ok(review) => review,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("no AdmissionReview: {error}\n")).into_response(),
    };
    let Request { uid, kind, object, old_object } = request;
    let response = match verdict(&root, &kind.kind, &object, &old_object) {
        Ok(()) => json!({"uid": uid, "allowed": true}),
        Err(message) => {
            let status = json!({"code": 422, "reason": "Invalid", "message": message});
            json!({"uid": uid, "allowed": false, "status": status})
        }
    };
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// Why it would not be accepted. What cannot be decided here is allowed: the operator checks the object again.
fn verdict(root: &str, kind: &str, object: &Value, former: &Value) -> Result<(), String> {
    // The spec is unchanged: an object that is stored already can still be labelled and deleted.
    if object["spec"] == former["spec"] && !former.is_null() {
        return Ok(());
    }
    let kind = Kind::POLICIES.into_iter().find(|policy| format!("{policy:?}") == kind);
    let Some(Ok(object)) = kind.map(|kind| source::policy_from_api_server(kind, object)) else { return Ok(()) };
    let refusal = match object {
        Object::TelemetryPolicy(policy) => policy.accepted(root).err(),
        Object::ExtraStatTags(policy) => policy.spec.as_ref().err().cloned(),
        Object::StatsMatcher(policy) => policy.spec.as_ref().err().cloned(),
        Object::Unreadable(unreadable) => Some(unreadable.refusal.clone()),
        _ => None,
    };
    refusal.map_or(Ok(()), |refusal| Err(format!("the operator would not accept it: {refusal}")))
}
