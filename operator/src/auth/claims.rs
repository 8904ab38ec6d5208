//! What a ServiceAccount token says, and what of it counts once it is verified.

use super::Refusal;
use crate::tls::UnixSeconds;
use serde::Deserialize;
use std::fmt;

/// A ServiceAccount, as the API server names it: `system:serviceaccount:<namespace>:<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub namespace: String,
    pub name: String,
}

/// Of a token whose signature, audience and expiry somebody has looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub username: String,
    /// Pod that it is bound to.
    pub pod: Option<String>,
    pub expires: UnixSeconds,
}

/// Body of the token; believed only after its signature.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub exp: UnixSeconds,
    #[serde(rename = "kubernetes.io")]
    pub kubernetes: Option<Bound>,
}

/// What Kubernetes binds a projected token to.
#[derive(Clone, Debug, Deserialize)]
pub struct Bound {
    pub namespace: String,
    pub serviceaccount: Named,
    pub pod: Option<Named>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    pub name: String,
    pub uid: String,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system:serviceaccount:{}:{}", self.namespace, self.name)
    }
}

impl Verified {
    /// The pod that the token is bound to, if it is one of this account and the token has not expired.
    pub fn pod_of(&self, account: &Account, now: UnixSeconds) -> Result<&str, Refusal> {
        if now >= self.expires {
            return Err(Refusal::Expired);
        }
        if self.username != account.to_string() {
            let (found, expected) = (self.username.clone(), account.to_string());
            return Err(Refusal::OtherAccount { found, expected });
        }
        self.pod.as_deref().ok_or(Refusal::NotBound)
    }
}

impl From<Claims> for Verified {
    /// Both places that name the account must agree; where they do not, it is nobody's.
    fn from(claims: Claims) -> Self {
        let Claims { sub, exp, kubernetes } = claims;
        let bound = kubernetes.filter(|bound| {
            let Bound { namespace, serviceaccount, .. } = bound;
            sub == Account { namespace: namespace.clone(), name: serviceaccount.name.clone() }.to_string()
        });
        Self { username: sub, pod: bound.and_then(|bound| bound.pod).map(|pod| pod.uid), expires: exp }
    }
}
