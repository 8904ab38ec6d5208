//! Why a stream is refused: a text for the probe's log and a label for the counter. Never the token itself.

use tonic::{Code, Status};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "no token: send `authorization: Bearer` and a ServiceAccount token with audience longwire-operator (--operator-token)"
    )]
    NoToken,
    /// Without a request to the API server.
    #[error("the token is invalid: {0}")]
    Invalid(String),
    #[error("the API server does not accept the token: {0}")]
    Rejected(String),
    #[error("token expired")]
    Expired,
    #[error("the token is of {found}, and only {expected} may connect")]
    OtherAccount { found: String, expected: String },
    #[error("the token is not bound to a pod: mount a projected one with audience longwire-operator")]
    NotBound,
    #[error("pod {0} is not known to be alive")]
    PodGone(String),
    #[error("the token is of a pod of node {found}, and hello says node {hello}")]
    OtherNode { found: String, hello: String },
    #[error("the new token is that of another pod than the stream's")]
    OtherPod,
    #[error("this operator has not listed all pods yet")]
    NotSynced,
    #[error("too many tokens wait for the API server: try again")]
    Busy,
    #[error("tokens cannot be verified now: {0}")]
    Unverifiable(String),
}

impl Refusal {
    /// For the counter.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Invalid(_) => "invalid",
            Self::Rejected(_) => "rejected",
            Self::Busy => "busy",
            Self::Expired => "expired",
            Self::OtherAccount { .. } => "other_account",
            Self::NotBound => "not_bound",
            Self::PodGone(_) => "pod_gone",
            Self::OtherNode { .. } => "other_node",
            Self::OtherPod => "other_pod",
            Self::NotSynced => "not_synced",
            Self::Unverifiable(_) => "unverifiable",
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::NoToken | Refusal::Invalid(_) | Refusal::Rejected(_) | Refusal::Expired => Code::Unauthenticated,
            Refusal::OtherAccount { .. }
            | Refusal::NotBound
            | Refusal::PodGone(_)
            | Refusal::OtherNode { .. }
            | Refusal::OtherPod => Code::PermissionDenied,
            Refusal::NotSynced | Refusal::Busy | Refusal::Unverifiable(_) => Code::Unavailable,
        };
        Self::new(code, refusal.to_string())
    }
}
