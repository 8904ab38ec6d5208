//! How far a live connection has come on its way to its series.

use super::feeds::{self, ALL, AT_ONCE, LONG};
use crate::aggregate::{Aggregate, Attribution};
use crate::connection::{Entry, Totals};
use crate::enrich::{Enrich, Local, PodSlot, Resolution};
use crate::observation::{Delta, Reporter};
use crate::record::Monotonic;
use crate::state::{SavedStage, Writer};
use longwire_model::identity::UnixNanos;
use longwire_model::series::Metrics;
use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

#[derive(Debug)]
pub(super) enum Stage {
    /// For who its ends are. One round-trip time is kept for them, microseconds; 0: none.
    Waiting {
        key: u64,
        rtt_us: u32,
    },
    Following(Following),
    /// It is not reported; the entry stays, so that its samples are known.
    Ignored,
}

impl Stage {
    /// What it feeds.
    pub(super) fn held(&self) -> Option<&Attribution> {
        match self {
            Self::Following(following) => Some(&following.held),
            Self::Waiting { .. } | Self::Ignored => None,
        }
    }
}

/// It feeds its series.
#[derive(Debug)]
pub(super) struct Following {
    held: Attribution,
    slot: PodSlot,
    /// Its age was that of a long connection when it was looked at: what there was of such, it got.
    was_long: bool,
    /// The resolution's, which is far away in memory: no sample needs it for this.
    reporter: Reporter,
    resolution: Box<Resolution>,
}

/// What crediting needs beside the connection.
#[derive(Debug)]
pub(super) struct Books<'a> {
    pub(super) aggregate: &'a mut Aggregate,
    pub(super) enrich: &'a Enrich,
    /// Times that an expression had no value.
    pub(super) expression_errors: &'a mut u64,
    /// Age from which a connection is long where its pod's telemetry does not say.
    pub(super) long: Monotonic,
    pub(super) wall_clock_offset: UnixNanos,
    pub(super) now: Monotonic,
}

impl Books<'_> {
    fn start(&self, opened: Monotonic) -> UnixNanos {
        opened.saturating_add(self.wall_clock_offset)
    }
}

impl Following {
    /// `wanted`: what it can feed.
    pub(super) fn new(
        local: &Local,
        mut resolution: Box<Resolution>,
        (opened, wanted): (Monotonic, Metrics),
        books: &mut Books<'_>,
    ) -> Self {
        let edited = if books.enrich.is_edited(local.slot) { books.enrich.local_now(local.slot) } else { None };
        if let Some(edited) = &edited {
            resolution.renew(Arc::clone(&edited.pod));
        }
        let local = edited.as_ref().unwrap_or(local);
        let (start, mut held) = (books.start(opened), Attribution::default());
        feeds::take((local, &resolution), wanted, start, books, &mut held);
        Self { held, slot: local.slot, was_long: false, reporter: resolution.edge.reporter, resolution }
    }

    /// It begins to be active.
    pub(super) fn activate(&self, books: &mut Books<'_>) {
        books.aggregate.activate(&self.held);
    }

    pub(super) fn deactivate(&self, books: &mut Books<'_>) {
        books.aggregate.deactivate(&self.held);
    }

    pub(super) fn credit(&self, delta: &Delta, books: &mut Books<'_>) {
        books.aggregate.add(&self.held, self.reporter, delta, books.now);
    }

    /// What is on for its pod may have been edited since it looked last. Hardly any sample finds that it was.
    #[inline]
    pub(super) fn heed_edits(&mut self, opened: Monotonic, books: &mut Books<'_>) {
        if books.enrich.is_edited(self.slot) {
            self.take_anew(opened, books);
        }
    }

    /// It feeds what is on now: from here on, and nothing of what it fed before. It was active, and is so there.
    #[cold]
    fn take_anew(&mut self, opened: Monotonic, books: &mut Books<'_>) {
        let Some(local) = books.enrich.local_now(self.slot) else { return };
        self.slot = local.slot;
        self.resolution.renew(Arc::clone(&local.pod));
        let wanted = if self.was_long { ALL } else { AT_ONCE };
        let (start, mut held) = (books.start(opened), Attribution::default());
        feeds::take((&local, &self.resolution), wanted, start, books, &mut held);
        books.aggregate.activate(&held);
        books.aggregate.deactivate(&self.held);
        let before = mem::replace(&mut self.held, held);
        books.aggregate.release(&before, books.now);
        self.credit(&Delta::default(), books);
    }

    /// Older than its pod's threshold, or than the usual one.
    fn becomes_long(&self, opened: Monotonic, books: &Books<'_>) -> bool {
        if self.was_long {
            return false;
        }
        let own = books.enrich.long(self.slot);
        let long = own.map_or(books.long, |long| u64::try_from(long.as_nanos()).unwrap_or(u64::MAX));
        books.now.saturating_sub(opened) >= long
    }

    /// It gets series of its own, which begin with all it has moved, so that they equal its counters.
    fn lengthen(&mut self, opened: Monotonic, total: Totals, books: &mut Books<'_>) {
        self.was_long = true;
        let Some(local) = books.enrich.local_now(self.slot) else { return };
        let (start, mut alone) = (books.start(opened), Attribution::default());
        feeds::take((&local, &self.resolution), LONG, start, books, &mut alone);
        books.aggregate.add(&alone, self.reporter, &total.delta(), books.now);
        self.held.extend(&alone);
    }

    pub(super) fn save(&self, to: &mut Writer<'_>) -> SavedStage<'_> {
        let resolution = self.resolution.save(to);
        SavedStage::Following { held: Cow::Borrowed(&self.held), slot: self.slot, was_long: self.was_long, resolution }
    }

    pub(super) fn restore(held: Attribution, (slot, was_long): (PodSlot, bool), resolution: Box<Resolution>) -> Self {
        Self { held, slot, was_long, reporter: resolution.edge.reporter, resolution }
    }

    pub(super) fn release(self, books: &mut Books<'_>) {
        books.aggregate.release(&self.held, books.now);
    }
}

/// A live connection has moved by `gain`, or only grown older.
pub(super) fn advance(entry: &mut Entry<Stage>, gain: Totals, srtt_us: u32, books: &mut Books<'_>) {
    let rtt_us = (gain.has_data() && srtt_us != 0).then_some(srtt_us);
    match &mut entry.stage {
        Stage::Ignored => {}
        Stage::Waiting { rtt_us: kept, .. } => *kept = rtt_us.unwrap_or(*kept),
        Stage::Following(following) => {
            following.heed_edits(entry.opened, books);
            if !gain.is_zero() {
                entry.rtt_observed |= rtt_us.is_some();
                following.credit(&Delta { rtt_us, ..gain.delta() }, books);
            }
            lengthen_if_due(entry, books);
        }
    }
}

fn lengthen_if_due(entry: &mut Entry<Stage>, books: &mut Books<'_>) {
    let (opened, total) = (entry.opened, entry.total());
    if let Stage::Following(following) = &mut entry.stage
        && following.becomes_long(opened, books)
    {
        following.lengthen(opened, total, books);
    }
}
