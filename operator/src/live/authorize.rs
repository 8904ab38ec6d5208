//! Whether a user may do what a request asks for: the API server decides (SubjectAccessReview).
//!
//! kube-apiserver has authorized the request before it forwards it. It is asked again, because a front proxy's certificate is all
//! that it takes to send one here.

mod known;

use super::identity::Identity;
use crate::cluster::auth::request::{self, NoReview};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec, SubjectAccessReviewStatus,
};
use known::{Decision, Known};
use kube::Client;
use longwire_live::{GROUP, LiveResource, VERSION, Verb};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Members may do everything, as in every API server.
const MASTERS: &str = "system:masters";
/// Reviews at a time.
const OPEN_REVIEWS: usize = 64;
/// Longest wait for a review's turn.
const WAIT: Duration = Duration::from_secs(2);

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes<'a> {
    pub(super) verb: Verb,
    pub(super) resource: &'a LiveResource,
    /// `None`: in all namespaces, or the resource has none.
    pub(super) namespace: Option<&'a str>,
    pub(super) name: Option<&'a str>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Denied {
    Forbidden(String),
    /// No decision is possible now.
    Unavailable(String),
}

pub(super) struct Authorizer {
    client: Client,
    known: Mutex<Known>,
    turns: Semaphore,
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer").finish_non_exhaustive()
    }
}

impl Authorizer {
    pub(super) fn new(client: Client) -> Self {
        Self { client, known: Mutex::default(), turns: Semaphore::new(OPEN_REVIEWS) }
    }

    pub(super) async fn check(&self, identity: &Identity, attributes: Attributes<'_>) -> Result<(), Denied> {
        if identity.groups.iter().any(|group| group == MASTERS) {
            return Ok(());
        }
        let spec = spec(identity, attributes);
        // A spec is maps of texts, which are always JSON.
        let digest = Sha256::digest(serde_json::to_vec(&spec).unwrap_or_default()).into();
        let known = self.known.lock().get(&digest, Instant::now());
        let decision = match known {
            Some(decision) => decision,
            None => {
                let decision = self.review(spec).await?;
                self.known.lock().put(digest, decision.clone(), Instant::now());
                decision
            }
        };
        match decision {
            Decision::Allowed => Ok(()),
            Decision::Forbidden(reason) => Err(Denied::Forbidden(forbidden(identity, attributes, &reason))),
        }
    }

    async fn review(&self, spec: SubjectAccessReviewSpec) -> Result<Decision, Denied> {
        let busy = || Denied::Unavailable("too many requests wait for their authorization".to_owned());
        let _turn = timeout(WAIT, self.turns.acquire()).await.ok().and_then(Result::ok).ok_or_else(busy)?;
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let answered = request::create(&self.client, &review).await.map_err(|error| {
            let (NoReview::NotAllowed(text) | NoReview::Unreachable(text)) = error;
            Denied::Unavailable(format!("the API server did not authorize the request: {text}"))
        })?;
        let SubjectAccessReviewStatus { allowed, denied, reason, .. } = answered.status.unwrap_or_default();
        Ok(if allowed && denied != Some(true) {
            Decision::Allowed
        } else {
            Decision::Forbidden(reason.unwrap_or_default())
        })
    }
}

fn spec(identity: &Identity, attributes: Attributes<'_>) -> SubjectAccessReviewSpec {
    let Identity { user, uid, groups, extra } = identity.clone();
    let Attributes { verb, resource, namespace, name } = attributes;
    let attributes = ResourceAttributes {
        group: Some(GROUP.to_owned()),
        version: Some(VERSION.to_owned()),
        resource: Some(resource.plural.to_owned()),
        verb: Some(verb.name().to_owned()),
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    SubjectAccessReviewSpec {
        user: Some(user),
        uid,
        groups: Some(groups),
        extra: Some(extra),
        resource_attributes: Some(attributes),
        non_resource_attributes: None,
    }
}

/// As kube-apiserver says it.
fn forbidden(identity: &Identity, attributes: Attributes<'_>, reason: &str) -> String {
    let Attributes { verb, resource, namespace, .. } = attributes;
    let place = namespace
        .map_or_else(|| "at the cluster scope".to_owned(), |namespace| format!("in the namespace {namespace:?}"));
    let (user, plural, verb) = (&identity.user, resource.plural, verb.name());
    let text = format!("User {user:?} cannot {verb} resource {plural:?} in API group {GROUP:?} {place}");
    if reason.is_empty() { text } else { format!("{text}: {reason}") }
}

#[cfg(test)]
mod tests;
