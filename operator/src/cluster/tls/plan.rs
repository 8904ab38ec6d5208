//! What to do with the certificates there are, at this time. Pure.
//!
//! A new authority is published before anything is signed by it: for the time that a ConfigMap needs to reach every probe the
//! old one's certificate is served. The old authority stays published until the last certificate it signed has expired.

use super::UnixSeconds;
use super::certificate::BACKDATED;

/// Of what is made, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    pub leaf: u64,
    pub authority: u64,
    /// How long a new authority needs until every probe trusts it.
    pub spread: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) issued: UnixSeconds,
    pub expires: UnixSeconds,
}

/// What the plan looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Newest first.
    pub(crate) authorities: Vec<Validity>,
    pub(crate) leaf: Validity,
    /// Which of the authorities signed the leaf.
    pub(crate) signed_by: Option<usize>,
    /// The leaf is for the names that probes verify.
    pub(crate) names_fit: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All is well until then.
    Keep { until: UnixSeconds },
    /// A new leaf by the newest authority.
    RenewLeaf,
    /// A new authority, and a leaf by the one before to bridge the time until it is known.
    RenewAuthority,
    /// A new authority and a leaf by it: nothing that probes trust is of use any more.
    StartOver,
    /// Of the authorities only so many, the newest, are still needed.
    Forget { keep: usize },
}

impl Step {
    /// For the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep { .. } => "nothing",
            Self::RenewLeaf => "a new server certificate",
            Self::RenewAuthority => "a new authority, which signs when every probe knows it",
            Self::StartOver => "a new authority and a new server certificate",
            Self::Forget { .. } => "authorities that nothing needs any more go",
        }
    }
}

impl Validity {
    /// Two thirds of its life are over: a third is left for whatever keeps the renewal from happening.
    fn due(self) -> UnixSeconds {
        self.issued + self.expires.saturating_sub(self.issued) * 2 / 3
    }
}

#[must_use]
pub(crate) fn plan(held: &Held, lifetimes: Lifetimes, now: UnixSeconds) -> Step {
    let Some(newest) = held.authorities.first().filter(|newest| now < newest.expires) else { return Step::StartOver };
    if now >= newest.due() {
        return Step::RenewAuthority;
    }
    let known = newest.issued + lifetimes.spread;
    let switch = match held.signed_by {
        Some(0) => held.leaf.due(),
        Some(_) => held.leaf.due().min(known),
        None => now,
    };
    // Made while the clock of a replica was far ahead: no probe with a right clock trusts it yet.
    let is_early = now + BACKDATED < held.leaf.issued;
    if now >= switch || is_early || !held.names_fit {
        return Step::RenewLeaf;
    }
    // The last leaf of an older authority was made before the newest was known everywhere.
    let last_leaf = known + lifetimes.leaf;
    let forgotten = |authority: &Validity| authority.expires.min(last_leaf);
    let needed = |(place, authority): (usize, &Validity)| {
        place == 0 || held.signed_by == Some(place) || now < forgotten(authority)
    };
    let keep = 1 + held.authorities.iter().enumerate().rposition(needed).unwrap_or(0);
    if keep < held.authorities.len() {
        return Step::Forget { keep };
    }
    let expiries = held.authorities.iter().skip(1).map(forgotten).filter(|at| now < *at);
    let until = expiries.fold(newest.due().min(switch), UnixSeconds::min);
    Step::Keep { until }
}
