//! Who may read metrics: the API server names the user of a token (TokenReview) and decides whether that user may get the
//! non-resource URL /metrics (SubjectAccessReview).
//!
//! ```text
//! node's probe, own page --Readers (what is known)--> Reviewer --precheck, rates, signature, turns--> TokenReview --> SubjectAccessReview
//! ```
//!
//! These requests have turns of their own, so that tokens of readers, valid or not, delay no probe's stream. A node, or a
//! source at the operator's own page, has rates of its own, so that bogus tokens at one probe cost no other one's readers anything.
//!
//! There is no substitute for the API server here: while it is away there is no decision, and the page keeps the readers that
//! it has admitted.

mod claims;
#[cfg(test)]
mod tests;

use super::Keys;
use super::keys::Signature;
use super::rates::Rates;
use super::request::{NoReview, create};
use super::review::{review_for, warning};
use super::turns::Turns;
use super::wall;
use crate::cluster::bucket::Rate;
use claims::{Token, precheck};
use k8s_openapi::api::authentication::v1::UserInfo;
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec, SubjectAccessReviewStatus,
};
use kube::Client;
use longwire_crds::names::METRICS_AUDIENCE;
use longwire_endpoint::readers::{Authorizer, Deciding, Decision, ReaderLimits};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Decisions that the operator keeps for probes. They expire soon, because probes keep them too, and a revoked permission
/// must end soon.
pub(crate) const LIMITS_OF_PROBES: ReaderLimits = ReaderLimits {
    admitted: Duration::from_secs(10),
    admitted_tokens: 1_024,
    refused_tokens: 4_096,
    open_requests: 256,
    ..ReaderLimits::PAGE
};
/// The permission, for every page of metrics.
const PATH: &str = "/metrics";
const VERB: &str = "get";
/// Tokens of a node that are verified, and those that are not known to be signed by the API server.
const OF_NODE: Rate = Rate { per_second: 20, burst: 40 };
const UNSIGNED: Rate = Rate { per_second: 2, burst: 10 };

/// Decides by TokenReview and SubjectAccessReview.
pub(crate) struct Reviewer {
    client: Client,
    keys: Keys,
    turns: Turns,
    checked: Rates,
    unsigned: Rates,
}

impl fmt::Debug for Reviewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reviewer").finish_non_exhaustive()
    }
}

impl Authorizer for Reviewer {
    fn authorize(self: Arc<Self>, from: Arc<str>, token: String) -> Deciding {
        Box::pin(async move { self.decide(&from, &token).await.unwrap_or_else(|decision| decision) })
    }
}

impl Reviewer {
    #[must_use]
    pub(crate) fn new(client: Client, keys: Keys) -> Arc<Self> {
        let (checked, unsigned) = (Rates::new(OF_NODE), Rates::new(UNSIGNED));
        Arc::new(Self { client, keys, turns: Turns::new(Instant::now()), checked, unsigned })
    }

    /// An error is a decision too: the first refusal.
    async fn decide(&self, from: &str, token: &str) -> Result<Decision, Decision> {
        let claimed = precheck(token, wall()).map_err(Decision::Unauthenticated)?;
        if !self.checked.take(from, Instant::now()) {
            return Err(busy());
        }
        let signed_for = match self.keys.signature(token).await {
            Signature::Good => Some(claimed.subject.as_str()),
            Signature::Bad(text) => return Err(Decision::Unauthenticated(text)),
            Signature::Unknown if self.unsigned.take(from, Instant::now()) => None,
            Signature::Unknown => return Err(busy()),
        };
        let _turn = self.turns.take(signed_for, Instant::now()).await.map_err(|_| busy())?;
        let user = self.user(token, &claimed).await?;
        let name = user.username.clone().unwrap_or_default();
        if self.may_read(user).await? {
            return Ok(Decision::Allowed { valid: claimed.good_for(wall()) });
        }
        Err(Decision::Forbidden(format!(
            "{name} may not {VERB} {PATH}: bind it to a ClusterRole with nonResourceURLs: [\"{PATH}\"] and verbs: \
             [\"{VERB}\"], such as the chart's longwire-metrics-reader"
        )))
    }

    async fn user(&self, token: &str, claimed: &Token) -> Result<UserInfo, Decision> {
        let audience = claimed.is_for_readers.then_some(METRICS_AUDIENCE);
        let status = review_for(&self.client, token, audience).await.map_err(unavailable)?;
        if status.authenticated != Some(true) {
            return Err(Decision::Unauthenticated(warning(status.error)));
        }
        // An API server without support for audiences would accept a token for another audience.
        let is_for = |audience: &str| status.audiences.iter().flatten().any(|known| known == audience);
        if audience.is_some_and(|audience| !is_for(audience)) {
            return Err(Decision::Unauthenticated(format!("it is not for audience {METRICS_AUDIENCE}")));
        }
        let user = status.user.filter(|user| user.username.as_ref().is_some_and(|name| !name.is_empty()));
        user.ok_or_else(|| Decision::Unauthenticated("it has no user".to_owned()))
    }

    async fn may_read(&self, user: UserInfo) -> Result<bool, Decision> {
        let UserInfo { extra, groups, uid, username } = user;
        let url = NonResourceAttributes { path: Some(PATH.to_owned()), verb: Some(VERB.to_owned()) };
        let spec = SubjectAccessReviewSpec {
            extra,
            groups,
            non_resource_attributes: Some(url),
            resource_attributes: None,
            uid,
            user: username,
        };
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let SubjectAccessReviewStatus { allowed, denied, .. } =
            create(&self.client, &review).await.map_err(unavailable)?.status.unwrap_or_default();
        Ok(allowed && denied != Some(true))
    }
}

fn busy() -> Decision {
    Decision::Unavailable("too many tokens wait for the API server".to_owned())
}

fn unavailable(error: NoReview) -> Decision {
    let (NoReview::NotAllowed(text) | NoReview::Unreachable(text)) = error;
    Decision::Unavailable(text)
}
