//! The API server's review of a token.

use super::claims::{Claims, Verified};
use super::request::{NoReview, create};
use super::{Refusal, wall};
use jsonwebtoken::dangerous::insecure_decode_claims;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus};
use kube::Client;
use longwire_crds::names::CONTROL_AUDIENCE;
use std::time::{Duration, Instant};

/// Pod that a token is bound to, among what the API server knows of its user.
const POD_UID: &str = "authentication.kubernetes.io/pod-uid";
/// Validity of a token that the API server accepts although it has expired by this machine's clock. Its probe then
/// reconnects once a minute.
pub(super) const DOUBTFUL: Duration = Duration::from_secs(60);
/// Characters of the API server's error that a probe is sent.
const WARNING: usize = 256;

/// The outcome of a review.
#[derive(Debug)]
pub(super) enum Answer {
    Verified(Verified),
    Refused(Refusal),
    /// The API server did not answer: use another way.
    Unreachable(String),
}

pub(super) async fn review(client: &Client, token: &str) -> Answer {
    match review_for(client, token, Some(CONTROL_AUDIENCE)).await {
        Ok(status) => judge(status, token),
        Err(NoReview::NotAllowed(text)) => Answer::Refused(Refusal::Unverifiable(text)),
        Err(NoReview::Unreachable(text)) => Answer::Unreachable(text),
    }
}

/// `None`: for the API server itself.
pub(super) async fn review_for(
    client: &Client,
    token: &str,
    audience: Option<&str>,
) -> Result<TokenReviewStatus, NoReview> {
    let audiences = audience.map(|audience| vec![audience.to_owned()]);
    let spec = TokenReviewSpec { token: Some(token.to_owned()), audiences };
    let answered = create(client, &TokenReview { spec, ..TokenReview::default() }).await?;
    Ok(answered.status.unwrap_or_default())
}

/// The API server's error about a token that it does not accept.
pub(super) fn warning(error: Option<String>) -> String {
    error.unwrap_or_else(|| "not authenticated".to_owned()).chars().take(WARNING).collect()
}

fn judge(status: TokenReviewStatus, token: &str) -> Answer {
    let TokenReviewStatus { authenticated, audiences, error, user } = status;
    if authenticated != Some(true) {
        return Answer::Refused(Refusal::Rejected(warning(error)));
    }
    // An API server without support for audiences would accept a token for another audience.
    if !audiences.iter().flatten().any(|audience| audience == CONTROL_AUDIENCE) {
        return Answer::Refused(Refusal::Rejected(format!("it is not for audience {CONTROL_AUDIENCE}")));
    }
    let user = user.unwrap_or_default();
    // Its signature is verified by now.
    let Ok(claims) = insecure_decode_claims::<Claims>(token) else {
        return Answer::Refused(Refusal::Rejected("it is not a ServiceAccount token".to_owned()));
    };
    let until = Instant::now() + good_for(&claims, wall());
    let pod = user.extra.and_then(|mut extra| extra.remove(POD_UID)).and_then(|uids| uids.into_iter().next());
    Answer::Verified(Verified { username: user.username.unwrap_or_default(), pod, until })
}

/// By this clock, which is ahead, it has expired; the API server has just accepted it, and reviews it again soon.
pub(super) fn good_for(claims: &Claims, wall: Duration) -> Duration {
    Some(claims.left(wall)).filter(|left| !left.is_zero()).unwrap_or(DOUBTFUL)
}
