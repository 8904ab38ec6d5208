//! What the cluster said.

use longwire_live::Probe;
use serde::Serialize;

#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) operator: Part<Operator>,
    pub(super) leader: Part<Leader>,
    pub(super) probes: Probes,
}

/// The same, a moment before.
#[derive(Clone, Debug)]
pub(super) struct Earlier {
    pub(super) found: Found,
    pub(super) seconds: u64,
}

/// An object that the user may not be allowed to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<T> {
    Known(T),
    Absent,
    Hidden,
}

impl<T> Part<T> {
    pub(super) fn known(&self) -> Option<&T> {
        match self {
            Self::Known(it) => Some(it),
            Self::Absent | Self::Hidden => None,
        }
    }
}

/// Of the operator's Deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Operator {
    pub(super) replicas: i32,
    pub(super) ready: i32,
}

/// Of the Lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Leader {
    /// The replica that holds it.
    pub(super) holder: Option<String>,
    /// By this machine's clock.
    pub(super) renewed_seconds_ago: Option<i64>,
    pub(super) lease_seconds: i32,
}

#[derive(Clone, Debug)]
pub(super) enum Probes {
    Known(Vec<Probe>),
    /// The API is registered and does not answer; why.
    Unavailable(String),
}
