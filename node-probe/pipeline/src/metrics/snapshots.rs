//! Snapshots of what is published, in the order in which they were opened, and what each consumer has seen by them.
//!
//! ```text
//! open      a View: lines that the consumer has seen before are at their values, others at 0
//! complete  the consumer has got all of it
//! settle    snapshots that complete from here on are in the next state
//! publish   that state is saved: the consumer's next View has seen what it has got
//! ```
//!
//! These rules are the same for a scraper, which pulls, and for an exporter, which pushes.

mod cursors;
#[cfg(test)]
mod tests;

use crate::record::Monotonic;
use crate::state::{Flaw, Late};
use cursors::{Cursors, SavedCursor, Slot};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A new consumer gets lines that are older at their values, because it does not expect to see them begin.
const YOUNG: Monotonic = 60_000_000_000;
/// Numbers of snapshots stay far below.
const PLAUSIBLE: u64 = 1 << 60;

/// Snapshots in the order in which they were opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SnapshotNumber(u64);

/// The lines that a snapshot shows at their values. Others are new to the consumer, and at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Those that were born before this snapshot.
    seen: SnapshotNumber,
    /// And those that are older.
    since: Monotonic,
}

/// A consumer that comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// It pulls.
    Scraper(Scraper),
    /// It pushes, and has this name in the configuration.
    Exporter(Box<str>),
}

/// Several scrapers may share an address: each has a slot there while its connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scraper {
    pub address: IpAddr,
    pub slot: u32,
    /// The first request of its connection: it may have had another slot before, but none of the first 64 that are held, by the
    /// bits of this, by other connections.
    pub is_new: Option<u64>,
}

/// One look at all series, however long it takes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    number: SnapshotNumber,
    view: View,
    by: Option<Consumer>,
    opened: Monotonic,
}

/// Of all completed snapshots the two that were opened last are enough: two were opened after a moment and completed exactly when
/// the second of these was.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    opened: SnapshotNumber,
    latest: SnapshotNumber,
    second: SnapshotNumber,
    /// When the last one was opened.
    clock: Monotonic,
    cursors: Cursors,
    is_restored: bool,
}

/// The saved form, so that no line that was shown goes back to 0 in a successor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedSnapshots {
    opened: SnapshotNumber,
    floor: SnapshotNumber,
    scrapers: Vec<SavedCursor<Slot>>,
    /// Since version 5.
    exporters: Late<Vec<SavedCursor<Box<str>>>>,
}

impl View {
    /// All lines at their values.
    pub const PLAIN: Self = Self { seen: SnapshotNumber(u64::MAX), since: 0 };

    #[inline]
    pub(super) fn has_seen(&self, after: SnapshotNumber) -> bool {
        after < self.seen
    }

    pub(super) fn is_new(&self, after: SnapshotNumber, at: Monotonic) -> bool {
        !self.has_seen(after) && at >= self.since
    }
}

impl From<Scraper> for Consumer {
    fn from(scraper: Scraper) -> Self {
        Self::Scraper(scraper)
    }
}

impl Snapshot {
    #[must_use]
    pub fn view(&self) -> View {
        self.view
    }
}

impl Snapshots {
    /// `by`: a consumer that comes again. Other readers leave no trace.
    pub(super) fn open(&mut self, by: Option<Consumer>, now: Monotonic) -> Snapshot {
        self.opened.0 += 1;
        self.clock = self.clock.max(now);
        let view = by.as_ref().map_or(View::PLAIN, |by| self.cursors.open(by, now));
        Snapshot { number: self.opened, view, by, opened: now }
    }

    /// Snapshots may complete in any order, and never: then they are never counted.
    pub(super) fn complete(&mut self, snapshot: &Snapshot) {
        let number = snapshot.number;
        if number > self.latest {
            self.second = self.latest;
            self.latest = number;
        } else if number > self.second && number != self.latest {
            self.second = number;
        }
        if let Some(by) = &snapshot.by {
            self.cursors.complete(by, snapshot);
        }
    }

    /// Snapshots that complete from here on are in the next state.
    pub(super) fn settle(&mut self) {
        self.cursors.settle();
    }

    /// The settled state is saved: consumers may get lines at their values that they have seen at 0. Returns the snapshot and the time
    /// of lines that are born now.
    pub(super) fn publish(&mut self) -> (SnapshotNumber, Monotonic) {
        self.cursors.publish();
        (self.opened, self.clock)
    }

    /// Two that were opened after `moment` have completed, and each consumer has seen the values of that moment.
    pub(super) fn have_shown(&self, moment: SnapshotNumber, now: Monotonic) -> bool {
        self.second > moment && self.cursors.have_seen(moment, now)
    }

    /// The second half of that.
    pub(super) fn consumers_have_seen(&self, moment: SnapshotNumber, now: Monotonic) -> bool {
        self.cursors.have_seen(moment, now)
    }

    /// And of exporters alone.
    pub(super) fn exporters_have_seen(&self, moment: SnapshotNumber, now: Monotonic) -> bool {
        self.cursors.exporters_have_seen(moment, now)
    }

    /// Consumers that are known, and those that were forgotten for others.
    pub(super) fn sizes(&self) -> (usize, u64) {
        self.cursors.sizes()
    }

    pub(super) fn opened(&self) -> SnapshotNumber {
        self.opened
    }

    pub(super) fn save(&self) -> SavedSnapshots {
        let (floor, scrapers, exporters) = self.cursors.saved();
        SavedSnapshots { opened: self.opened, floor, scrapers, exporters: Late(exporters) }
    }

    pub(super) fn restore(&mut self, saved: SavedSnapshots, now: Monotonic) -> Result<(), Flaw> {
        let SavedSnapshots { opened, floor, scrapers, exporters: Late(exporters) } = saved;
        if opened.0 > PLAUSIBLE || floor > opened {
            return Err(Flaw::Implausible("number of snapshots"));
        }
        (self.opened, self.is_restored) = (opened, true);
        self.cursors.restore((floor, scrapers, exporters), opened, now)
    }

    /// Without a saved form of snapshots all restored lines count as shown.
    pub(super) fn restored(&mut self) {
        if !self.is_restored {
            self.opened = self.opened.max(SnapshotNumber(1));
            self.cursors.lost(self.opened);
        }
    }
}
