//! The claims of a ServiceAccount token, and what remains of them once it is verified.

use super::Refusal;
use crate::cluster::tls::UnixSeconds;
use crate::index::probes::Account;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// A token counts no longer than this without being looked at again.
pub(super) const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// A token whose signature, audience and expiry have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub username: String,
    /// Pod that it is bound to.
    pub pod: Option<String>,
    /// Until when it is valid, by the monotonic clock.
    pub until: Instant,
}

/// Body of the token; believed only after its signature.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    pub sub: String,
    pub exp: UnixSeconds,
    pub(crate) iat: Option<UnixSeconds>,
    /// The audience.
    pub aud: Option<Audiences>,
    #[serde(rename = "kubernetes.io")]
    pub kubernetes: Option<Bound>,
}

/// One or several, as JSON Web Tokens have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audiences {
    One(String),
    Several(Vec<String>),
}

/// What Kubernetes binds a projected token to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Bound {
    pub namespace: String,
    pub serviceaccount: Named,
    pub pod: Option<Named>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Named {
    pub name: String,
    pub uid: String,
}

impl Verified {
    /// The pod that the token is bound to, if it is one of this account and the token has not expired.
    pub(crate) fn pod_of(&self, account: &Account, now: Instant) -> Result<&str, Refusal> {
        if now >= self.until {
            return Err(Refusal::Expired);
        }
        if self.username != account.to_string() {
            let (found, expected) = (self.username.clone(), account.to_string());
            return Err(Refusal::OtherAccount { found, expected });
        }
        self.pod.as_deref().ok_or(Refusal::NotBound)
    }
}

/// How long a token that expires at `exp` still counts.
pub(super) fn left(exp: UnixSeconds, iat: Option<UnixSeconds>, wall: Duration) -> Duration {
    let life = iat.map_or(MAX_LIFETIME, |issued| Duration::from_secs(exp.saturating_sub(issued)));
    Duration::from_secs(exp).saturating_sub(wall).min(life).min(MAX_LIFETIME)
}

impl Audiences {
    pub(super) fn have(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl Claims {
    #[must_use]
    pub(crate) fn is_for(&self, audience: &str) -> bool {
        self.aud.as_ref().is_some_and(|audiences| audiences.have(audience))
    }

    /// How long it is still good for, where `wall` is the time since 1970: never longer than it was made for, however slow the
    /// clock is. Zero when by this clock it has expired.
    #[must_use]
    pub(super) fn left(&self, wall: Duration) -> Duration {
        left(self.exp, self.iat, wall)
    }

    /// Both places that name the account must agree; a token in which they do not is refused.
    #[must_use]
    pub(super) fn verified(self, wall: Duration, now: Instant) -> Verified {
        let until = now + self.left(wall);
        let Self { sub, kubernetes, .. } = self;
        let bound = kubernetes.filter(|bound| {
            let Bound { namespace, serviceaccount, .. } = bound;
            sub == Account { namespace: namespace.clone(), name: serviceaccount.name.clone() }.to_string()
        });
        Verified { username: sub, pod: bound.and_then(|bound| bound.pod).map(|pod| pod.uid), until }
    }
}
