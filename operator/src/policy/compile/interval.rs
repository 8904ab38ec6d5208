//! What is known of one holder at one address, and what of it probes are told beside the others.
//!
//! Whoever has an address by the word of Kubernetes has it, whatever anybody else's object or socket says. A pod that was only
//! seen to speak from there comes after those who are known to be gone. Services that share an address are told by their ports.

use super::claims;
use super::sightings::{Ownership, Right};
use crate::source::object;
use longwire_model::identity::{Frontend, Holder, Owner, UnixNanos};

#[derive(Clone, Debug)]
pub(super) struct OwnershipInterval {
    pub(super) holder: Holder,
    pub(super) right: Right,
    /// As the object says it, to the second; 0: since ever.
    pub(super) started: UnixNanos,
    /// When it first spoke from there.
    pub(super) sighted: Option<UnixNanos>,
    pub(super) left: Option<Left>,
    /// When the kernel of its node saw another speak from there and no process of this one was left.
    pub(super) vacated: Option<UnixNanos>,
}

/// The end of a holder at its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// No later than this.
    pub(super) at: UnixNanos,
    /// And no earlier: its object's times are seconds, cut.
    pub(super) earliest: UnixNanos,
}

/// A tenure that no stronger right silences.
#[derive(Clone, Copy, Debug)]
struct Counted<'a> {
    interval: &'a OwnershipInterval,
    /// A stronger right was in force until then; 0: none.
    after: UnixNanos,
}

impl Left {
    pub(super) fn at(at: UnixNanos) -> Self {
        Self { at, earliest: at }
    }

    /// When nothing of the pod spoke any more. Its status says it to the second, cut.
    pub(super) fn of(pod: &object::Pod, now: UnixNanos) -> Self {
        const SECOND: UnixNanos = 1_000_000_000;
        match pod.finished {
            0 => Self::at(now),
            finished => Self { at: finished.saturating_add(SECOND).min(now), earliest: finished.min(now) },
        }
    }
}

/// Owners as probes are told of them, and how many are left out.
pub(super) fn owners<'a>(intervals: impl Iterator<Item = &'a OwnershipInterval>) -> (Vec<Owner>, usize) {
    let (claims, held): (Vec<_>, Vec<_>) = intervals.partition(|interval| interval.is_claim());
    let counted: Vec<Counted<'_>> = held.iter().filter_map(|interval| interval.among(held.iter().copied())).collect();
    let mut owners: Vec<Owner> = counted.iter().map(|one| one.told(&counted)).collect();
    // A node's address can be a Service's as well, at its ports: what becomes of a connection to it the node decides.
    let mut silent_until = Some(0);
    for stronger in held.iter().filter(|held| !matches!(held.holder, Holder::Node(_))) {
        silent_until = silent_until.zip(stronger.end()).map(|(until, end)| end.max(until));
    }
    let Some(after) = silent_until else { return (owners, 0) };
    let (claiming, left_out) = claims::owners(claims, after);
    owners.extend(claiming);
    (owners, left_out)
}

impl OwnershipInterval {
    pub(super) fn new(holder: &Holder, ownership: &Ownership, left: Option<Left>) -> Self {
        let Ownership { right, started, sighted, address: _ } = *ownership;
        Self { holder: holder.clone(), right, started, sighted, left, vacated: None }
    }

    /// `None`: another has the address by a stronger right, or had it for as long as this one was there.
    fn among<'a>(&'a self, all: impl Iterator<Item = &'a Self>) -> Option<Counted<'a>> {
        let mut after = 0;
        for stronger in all.filter(|other| other.right > self.right && !self.takes_over(other)) {
            let end = stronger.end()?;
            if !self.follows(stronger) {
                after = end.max(after);
            }
        }
        let is_over = after > 0 && self.end().is_some_and(|end| end <= after);
        (!is_over).then_some(Counted { interval: self, after })
    }

    /// Others may have the same address, at other ports.
    fn is_claim(&self) -> bool {
        self.right <= Right::LoadBalancer
    }

    /// It spoke when the other can have been gone.
    fn follows(&self, other: &Self) -> bool {
        let gone = other.left.map(|left| left.earliest).into_iter().chain(other.vacated).min();
        self.sighted.zip(gone).is_some_and(|(sighted, gone)| sighted >= gone) || self.takes_over(other)
    }

    /// One node gives an address to one pod at a time, and the API server is seconds late to say who has it: of two pods of a
    /// node that spoke from one address the later one has it.
    fn takes_over(&self, other: &Self) -> bool {
        let is_of_one_node = || self.node().is_some_and(|node| other.node() == Some(node));
        self.sighted > Some(other.began()) && is_of_one_node()
    }

    pub(super) fn end(&self) -> Option<UnixNanos> {
        self.left.map(|left| left.at).into_iter().chain(self.vacated).min()
    }

    pub(super) fn began(&self) -> UnixNanos {
        self.sighted.unwrap_or(self.started)
    }

    pub(super) fn node(&self) -> Option<&str> {
        match &self.holder {
            Holder::Pod(pod) => Some(pod.place.node.as_str()).filter(|node| !node.is_empty()),
            _ => None,
        }
    }
}

impl Counted<'_> {
    /// To one that is alone at its address, seconds will do: then nothing changes when it speaks.
    fn told(&self, all: &[Counted<'_>]) -> Owner {
        let Self { interval, after } = *self;
        let sighted = interval.sighted.filter(|sighted| all.len() > 1 && *sighted >= after);
        let successors = all.iter().map(|other| other.interval).filter(|other| other.follows(interval));
        let successors = successors.filter_map(|other| other.sighted).filter(|since| *since > interval.began());
        let holder = match &interval.holder {
            Holder::Service(frontend) => Holder::Service(Frontend { ports: [].into(), ..frontend.clone() }),
            holder => holder.clone(),
        };
        Owner {
            holder,
            from: sighted.unwrap_or(interval.started).max(after),
            until: successors.chain(interval.end()).min(),
            sighted: sighted.is_some(),
        }
    }
}
