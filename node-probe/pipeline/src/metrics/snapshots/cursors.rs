//! A cursor for each returning consumer: what it has seen. Bounded: a new consumer evicts one that has read one snapshot before it
//! evicts one that has returned.
//!
//! After a consumer has received a line at its value, that line must not be at 0 again, even after a kill. So a completed snapshot
//! counts once it is saved.

use super::{Consumer, Scraper, Snapshot, SnapshotNumber, View, YOUNG};
use crate::record::Monotonic;
use crate::state::Flaw;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr};

/// Most scrapers that are remembered, and most of one network: a machine usually has a whole /64.
const MAX_SCRAPERS: usize = 64;
const MAX_OF_NETWORK: usize = 8;
/// Most exporters. Scrapers, however many, evict none.
const MAX_EXPORTERS: usize = 16;
/// A consumer counts as new after this time without a snapshot, because all lines born meanwhile would be one leap.
const ABSENT: Monotonic = 3_600_000_000_000;
/// Expiry does not wait for a scraper after this time without a snapshot, and not for an exporter after this one. Prometheus has holes
/// where it did not scrape; but a receiver that is away for ten minutes gets the last values of all that ended meanwhile.
const SCRAPER_AWAITED: Monotonic = 300_000_000_000;
const EXPORTER_AWAITED: Monotonic = 900_000_000_000;

#[derive(Debug, Default)]
pub(super) struct Cursors {
    known: Vec<Cursor>,
    /// The latest snapshot that an evicted consumer had seen: if it returns, it counts as having seen that one.
    floor: SnapshotNumber,
    evicted: u64,
    /// The part of the state that is being saved, because snapshots continue meanwhile.
    settled: Option<SavedCursors>,
}

type SavedCursors = (SnapshotNumber, Vec<SavedCursor<Slot>>, Vec<SavedCursor<Box<str>>>);

/// The address of a scraper, and its slot there.
pub(crate) type Slot = (IpAddr, u32);

/// The name of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Scraper(Slot),
    Exporter(Box<str>),
}

#[derive(Debug)]
struct Cursor {
    name: Name,
    /// The last one that completed: for itself, in the state that is being saved, and in one that is saved.
    completed: SnapshotNumber,
    settled: SnapshotNumber,
    seen: SnapshotNumber,
    /// It has received all lines that were born by then at their values.
    valued: SnapshotNumber,
    /// When its last completed snapshot was opened.
    last: Monotonic,
    has_returned: bool,
}

/// The saved form. Whether it has returned is not saved: it has to return again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedCursor<N> {
    name: N,
    seen: SnapshotNumber,
    valued: SnapshotNumber,
    last: Monotonic,
}

impl Cursors {
    pub(super) fn open(&mut self, by: &Consumer, now: Monotonic) -> View {
        if let Consumer::Scraper(Scraper { address, is_new: Some(held), .. }) = by {
            self.merge_free_slots(address.to_canonical(), *held);
        }
        let name = Name::from(by);
        let seen = self.find(&name).filter(|known| !known.is_absent(now)).map(|known| known.seen);
        match seen.filter(|seen| *seen != SnapshotNumber::default()) {
            Some(seen) => View { seen, since: 0 },
            None => View { seen: self.floor, since: now.saturating_sub(YOUNG) },
        }
    }

    /// A scraper that takes a free slot may have had any of the free ones before, so all of these count as having seen the same.
    fn merge_free_slots(&mut self, address: IpAddr, held: u64) {
        let is_held = |slot: u32| held.checked_shr(slot).is_some_and(|held| held & 1 != 0);
        let free =
            |known: &&mut Cursor| matches!(known.name, Name::Scraper((of, slot)) if of == address && !is_held(slot));
        let most = self.known.iter_mut().filter(free).map(|known| known.seen).max().unwrap_or_default();
        for known in self.known.iter_mut().filter(free) {
            (known.seen, known.completed) = (most, known.completed.max(most));
        }
    }

    pub(super) fn complete(&mut self, by: &Consumer, snapshot: &Snapshot) {
        let (name, now) = (Name::from(by), snapshot.opened);
        self.known.retain(|cursor| !cursor.is_absent(now));
        if let Some(cursor) = self.known.iter_mut().find(|cursor| cursor.name == name) {
            cursor.completed = cursor.completed.max(snapshot.number);
            cursor.valued = cursor.valued.max(snapshot.view.seen);
            cursor.last = cursor.last.max(now);
            cursor.has_returned = true;
            return;
        }
        self.make_room(&name);
        let seen = SnapshotNumber::default();
        self.known.push(Cursor {
            name,
            completed: snapshot.number,
            settled: seen,
            seen,
            valued: seen,
            last: now,
            has_returned: false,
        });
    }

    fn make_room(&mut self, name: &Name) {
        let least = match name {
            Name::Scraper((address, _)) => {
                let network = network(*address);
                let of_network = |(address, _): Slot| self::network(address) == network;
                self.least_if_full(MAX_OF_NETWORK, |name| name.slot().is_some_and(of_network))
                    .or_else(|| self.least_if_full(MAX_SCRAPERS, |name| name.slot().is_some()))
            }
            Name::Exporter(_) => self.least_if_full(MAX_EXPORTERS, |name| name.slot().is_none()),
        };
        if let Some(least) = least {
            let gone = self.known.swap_remove(least);
            self.floor = self.floor.max(gone.seen);
            self.evicted += 1;
        }
    }

