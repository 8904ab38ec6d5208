//! The interval in which one object owned one address, and the owners of an address as probes are sent them.
//!
//! An address that Kubernetes assigned belongs to that object, whatever another object or an observation says. A pod that was
//! only observed to send from the address ranks after the intervals that are known to have ended. Services that share an
//! address are distinguished by their ports.

use super::claims;
use super::observations::{Ownership, Right};
use crate::source::object;
use longwire_model::identity::{Frontend, Owner, OwnerKind, UnixNanos};

#[derive(Clone, Debug)]
pub(super) struct OwnershipInterval {
    pub(super) kind: OwnerKind,
    pub(super) right: Right,
    /// From the object, to the second; 0: unknown.
    pub(super) started: UnixNanos,
    /// When it was first observed to send from the address.
    pub(super) observed: Option<UnixNanos>,
    pub(super) left: Option<Left>,
    /// When its node's kernel observed another pod at the address and no process of this one was left.
    pub(super) vacated: Option<UnixNanos>,
}

/// When an owner left its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// No later than this.
    pub(super) at: UnixNanos,
    /// And no earlier: its object's times are seconds, cut.
    pub(super) earliest: UnixNanos,
}

/// An interval that no stronger right overrides.
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

    /// When the pod's last process ended. Its status has whole seconds, rounded down.
    pub(super) fn of(pod: &object::Pod, now: UnixNanos) -> Self {
        const SECOND: UnixNanos = 1_000_000_000;
        match pod.finished {
            0 => Self::at(now),
            finished => Self { at: finished.saturating_add(SECOND).min(now), earliest: finished.min(now) },
        }
    }
}

/// Owners as probes are sent them, and how many are left out.
pub(super) fn owners<'a>(intervals: impl Iterator<Item = &'a OwnershipInterval>) -> (Vec<Owner>, usize) {
    let (claims, held): (Vec<_>, Vec<_>) = intervals.partition(|interval| interval.is_claim());
    let counted: Vec<Counted<'_>> = held.iter().filter_map(|interval| interval.among(held.iter().copied())).collect();
    let mut owners: Vec<Owner> = counted.iter().map(|one| one.owner(&counted)).collect();
    // A node's address can be a Service's as well, at its ports: what becomes of a connection to it the node decides.
    let mut silent_until = Some(0);
    for stronger in held.iter().filter(|held| !matches!(held.kind, OwnerKind::Node(_))) {
        silent_until = silent_until.zip(stronger.end()).map(|(until, end)| end.max(until));
    }
    let Some(after) = silent_until else { return (owners, 0) };
    let (claiming, left_out) = claims::owners(claims, after);
    owners.extend(claiming);
    (owners, left_out)
}

impl OwnershipInterval {
    pub(super) fn new(kind: &OwnerKind, ownership: &Ownership, left: Option<Left>) -> Self {
        let Ownership { right, started, observed, address: _ } = *ownership;
        Self { kind: kind.clone(), right, started, observed, left, vacated: None }
    }

    /// `None`: another owner has the address by a stronger right, or had it during the whole interval.
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

    /// Other Services may have the same address, at other ports.
    fn is_claim(&self) -> bool {
        self.right <= Right::LoadBalancer
    }

    /// It was observed when the other may have been gone.
    fn follows(&self, other: &Self) -> bool {
        let gone = other.left.map(|left| left.earliest).into_iter().chain(other.vacated).min();
        self.observed.zip(gone).is_some_and(|(observed, gone)| observed >= gone) || self.takes_over(other)
    }

    /// A node assigns an address to one pod at a time, and the API server learns of it seconds later: of two pods of a node
    /// that were observed at one address, the later one owns it.
    fn takes_over(&self, other: &Self) -> bool {
        let is_of_one_node = || self.node().is_some_and(|node| other.node() == Some(node));
        self.observed > Some(other.began()) && is_of_one_node()
    }

    pub(super) fn end(&self) -> Option<UnixNanos> {
        self.left.map(|left| left.at).into_iter().chain(self.vacated).min()
    }

    pub(super) fn began(&self) -> UnixNanos {
        self.observed.unwrap_or(self.started)
    }

    pub(super) fn node(&self) -> Option<&str> {
        match &self.kind {
            OwnerKind::Pod(pod) => Some(pod.place.node.as_str()).filter(|node| !node.is_empty()),
            _ => None,
        }
    }
}

impl Counted<'_> {
    /// For the only owner of an address whole seconds suffice: then nothing changes when it is observed.
    fn owner(&self, all: &[Counted<'_>]) -> Owner {
        let Self { interval, after } = *self;
        let observed = interval.observed.filter(|observed| all.len() > 1 && *observed >= after);
        let successors = all.iter().map(|other| other.interval).filter(|other| other.follows(interval));
        let successors = successors.filter_map(|other| other.observed).filter(|since| *since > interval.began());
        let kind = match &interval.kind {
            OwnerKind::Service(frontend) => OwnerKind::Service(Frontend { ports: [].into(), ..frontend.clone() }),
            kind => kind.clone(),
        };
        Owner {
            kind,
            from: observed.unwrap_or(interval.started).max(after),
            until: successors.chain(interval.end()).min(),
            observed: observed.is_some(),
        }
    }
}
