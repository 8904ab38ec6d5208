//! The pod of a cgroup, by the names of its directories where a kubelet has made them.

#[cfg(test)]
mod tests;

use super::kubelet::{KubeletCgroups, is_pods_anywhere};
use super::recent::Recent;
use crate::record::Monotonic;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Most cgroups that are remembered, more than a node runs; an entry is below 150 bytes.
const MAX_CGROUPS: usize = 65_536;

/// What the directory names of a cgroup mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Named {
    /// A pod, by the shape of its UID.
    Pod(Box<str>),
    /// A pod if one of this UID is known; else the name only looks like one.
    Perhaps(Box<str>),
    NoPod,
    /// It is not in this node's tree: of another node that shares the kernel, or nested too deep. Or it is another kubelet's pod, in a
    /// tree that several share.
    Outside,
}

impl Named {
    /// Reads names, from the root of the tree on.
    pub(crate) fn of(kubelet: &KubeletCgroups, names: &[&str]) -> Self {
        match kubelet.pod_uid(names) {
            Some(uid) if is_uid(&uid) => Self::Pod(uid.into()),
            Some(uid) => Self::Perhaps(uid.into()),
            None if is_pods_anywhere(names) => Self::Outside,
            None => Self::NoPod,
        }
    }

    pub(super) fn uid(&self) -> Option<&str> {
        match self {
            Self::Pod(uid) | Self::Perhaps(uid) => Some(uid),
            Self::NoPod | Self::Outside => None,
        }
    }
}

/// A UUID, or the 32 hexadecimal digits that kubelet gives to static pods.
fn is_uid(text: &str) -> bool {
    let has_shape = |(at, byte): (usize, u8)| match (text.len(), at) {
        (36, 8 | 13 | 18 | 23) => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    matches!(text.len(), 32 | 36) && text.bytes().enumerate().all(has_shape)
}

#[derive(Debug)]
struct Cgroup {
    named: Named,
    /// Since when a connection waits for the operator's update with its pod.
    wanted: Option<Monotonic>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedCgroup<'a> {
    cgroup: u64,
    named: Cow<'a, Named>,
}

/// Cgroups by inode.
#[derive(Debug)]
pub(super) struct Cgroups {
    known: Recent<u64, Cgroup>,
    pub(super) evicted: u64,
}

impl Cgroups {
    pub(super) fn new() -> Self {
        Self { known: Recent::new(MAX_CGROUPS), evicted: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn name(&mut self, cgroup: u64, named: Named) {
        let wanted = self.known.remove(&cgroup).filter(|old| old.named == named).and_then(|old| old.wanted);
        self.evicted += u64::from(self.known.insert(cgroup, Cgroup { named, wanted }).is_some());
    }

    /// The cgroup of this turn, or of the first one after it, and the next turn. A wait for its pod is not saved: it begins anew.
    pub(super) fn save(&self, at: u64) -> Option<(SavedCgroup<'_>, u64)> {
        let (turn, cgroup, known) = self.known.since(at)?;
        Some((SavedCgroup { cgroup: *cgroup, named: Cow::Borrowed(&known.named) }, turn + 1))
    }

    pub(super) fn restore(&mut self, saved: SavedCgroup<'_>) {
        self.name(saved.cgroup, saved.named.into_owned());
    }

    /// `None`: the kernel has not named it yet.
    pub(super) fn named(&mut self, cgroup: u64) -> Option<&Named> {
        self.known.get(&cgroup).map(|known| &known.named)
    }

    /// Since when the connections of this cgroup wait for its pod: they share one timeout.
    pub(super) fn wanted_since(&mut self, cgroup: u64, now: Monotonic) -> Monotonic {
        self.known.peek_mut(&cgroup).map_or(now, |known| *known.wanted.get_or_insert(now))
    }
}
