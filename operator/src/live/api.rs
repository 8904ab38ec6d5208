//! Answers one request.
//!
//! ```text
//! path --Target--> document: discovery, OpenAPI, health; for every caller
//!              \-> objects:  method, query --> verb --identity, authorize--> list or get --Form--> JSON
//! ```

mod accept;
mod connections;
mod creating;
mod documents;
mod effective;
mod held;
mod objects;
mod paths;
pub(super) mod query;
pub(super) mod status;
mod table;
mod watching;

use super::authorize::Authorizer;
use super::connections::Connections;
use super::effective::Effective;
use super::estimates::Estimates;
use super::front_proxy::Door;
use super::probes::Probes;
use super::watches::Watches;
use crate::counters::Counters;
use crate::publish::role::Role;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use documents::Documents;
use paths::Target;
use status::Failure;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Lists at a time: those that are made, and those that a client has not taken yet.
const LISTS: usize = 16;

/// Who sent a request.
#[derive(Debug)]
pub(super) enum Caller {
    /// There are no users.
    Anybody,
    /// kube-apiserver; headers name the user.
    FrontProxy(Arc<Door>),
}

#[derive(Debug)]
pub(super) struct Api {
    probes: Arc<Probes>,
    connections: Arc<Connections>,
    effective: Effective,
    /// `None`: everybody may do everything.
    authorizer: Option<Arc<Authorizer>>,
    watches: Arc<Watches>,
    /// `None`: there is nothing to estimate with.
    estimates: Option<Estimates>,
    role: watch::Receiver<Role>,
    counters: Arc<Counters>,
    documents: Documents,
    lists: Arc<Semaphore>,
}

/// What a request was, for its counter.
struct Kind {
    resource: &'static str,
    verb: &'static str,
}

impl Api {
    pub(super) fn new(
        (probes, connections, effective): (Arc<Probes>, Arc<Connections>, Effective),
        authorizer: Option<Authorizer>,
        role: watch::Receiver<Role>,
        counters: Arc<Counters>,
    ) -> Self {
        let (documents, lists) = (Documents::make(), Arc::new(Semaphore::new(LISTS)));
        let (authorizer, watches) = (authorizer.map(Arc::new), Arc::new(Watches::new(Arc::clone(&counters))));
        Self { probes, connections, effective, authorizer, watches, estimates: None, role, counters, documents, lists }
    }

    #[must_use]
    pub(super) fn with_estimates(mut self, estimates: Estimates) -> Self {
        self.estimates = Some(estimates);
        self
    }

    pub(super) async fn answer(&self, caller: &Caller, request: Request<Body>) -> Response<Body> {
        let target = Target::of(request.uri().path());
        let (head, body) = request.into_parts();
        let is_read = head.method == Method::GET;
        let (kind, answer) = match &target {
            Target::Objects(objects) => {
                let (verb, answer) = self.objects(caller, (&head, body), objects).await;
                (Kind { resource: objects.resource.plural, verb }, answer)
            }
            Target::Nothing => (Kind { resource: "other", verb: "other" }, Err(Failure::no_such_path())),
            _ if !is_read => (Kind { resource: "other", verb: "other" }, Err(Failure::only_get())),
            Target::Health => (Kind { resource: "health", verb: "get" }, Ok(plain("ok"))),
            document => {
                let resource = if document.is_open_api() { "openapi" } else { "discovery" };
                (Kind { resource, verb: "get" }, self.documents.answer(document, &head))
            }
        };
        let response = answer.unwrap_or_else(Failure::into_response);
        self.counters.live.answered(kind.resource, kind.verb, response.status().as_u16());
        response
    }
}

fn plain(text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// With this code and a body of this type.
fn respond(code: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests;
