//! The budget for the EndpointSlices of one namespace. The oldest are granted, up to the first that does not fit. So a new
//! one never displaces an older one, and the granted ones are known without looking at the others.

use crate::source::object::EndpointSlice;
use longwire_model::identity::UnixNanos;
use longwire_model::limits::MAX_NAMESPACE_SLICE_BYTES;
use std::collections::BTreeMap;
use std::ops::Bound;

#[cfg(test)]
mod tests;

/// The oldest first, then by name.
pub(super) type Rank = (UnixNanos, String);

#[derive(Debug, Default)]
pub(super) struct SliceBudget {
    /// Bytes of each.
    all: BTreeMap<Rank, usize>,
    /// The last that has room; all before it have, and none after it.
    last: Option<Rank>,
    /// Those that have room: how many, and their bytes.
    count: usize,
    taken: usize,
}

/// What a change of one means for the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// Have no room any more.
    pub(super) lost: Vec<Rank>,
    /// Others have room again.
    pub(super) won: bool,
}

impl SliceBudget {
    pub(super) fn rank(slice: &EndpointSlice) -> Rank {
        (slice.created, slice.name.name.clone())
    }

    pub(super) fn has_room(&self, rank: &Rank) -> bool {
        self.last.as_ref().is_some_and(|last| rank <= last)
    }

    pub(super) fn refused(&self) -> usize {
        self.all.len() - self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The slice takes so much from now on.
    pub(super) fn put(&mut self, rank: &Rank, bytes: usize) -> Settled {
        let former = self.all.insert(rank.clone(), bytes);
        if self.has_room(rank) {
            self.count += usize::from(former.is_none());
            self.taken = self.taken - former.unwrap_or(0) + bytes;
        }
        let mut lost = Vec::new();
        while self.taken > MAX_NAMESPACE_SLICE_BYTES
            && let Some(last) = self.last.take()
        {
            self.taken -= self.all[&last];
            self.count -= 1;
            self.last = self.all.range(..&last).next_back().map(|(rank, _)| rank.clone());
            lost.push(last);
        }
        let won = self.extend();
        lost.retain(|lost| lost != rank);
        Settled { lost, won: won.iter().any(|won| won != rank) }
    }

    /// Whether others have room again.
    pub(super) fn remove(&mut self, rank: &Rank) -> bool {
        let had_room = self.has_room(rank);
        let Some(bytes) = self.all.remove(rank) else { return false };
        if had_room {
            self.taken -= bytes;
            self.count -= 1;
        }
        if self.last.as_ref() == Some(rank) {
            self.last = self.all.range(..rank).next_back().map(|(rank, _)| rank.clone());
        }
        !self.extend().is_empty()
    }

    fn extend(&mut self) -> Vec<Rank> {
        let mut won = Vec::new();
        loop {
            let after = self.last.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let Some((rank, bytes)) = self.all.range((after, Bound::Unbounded)).next() else { return won };
            if self.taken + bytes > MAX_NAMESPACE_SLICE_BYTES {
                return won;
            }
            self.taken += bytes;
            self.count += 1;
            won.push(rank.clone());
            self.last = Some(rank.clone());
        }
    }
}
