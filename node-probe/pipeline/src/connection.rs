//! One entry a live connection. Records may come twice, late, in another order or not at all: totals stay exact, or the
//! loss is counted.
//!
//! What is new is always "seen now, less seen before", so that nothing needs to be queued and nothing is added twice.

mod closed;
mod passes;
mod saved;
#[cfg(test)]
mod tests;
mod totals;

pub(crate) use passes::Passes;
pub(crate) use saved::{SavedClosed, SavedConnection};
pub(crate) use totals::Totals;

use crate::record::{ConnectionRecord, Counters, Monotonic, STILL, Sample};
use closed::Closed;
use hashbrown::HashTable;
use std::mem;

/// Ids of closed connections that are remembered at least, however small the table is.
const CLOSED_AT_LEAST: usize = 65_536;

/// Connections for which a table that has shrunk keeps its memory.
const KEPT: usize = 4_096;

/// A live connection, and its stage in the pipeline. The fields that every sample touches stand side by side.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Entry<T> {
    pub(crate) id: u64,
    /// The pass that saw it last.
    pass: u32,
    pub(crate) rtt_observed: bool,
    seen: Totals,
    /// What an adopted connection had moved before the probe saw it. `None`: it is not adopted.
    baseline: Option<Box<Totals>>,
    /// Established, or adopted.
    pub(crate) opened: Monotonic,
    pub(crate) stage: T,
}

impl<T> Entry<T> {
    /// Older than the probe.
    pub(crate) fn is_adopted(&self) -> bool {
        self.baseline.is_some()
    }

    /// What it has moved since the probe sees it.
    pub(crate) fn total(&self) -> Totals {
        Moved { seen: &self.seen, baseline: self.baseline.as_deref() }.total()
    }

    /// The stage, beside what the connection has moved.
    pub(crate) fn split(&mut self) -> (&mut T, Moved<'_>) {
        (&mut self.stage, Moved { seen: &self.seen, baseline: self.baseline.as_deref() })
    }
}

/// What a connection has moved since the probe sees it, not yet computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved<'a> {
    seen: &'a Totals,
    baseline: Option<&'a Totals>,
}

impl Moved<'_> {
    pub(crate) fn total(self) -> Totals {
        self.baseline.map_or(*self.seen, |baseline| self.seen.since(baseline))
    }
}

/// Live connections by id. Dense, so that a sweep is a walk through memory; a slot is not a name.
#[derive(Debug)]
pub(crate) struct Connections<T> {
    index: HashTable<u32>,
    entries: Vec<Entry<T>>,
    closed: Closed,
    passes: Passes,
    limit: usize,
    refused: bool,
    /// A live connection is sampled that was never announced: the announce was lost.
    missed: bool,
    /// Complete passes when all connections last had to announce themselves because one announce was lost.
    healed: Option<u32>,
    pub(crate) counts: Counts,
}

/// Records and samples that did not take the usual way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) samples_unknown: u64,
    pub(crate) late: u64,
    pub(crate) backwards: u64,
    pub(crate) refused: u64,
    pub(crate) closes_lost: u64,
    pub(crate) unadopted_closes: u64,
    pub(crate) untracked_closes: u64,
}

/// An entry after a look at its counters.
#[derive(Debug)]
pub(crate) struct Sampled<'a, T> {
    pub(crate) entry: &'a mut Entry<T>,
    /// By how much it has moved on.
    pub(crate) gain: Totals,
}

#[derive(Debug)]
pub(crate) enum Announced<'a, T> {
    New,
    Known(Sampled<'a, T>),
    /// Closed already, or no room.
    Ignored,
}

#[derive(Debug)]
pub(crate) enum Closing<T> {
    /// It was announced while it lived; `gain` is what came since.
    Known { entry: Entry<T>, gain: Totals },
    /// Too short to be announced, or refused then: everything is new.
    First(Totals),
    /// Nothing may be added; counted.
    Ignored,
}

