//! Checks the form and the claims of a token. Nothing is verified here, so these checks can refuse a token but not admit one.

use super::Refusal;
use super::claims::Claims;
use crate::index::probes::Account;
use jsonwebtoken::dangerous::insecure_decode_claims;
use longwire_crds::names::CONTROL_AUDIENCE;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Of a token, bytes; the API server's are below 2 KiB.
const MAX_TOKEN_BYTES: usize = 8 << 10;
/// How far this machine's clock may be ahead of the API server's, which decides. A token that has expired for longer is
/// refused without a review.
const CLOCKS: Duration = Duration::from_secs(24 * 3600);

/// Returns the UID of the pod that the token claims to be bound to. `wall` is the time since 1970.
pub(super) fn precheck(token: &str, account: &Account, wall: Duration) -> Result<String, Refusal> {
    let invalid = |text: &str| Err(Refusal::Invalid(text.to_owned()));
    if token.len() > MAX_TOKEN_BYTES {
        return invalid(&format!("it is longer than {MAX_TOKEN_BYTES} bytes"));
    }
    if !is_shaped(token) {
        return invalid("it is not three parts of base64url with dots between");
    }
    let Ok(claims) = insecure_decode_claims::<Claims>(token) else {
        return invalid("it is not a ServiceAccount token");
    };
    if !claims.is_for(CONTROL_AUDIENCE) {
        return invalid(&format!("it is not for audience {CONTROL_AUDIENCE}"));
    }
    if Duration::from_secs(claims.exp).saturating_add(CLOCKS) < wall {
        return invalid("it expired more than a day ago");
    }
    let expected = account.to_string();
    if claims.sub != expected {
        return Err(Refusal::OtherAccount { found: claims.sub, expected });
    }
    let pod = claims.kubernetes.and_then(|bound| bound.pod);
    pod.map(|pod| pod.uid).ok_or(Refusal::NotBound)
}

fn is_shaped(token: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    token.split('.').count() == 3 && token.split('.').all(is_part)
}
