//! How far a live connection has come on its way to its series.

use crate::aggregate::{Aggregate, Attribution};
use crate::connection::{Entry, Totals};
use crate::enrich::{Enrich, Local, PodSlot, Resolution};
use crate::observation::Delta;
use crate::record::Monotonic;
use crate::state::{Flaw, SavedResolution, SavedStage, Shared, Writer};
use longwire_model::identity::UnixNanos;
use longwire_model::series::SeriesSet;

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

/// It feeds its series.
#[derive(Debug)]
pub(super) struct Following {
    held: Attribution,
    slot: PodSlot,
    resolution: Box<Resolution>,
}

/// What crediting needs beside the connection.
#[derive(Debug)]
pub(super) struct Books<'a> {
    pub(super) aggregate: &'a mut Aggregate,
    pub(super) enrich: &'a Enrich,
    pub(super) long: Monotonic,
    pub(super) wall_clock_offset: UnixNanos,
    pub(super) now: Monotonic,
}

impl Following {
    pub(super) fn new(local: &Local, resolution: Box<Resolution>, books: &mut Books<'_>) -> Self {
        let service = books.aggregate.service(&resolution.edge, books.now);
        let held = Attribution { service: Some(service), workload: None, connection: None };
        Self { held, slot: local.slot, resolution }
    }

    /// It begins to be active.
    pub(super) fn activate(&self, books: &mut Books<'_>) {
        if let Some(service) = self.held.service {
            books.aggregate.activate(service);
        }
    }

    pub(super) fn deactivate(&self, books: &mut Books<'_>) {
        if let Some(service) = self.held.service {
            books.aggregate.deactivate(service);
        }
    }

    pub(super) fn credit(&mut self, opened: Monotonic, delta: &Delta, books: &mut Books<'_>) {
        let sets = books.enrich.sets(&mut self.slot);
        if self.held.workload.is_none() && sets.contains(SeriesSet::KmeshWorkload) {
            let flow = self.resolution.flow(opened.saturating_add(books.wall_clock_offset));
            self.held.workload = Some(books.aggregate.workload(&flow, books.now));
        }
        books.aggregate.add(self.held, sets, delta, books.now);
    }

    fn is_long(&self, opened: Monotonic, books: &Books<'_>) -> bool {
        self.held.connection.is_none() && books.now.saturating_sub(opened) >= books.long
    }

    /// It gets series of its own, which begin with all it has moved, so that they equal its counters.
    fn lengthen(&mut self, opened: Monotonic, total: Totals, books: &mut Books<'_>) {
        let sets = books.enrich.sets(&mut self.slot);
        if !sets.contains(SeriesSet::KmeshConnection) {
            return;
        }
        let flow = self.resolution.flow(opened.saturating_add(books.wall_clock_offset));
        let connection = books.aggregate.connection(&flow, books.now);
        self.held.connection = Some(connection);
        let alone = Attribution { service: None, workload: None, connection: Some(connection) };
        books.aggregate.add(alone, sets, &total.delta(), books.now);
    }

    pub(super) fn save(&self, to: &mut Writer<'_>) -> SavedStage {
        SavedStage::Following { held: self.held, slot: self.slot, resolution: self.resolution.save(to) }
    }

    /// It is active again where it was, and that is saved there.
    pub(super) fn restore(
        held: Attribution,
        slot: PodSlot,
        resolution: SavedResolution,
        shared: &Shared,
    ) -> Result<Self, Flaw> {
        Ok(Self { held, slot, resolution: Box::new(Resolution::restore(resolution, shared)?) })
    }

    pub(super) fn release(self, books: &mut Books<'_>) {
        books.aggregate.release(self.held, books.now);
    }
}

/// A live connection has moved by `gain`, or only grown older.
pub(super) fn advance(entry: &mut Entry<Stage>, gain: Totals, srtt_us: u32, books: &mut Books<'_>) {
    let rtt_us = (gain.has_data() && srtt_us != 0).then_some(srtt_us);
    let opened = entry.opened;
    match &mut entry.stage {
        Stage::Ignored => return,
        Stage::Waiting { rtt_us: kept, .. } => {
            *kept = rtt_us.unwrap_or(*kept);
            return;
        }
        Stage::Following(following) if !gain.is_zero() => {
            entry.rtt_observed |= rtt_us.is_some();
            following.credit(opened, &Delta { rtt_us, ..gain.delta() }, books);
        }
        Stage::Following(_) => {}
    }
    lengthen_if_due(entry, books);
}

fn lengthen_if_due(entry: &mut Entry<Stage>, books: &mut Books<'_>) {
    if matches!(&entry.stage, Stage::Following(following) if following.is_long(entry.opened, books)) {
        let (opened, total) = (entry.opened, entry.total());
        if let Stage::Following(following) = &mut entry.stage {
            following.lengthen(opened, total, books);
        }
    }
}