    /// The one of these that is missed least, where there are as many as there may be.
    fn least_if_full(&self, most: usize, is_of: impl Fn(&Name) -> bool) -> Option<usize> {
        let of = || self.known.iter().enumerate().filter(|(_, cursor)| is_of(&cursor.name));
        let least = of().min_by_key(|(_, cursor)| (cursor.has_returned, cursor.last));
        least.filter(|_| of().count() >= most).map(|(at, _)| at)
    }

    fn find(&self, name: &Name) -> Option<&Cursor> {
        self.known.iter().find(|cursor| cursor.name == *name)
    }

    pub(super) fn settle(&mut self) {
        if self.settled.is_none() {
            self.known.iter_mut().for_each(|cursor| cursor.settled = cursor.completed);
            self.settled = Some(self.save());
        }
    }

    pub(super) fn publish(&mut self) {
        self.settle();
        self.settled = None;
        self.known.iter_mut().for_each(|cursor| cursor.seen = cursor.seen.max(cursor.settled));
    }

    /// The floor and all cursors, as they were settled.
    pub(super) fn saved(&self) -> SavedCursors {
        self.settled.clone().unwrap_or_else(|| self.save())
    }

    fn save(&self) -> SavedCursors {
        let scrapers = self.known.iter().filter_map(|cursor| Some(cursor.save(cursor.name.slot()?)));
        let exporters = self.known.iter().filter_map(|cursor| Some(cursor.save(cursor.name.exporter()?.into())));
        (self.floor, scrapers.collect(), exporters.collect())
    }

    /// Each alone; the first flaw.
    pub(super) fn restore(
        &mut self,
        (floor, scrapers, exporters): SavedCursors,
        opened: SnapshotNumber,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        self.floor = floor;
        let scrapers = scrapers.into_iter().map(|saved| saved.named(Name::Scraper));
        let all = scrapers.chain(exporters.into_iter().map(|saved| saved.named(Name::Exporter)));
        let restored = all.map(|saved| self.restore_one(saved, opened, now)).fold(Ok(()), Result::and);
        // What the invalid one had seen is not known.
        restored.inspect_err(|_| self.lost(opened))
    }

    /// A consumer has seen all lines that were born before this snapshot.
    pub(super) fn lost(&mut self, opened: SnapshotNumber) {
        self.floor = opened;
    }

    /// Whether all consumers that still come have seen it.
    pub(super) fn have_seen(&self, moment: SnapshotNumber, now: Monotonic) -> bool {
        self.known.iter().filter(|cursor| cursor.is_awaited(now)).all(|cursor| cursor.valued > moment)
    }

    /// Whether all exporters that still come have seen it.
    pub(super) fn exporters_have_seen(&self, moment: SnapshotNumber, now: Monotonic) -> bool {
        let exporters = self.known.iter().filter(|cursor| cursor.name.exporter().is_some());
        exporters.filter(|cursor| cursor.is_awaited(now)).all(|cursor| cursor.valued > moment)
    }

    pub(super) fn sizes(&self) -> (usize, u64) {
        (self.known.len(), self.evicted)
    }

    fn restore_one(&mut self, saved: SavedCursor<Name>, opened: SnapshotNumber, now: Monotonic) -> Result<(), Flaw> {
        let SavedCursor { name, seen, valued, last } = saved;
        let most = MAX_SCRAPERS + MAX_EXPORTERS;
        if seen > opened || valued > seen || last > now || self.known.len() >= most {
            return Err(Flaw::Implausible("consumer"));
        }
        if self.find(&name).is_some() {
            return Err(Flaw::Twice("consumer"));
        }
        let has_returned = false;
        self.known.push(Cursor { name, completed: seen, settled: seen, seen, valued, last, has_returned });
        Ok(())
    }
}

impl Cursor {
    fn save<N>(&self, name: N) -> SavedCursor<N> {
        let Self { name: _, completed, valued, last, settled: _, seen: _, has_returned: _ } = *self;
        SavedCursor { name, seen: completed, valued: valued.min(completed), last }
    }

    fn is_awaited(&self, now: Monotonic) -> bool {
        let awaited = match self.name {
            Name::Scraper(_) => SCRAPER_AWAITED,
            Name::Exporter(_) => EXPORTER_AWAITED,
        };
        now.saturating_sub(self.last) < awaited
    }

    fn is_absent(&self, now: Monotonic) -> bool {
        now.saturating_sub(self.last) >= ABSENT
    }
}

impl<N> SavedCursor<N> {
    fn named(self, of: impl FnOnce(N) -> Name) -> SavedCursor<Name> {
        let Self { name, seen, valued, last } = self;
        SavedCursor { name: of(name), seen, valued, last }
    }
}

impl Name {
    fn slot(&self) -> Option<Slot> {
        match self {
            Self::Scraper(slot) => Some(*slot),
            Self::Exporter(_) => None,
        }
    }

    fn exporter(&self) -> Option<&str> {
        match self {
            Self::Scraper(_) => None,
            Self::Exporter(name) => Some(name),
        }
    }
}

impl From<&Consumer> for Name {
    fn from(consumer: &Consumer) -> Self {
        match consumer {
            Consumer::Scraper(Scraper { address, slot, .. }) => Self::Scraper((address.to_canonical(), *slot)),
            Consumer::Exporter(name) => Self::Exporter(name.clone()),
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}
