//! What the pipeline has published, as packets of statsd: of a counter what no packet that was sent has said yet, of a gauge its value.
//!
//! ```text
//! FAMILIES x label sets --Cursor--> lines --Packing--> Packet --caller sends it--> sent: Memory has it
//!                         Memory: value less sent           \--or cannot------> failed: the next flush says it
//! ```
//!
//! A caller opens a snapshot of the store as its exporter, flushes, and completes the snapshot if every packet was sent: then the store
//! keeps each label set until its last values have gone out. It gives back each packet, as sent or failed, before it begins the next
//! flush. Receivers count in floating point: what they add up beyond 2^53 is inexact there, and no line says more than that at once.

mod escape;
mod flavor;
mod labels;
mod leftover;
mod lines;
mod memory;
mod packet;
#[cfg(test)]
mod tests;
mod timers;

pub use longwire_model::exporter::{Flavor, Histograms};
pub use packet::{Framing, Packet};

use leftover::Leftover;
use lines::Lines;
use longwire_model::exporter::StatsdPrefix;
use longwire_model::series::{FAMILIES, LabelKind};
use longwire_pipeline::metrics::{LabelSetId, SeriesStore};
use memory::Memory;
use packet::{Of, Packing};
use std::ops::ControlFlow;

/// What a label set costs a slice, in bytes, when it has nothing new to say.
const LOOK: usize = 16;

/// How packets are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub flavor: Flavor,
    pub histograms: Histograms,
    /// Stands before every name.
    pub prefix: StatsdPrefix,
    pub framing: Framing,
    /// Lines are joined up to so many bytes. A longer one goes alone.
    pub max_bytes: usize,
}

/// What counts as sent when an encoder begins, until it has flushed once.
#[derive(Clone, Copy, Debug)]
pub struct Baseline(Option<[u64; LabelKind::ALL.len()]>);

/// Writes flushes of one series store to one receiver, and keeps what was sent in between: as much as there are lines.
#[derive(Debug)]
pub struct Encoder {
    options: Options,
    baseline: Baseline,
    memory: Memory,
    leftover: Leftover,
    too_long: u64,
    labels: Vec<u8>,
}

/// How far a flush has come.
#[derive(Debug)]
pub struct Cursor {
    /// Index into [`FAMILIES`].
    family: usize,
    slot: usize,
    packing: Packing,
    is_done: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            flavor: Flavor::Dogstatsd,
            histograms: Histograms::Buckets,
            prefix: StatsdPrefix::default(),
            framing: Framing::Datagrams,
            max_bytes: 1432,
        }
    }
}

impl Baseline {
    /// Nothing: all that was ever counted is sent.
    pub const ZERO: Self = Self(None);

    /// What the first flush finds in label sets that there are now: it has no lines of it, and should follow at once. Label sets that are
    /// born later begin at 0.
    #[must_use]
    pub fn present(store: &SeriesStore) -> Self {
        let births = |kind: LabelKind| {
            let family = FAMILIES.iter().find(|family| family.set.label_kind() == kind);
            family.map_or(0, |family| store.births(family))
        };
        Self(Some(LabelKind::ALL.map(births)))
    }

    fn has(&self, id: LabelSetId) -> bool {
        self.0.is_some_and(|births| id.birth <= births[id.kind as usize])
    }
}

impl Encoder {
    #[must_use]
    pub fn new(options: Options, baseline: Baseline) -> Self {
        let (memory, leftover) = (Memory::default(), Leftover::default());
        Self { options, baseline, memory, leftover, too_long: 0, labels: Vec::new() }
    }

    /// Begins a flush. Packets of the last one that were not given back count as failed, and what they say of label sets that are removed
    /// is lost.
    pub fn begin(&mut self) -> Cursor {
        self.memory.settle();
        let mut packing = Packing::new(self.options.framing, self.options.max_bytes);
        self.leftover.iter().for_each(|(number, line)| packing.push(line, Of::Leftover(number)));
        Cursor { family: 0, slot: 0, packing, is_done: false }
    }

    /// Appends the packets of about `bytes` bytes more of the flush, and returns whether there may be more. The store may change in
    /// between.
    pub fn render(&mut self, store: &SeriesStore, cursor: &mut Cursor, bytes: usize, out: &mut Vec<Packet>) -> bool {
        let mut left = bytes;
        while let Some(family) = FAMILIES.get(cursor.family) {
            let Self { options, baseline, memory, too_long, labels, .. } = self;
            let mut lines = Lines::new(family, options, (&*baseline, memory), &mut cursor.packing, (labels, too_long));
            // Label sets that come meanwhile are welcome: they are said once, now or in the next flush.
            let flow = store.read(family, (cursor.slot, u64::MAX), |slot, series| {
                cursor.slot = slot + 1;
                left = left.saturating_sub(LOOK + lines.write(&series));
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            out.append(&mut cursor.packing.full());
            if flow.is_break() {
                return true;
            }
            (cursor.family, cursor.slot) = (cursor.family + 1, 0);
        }
        if !cursor.is_done {
            cursor.is_done = true;
            out.extend(cursor.packing.finish());
            self.memory.flushed();
            self.baseline = Baseline::ZERO;
        }
        false
    }

    /// The packet has gone out: what it says will not be said again.
    pub fn sent(&mut self, packet: Packet) {
        for of in packet.into_kinds() {
            match of {
                Of::Counter(commit) => self.memory.commit(&commit),
                Of::Leftover(number) => self.leftover.sent(number),
                Of::Gauge => {}
            }
        }
    }

    /// The packet could not be sent. The next flush says what it said; of label sets that are removed by now it has the lines as they are.
    pub fn failed(&mut self, packet: &Packet) {
        for (line, of) in packet.lines() {
            if let Of::Counter(commit) = of
                && self.memory.is_orphan(commit)
            {
                self.leftover.keep(line);
            }
        }
    }

    /// The label set is removed ([`SeriesStore::when_removed`]): so is what was sent of it.
    pub fn forget(&mut self, removed: LabelSetId) {
        self.memory.forget(removed);
    }

    /// Lines that were left out because they were too long for any receiver, in all flushes.
    #[must_use]
    pub fn too_long(&self) -> u64 {
        self.too_long
    }

    /// Lines whose label set was removed before what they said could be sent.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.memory.lost() + self.leftover.lost()
    }
}
