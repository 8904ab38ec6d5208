//! The API server's word on a token.

use super::claims::{Claims, Verified};
use super::{AUDIENCE, PATIENCE, Refusal, wall};
use jsonwebtoken::dangerous::insecure_decode_claims;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus};
use kube::api::PostParams;
use kube::{Api, Client};
use std::time::{Duration, Instant};

/// Pod that a token is bound to, among what the API server knows of its user.
const POD_UID: &str = "authentication.kubernetes.io/pod-uid";
/// How long a token counts of which this machine's clock says that it has expired: its probe comes again once a minute then.
const DOUBTFUL: Duration = Duration::from_secs(60);
/// Of its complaint, in characters, that a probe is told.
const COMPLAINT: usize = 256;

/// What came of the question.
#[derive(Debug)]
pub(super) enum Answer {
    Verified(Verified),
    Refused(Refusal),
    /// Nobody there who could say: another way has to be found.
    Unreachable(String),
}

pub(super) async fn review(client: &Client, token: &str) -> Answer {
    let audiences = Some(vec![AUDIENCE.to_owned()]);
    let spec = TokenReviewSpec { token: Some(token.to_owned()), audiences };
    let question = TokenReview { spec, ..TokenReview::default() };
    let api: Api<TokenReview> = Api::all(client.clone());
    match tokio::time::timeout(PATIENCE, api.create(&PostParams::default(), &question)).await {
        Err(_) => Answer::Unreachable(format!("no answer to a TokenReview within {PATIENCE:?}")),
        Ok(Ok(answered)) => judge(answered.status.unwrap_or_default(), token),
        Ok(Err(kube::Error::Api(status))) if status.code < 500 && status.code != 429 => {
            let text = format!("TokenReview: {}; may the operator create tokenreviews?", status.message);
            Answer::Refused(Refusal::Unverifiable(text))
        }
        Ok(Err(error)) => Answer::Unreachable(error.to_string()),
    }
}

fn judge(status: TokenReviewStatus, token: &str) -> Answer {
    let TokenReviewStatus { authenticated, audiences, error, user } = status;
    if authenticated != Some(true) {
        let complaint = error.unwrap_or_else(|| "not authenticated".to_owned());
        return Answer::Refused(Refusal::Rejected(complaint.chars().take(COMPLAINT).collect()));
    }
    // One that does not know of audiences would accept a token that is for another.
    if !audiences.iter().flatten().any(|audience| audience == AUDIENCE) {
        return Answer::Refused(Refusal::Rejected(format!("it is not for audience {AUDIENCE}")));
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

/// By a clock that is ahead it has expired; the API server has just said that it has not, and is asked again soon.
pub(super) fn good_for(claims: &Claims, wall: Duration) -> Duration {
    Some(claims.left(wall)).filter(|left| !left.is_zero()).unwrap_or(DOUBTFUL)
}