impl<T> Connections<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            index: HashTable::new(),
            entries: Vec::new(),
            closed: Closed::new(limit.max(CLOSED_AT_LEAST)),
            passes: Passes::default(),
            limit,
            refused: false,
            missed: false,
            healed: None,
            counts: Counts::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn passes(&self) -> Passes {
        self.passes
    }

    /// Closed ids that were forgotten early because there were too many.
    pub(crate) fn closed_forgotten(&self) -> u64 {
        self.closed.forgotten()
    }

    /// A live connection names itself. Again, when the kernel was made to announce all anew: then it is a sample.
    pub(crate) fn announce(&mut self, record: &ConnectionRecord, stage: T) -> Announced<'_, T> {
        if self.closed.contains(record.id) {
            self.counts.late += 1;
            return Announced::Ignored;
        }
        if let Some(at) = self.find(record.id) {
            return Announced::Known(self.advance(at, &record.counters));
        }
        if self.entries.len() >= self.limit {
            self.refused = true;
            self.counts.refused += 1;
            return Announced::Ignored;
        }
        self.insert(record, stage);
        Announced::New
    }

    /// The stage of a connection that was located.
    pub(crate) fn stage(&self, at: usize) -> &T {
        &self.entries[at].stage
    }

    /// The places of the connections of a few samples. All lookups come first, so that the processor waits for their memory side by
    /// side. Valid until one is removed.
    pub(crate) fn locate<const N: usize>(&self, samples: &[Sample]) -> [Option<usize>; N] {
        let mut places = [None; N];
        for (place, sample) in places.iter_mut().zip(samples) {
            *place = self.find(sample.id);
        }
        places
    }

    /// The hot path: one comparison, and the difference if there is one. Most samples have no difference.
    pub(crate) fn sample(&mut self, at: Option<usize>, sample: &Sample) -> Option<Sampled<'_, T>> {
        let Sample { id, counters } = *sample;
        let Some(at) = at else {
            if self.closed.contains(id) {
                self.counts.late += 1;
            } else {
                self.counts.samples_unknown += 1;
                // While the table is full, refused connections are expected here.
                self.missed |= !self.refused;
            }
            return None;
        };
        if counters.srtt_us == STILL {
            let entry = &mut self.entries[at];
            entry.pass = self.passes.begun();
            return Some(Sampled { entry, gain: Totals::default() });
        }
        Some(self.advance(at, &counters))
    }

    pub(crate) fn close(&mut self, record: &ConnectionRecord) -> Closing<T> {
        if record.untracked {
            self.counts.untracked_closes += 1;
            return Closing::Ignored;
        }
        if !self.closed.insert(record.id) {
            self.counts.late += 1;
            return Closing::Ignored;
        }
        if let Some(at) = self.find(record.id) {
            let gain = self.advance(at, &record.counters).gain;
            return Closing::Known { entry: self.remove(at), gain };
        }
        if record.adopted {
            self.counts.unadopted_closes += 1;
            return Closing::Ignored;
        }
        Closing::First(Totals::from(&record.counters))
    }

    /// A connect that never established. Returns whether it is new.
    pub(crate) fn fail(&mut self, id: u64) -> bool {
        let news = self.closed.insert(id);
        self.counts.late += u64::from(!news);
        news
    }

    /// The stages of all connections.
    pub(crate) fn stages(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.stage)
    }

    /// At most so many before this place, the last first. What is removed meanwhile makes none of the others stay out: the last one
    /// takes its place, and comes twice.
    pub(crate) fn before(&self, place: usize, most: usize) -> impl Iterator<Item = &Entry<T>> {
        let end = place.min(self.entries.len());
        self.entries[end.saturating_sub(most)..end].iter().rev()
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> &[Entry<T>] {
        &self.entries
    }

    pub(crate) fn begin_pass(&mut self) {
        self.passes.begin();
    }

    /// A connection that neither this complete pass nor the one before has seen is gone: its CLOSE was lost. One pass is no proof,
    /// because the CLOSE of a connection that ends during it may still stand behind another CPU's unfinished record in the ring.
    pub(crate) fn end_pass(&mut self, complete: bool) -> Vec<Entry<T>> {
        self.passes.end(complete);
        let mut vanished = Vec::new();
        if !complete {
            return vanished;
        }
        self.closed.rotate();
        // From the end, so that what takes the place of a removed entry has been looked at.
        for at in (0..self.entries.len()).rev() {
            if self.entries[at].pass + 1 < self.passes.begun() {
                let entry = self.remove(at);
                self.closed.insert(entry.id);
                vanished.push(entry);
            }
        }
        self.counts.closes_lost += vanished.len() as u64;
        self.shrink();
        vanished
    }

    /// A table that is a quarter full or less gives back half of its memory.
    fn shrink(&mut self) {
        let Self { index, entries, .. } = self;
        let room = 2 * entries.len().max(KEPT);
        if entries.capacity() > 2 * room {
            entries.shrink_to(room);
            index.shrink_to(room, |at| hash(entries[*at as usize].id));
        }
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Entry<T>> {
        let at = self.find(id)?;
        Some(&mut self.entries[at])
    }

    /// True once when a live connection was refused and there is room again: a sixteenth of the table, because the kernel announces all
    /// connections anew. Also true when an announce was lost, at most once a complete pass, because announcing all takes one.
    pub(crate) fn wants_reannounce(&mut self) -> bool {
        let has_room = self.refused && self.entries.len() + self.limit / 16 < self.limit;
        self.refused &= !has_room;
        let heals = self.missed && self.healed != Some(self.passes.completions());
        if has_room || heals {
            self.missed = false;
            self.healed = Some(self.passes.completions());
        }
        has_room || heals
    }

    /// The kernel side begins anew, with new ids: no more records of these will come.
    pub(crate) fn abandon(&mut self) -> Vec<Entry<T>> {
        self.index.clear();
        self.closed.clear();
        (self.refused, self.missed) = (false, false);
        mem::take(&mut self.entries)
    }

    fn find(&self, id: u64) -> Option<usize> {
        self.index.find(hash(id), |at| self.entries[*at as usize].id == id).map(|at| *at as usize)
    }

    fn advance(&mut self, at: usize, counters: &Counters) -> Sampled<'_, T> {
        let entry = &mut self.entries[at];
        entry.pass = self.passes.begun();
        let (gain, backwards) = entry.seen.advance(counters);
        self.counts.backwards += u64::from(backwards);
        Sampled { entry, gain }
    }

    fn insert(&mut self, record: &ConnectionRecord, stage: T) {
        let counters = Totals::from(&record.counters);
        self.push(Entry {
            id: record.id,
            seen: counters,
            baseline: record.adopted.then(|| Box::new(counters)),
            opened: record.opened(),
            stage,
            pass: self.passes.begun(),
            rtt_observed: false,
        });
    }

    fn push(&mut self, entry: Entry<T>) {
        let Self { index, entries, .. } = self;
        #[expect(clippy::cast_possible_truncation, reason = "bounded by the limit, which is far below 2^32")]
        let at = entries.len() as u32;
        let hash_of_id = hash(entry.id);
        entries.push(entry);
        index.insert_unique(hash_of_id, at, |at| hash(entries[*at as usize].id));
    }

    fn remove(&mut self, at: usize) -> Entry<T> {
        let last = self.entries.len() - 1;
        let (removed, moved) = (self.entries[at].id, self.entries[last].id);
        if let Ok(slot) = self.index.find_entry(hash(removed), |slot| *slot as usize == at) {
            slot.remove();
        }
        if let Some(slot) = self.index.find_mut(hash(moved), |slot| *slot as usize == last) {
            #[expect(clippy::cast_possible_truncation, reason = "an index into a table below 2^32")]
            let at = at as u32;
            *slot = at;
        }
        self.entries.swap_remove(at)
    }
}

/// Ids are unique but regular, a time and a CPU: the product spreads them upwards, the fold brings that down again.
fn hash(id: u64) -> u64 {
    let spread = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ spread >> 32
}
