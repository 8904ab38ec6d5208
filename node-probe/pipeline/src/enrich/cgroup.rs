//! Which pod a cgroup is of, told from the names of its directories.

#[cfg(test)]
mod tests;

use super::recent::Recent;
use crate::record::Monotonic;
use crate::state::{Item, SavedCgroup, Writer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// More than a node runs; an entry is below 150 bytes.
const MOST: usize = 65_536;

/// What the directory names of a cgroup say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Named {
    /// A pod, by the shape of its UID.
    Pod(Box<str>),
    /// A pod if one of this UID is known; else the name only looks like one.
    Perhaps(Box<str>),
    NoPod,
}

impl Named {
    /// Reads names, nearest first. A pod within a pod's cgroup, as kind has it, is the inner one.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut perhaps = Self::NoPod;
        for uid in names.into_iter().filter_map(pod_uid) {
            if is_uid(&uid) {
                return Self::Pod(uid.into());
            }
            if perhaps == Self::NoPod {
                perhaps = Self::Perhaps(uid.into());
            }
        }
        perhaps
    }
}

/// `pod<uid>` of the cgroupfs driver, `kubepods-<class>-pod<uid>.slice` of systemd's, where `_` stands for `-`.
fn pod_uid(name: &str) -> Option<String> {
    let uid = match name.strip_suffix(".slice") {
        Some(slice) if slice.contains("kubepods") => slice.rsplit_once("-pod")?.1.replace('_', "-"),
        Some(_) => return None,
        None => name.strip_prefix("pod")?.to_owned(),
    };
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!uid.is_empty() && uid.bytes().all(is_part)).then_some(uid)
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
    /// Since when a connection waits for its pod to be one of this node's.
    wanted: Option<Monotonic>,
}

/// Cgroups by inode.
#[derive(Debug)]
pub(super) struct Cgroups {
    known: Recent<u64, Cgroup>,
    pub(super) evicted: u64,
}

impl Cgroups {
    pub(super) fn new() -> Self {
        Self { known: Recent::new(MOST), evicted: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn name(&mut self, cgroup: u64, named: Named) {
        let wanted = self.known.remove(&cgroup).filter(|old| old.named == named).and_then(|old| old.wanted);
        self.evicted += u64::from(self.known.insert(cgroup, Cgroup { named, wanted }).is_some());
    }

    /// The cgroup of this turn, or of the first one after it. Who waits for a pod waits anew in a successor.
    pub(super) fn save(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let (turn, cgroup, known) = self.known.since(at)?;
        to.write(&Item::Cgroup(SavedCgroup { cgroup: *cgroup, named: Cow::Borrowed(&known.named) }));
        Some(turn + 1)
    }

    /// `None`: nobody has told yet.
    pub(super) fn named(&mut self, cgroup: u64) -> Option<Named> {
        self.known.get(&cgroup).map(|known| known.named.clone())
    }

    /// Since when the pod of this cgroup is waited for: one wait for all its connections.
    pub(super) fn wanted_since(&mut self, cgroup: u64, now: Monotonic) -> Monotonic {
        self.known.peek_mut(&cgroup).map_or(now, |known| *known.wanted.get_or_insert(now))
    }
}
