//! What was sent of each line of a counter. As much as there are lines with a value.

use longwire_model::series::{LabelKind, Metric};
use longwire_pipeline::metrics::LabelSetId;
use std::collections::HashSet;

/// A table that is full grows by one part in so many.
const GROWTH: usize = 8;

/// Names a line of a label set: a reason or a bucket by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) metric: Metric,
    pub(super) part: u8,
}

/// What is sent of a line once its packet is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Commit {
    pub(super) id: LabelSetId,
    pub(super) key: Key,
    pub(super) to: u64,
    /// Of a time: what it adds to the sum of its histogram, in microseconds.
    pub(super) sum: u64,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By kind and slot.
    sets: [Vec<Option<Set>>; LabelKind::ALL.len()],
    /// The number of this flush. One that does not come to its end is not counted.
    flush: u32,
    /// Lines in packets that have not come back, of label sets that were removed meanwhile.
    orphans: HashSet<(LabelSetId, Key)>,
    lost: u64,
}

#[derive(Debug)]
struct Set {
    birth: u64,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    key: Key,
    /// The last packet with it is not sent, or not yet.
    is_offered: bool,
    /// The last one in which the store had it.
    flush: u32,
    sent: u64,
}

const _: () = assert!(size_of::<Line>() == 16, "there are as many as lines in a scrape");

impl Key {
    pub(super) fn new(metric: Metric, part: usize) -> Self {
        Self { metric, part: u8::try_from(part).unwrap_or(Self::COUNT) }
    }

    const COUNT: u8 = u8::MAX;
    const SUM: u8 = u8::MAX - 1;

    pub(super) fn count_of(metric: Metric) -> Self {
        Self { metric, part: Self::COUNT }
    }

    pub(super) fn sum_of(metric: Metric) -> Self {
        Self { metric, part: Self::SUM }
    }
}

impl Memory {
    /// What was sent of this line, which is at `value`: not more than that. A line that has begun anew in its label set, because its
    /// metric was off, is smaller than what was sent, or was away for a flush.
    pub(super) fn sent(&mut self, id: LabelSetId, key: Key, value: u64) -> u64 {
        let flush = self.flush;
        let Some(line) = self.line(id, key) else { return 0 };
        let has_begun_anew = value < line.sent || flush.wrapping_sub(line.flush) > 1;
        let is_lost = has_begun_anew && std::mem::take(&mut line.is_offered);
        if has_begun_anew {
            line.sent = 0;
        }
        line.flush = flush;
        let sent = line.sent;
        self.lost += u64::from(is_lost);
        sent
    }

    /// All lines of this metric have begun anew.
    pub(super) fn restart(&mut self, id: LabelSetId, metric: Metric) {
        let slot = self.sets[id.kind as usize].get_mut(id.slot).and_then(Option::as_mut);
        let lines = slot.filter(|set| set.birth == id.birth).map(|set| set.lines.iter_mut());
        for line in lines.into_iter().flatten().filter(|line| line.key.metric == metric) {
            line.sent = 0;
            self.lost += u64::from(std::mem::take(&mut line.is_offered));
        }
    }

    /// `None`: nothing was ever offered of it.
    pub(super) fn last(&mut self, id: LabelSetId, key: Key) -> Option<u64> {
        self.line(id, key).map(|line| line.sent)
    }

    /// Counts as sent.
    pub(super) fn assume(&mut self, id: LabelSetId, key: Key, value: u64) {
        if value != 0 {
            self.line_or_new(id, key).sent = value;
        }
    }

    /// A packet has this.
    pub(super) fn offer(&mut self, commit: &Commit) {
        self.line_or_new(commit.id, commit.key).is_offered = true;
    }

    /// Its packet was sent.
    pub(super) fn commit(&mut self, commit: &Commit) {
        let Commit { id, key, to, sum } = *commit;
        let Some(line) = self.line(id, key) else {
            self.orphans.remove(&(id, key));
            return;
        };
        (line.sent, line.is_offered) = (to, false);
        if sum != 0 {
            let all = self.line_or_new(id, Key::sum_of(key.metric));
            all.sent = all.sent.saturating_add(sum);
        }
    }

    /// Its packet was not sent. Returns whether its label set is removed, so that it will not say this again.
    pub(super) fn is_orphan(&mut self, commit: &Commit) -> bool {
        self.orphans.remove(&(commit.id, commit.key))
    }

    /// A label set that was never offered anything is not known.
    pub(super) fn forget(&mut self, id: LabelSetId) {
        let slot = self.sets[id.kind as usize].get_mut(id.slot);
        if let Some(gone) = slot.and_then(|set| set.take_if(|set| set.birth == id.birth)) {
            let offered = gone.lines.iter().filter(|line| line.is_offered);
            self.orphans.extend(offered.map(|line| (id, line.key)));
        }
    }

    /// What has not come back by now will not.
    pub(super) fn settle(&mut self) {
        self.lost += self.orphans.drain().count() as u64;
    }

    /// The flush has come to its end.
    pub(super) fn flushed(&mut self) {
        self.flush = self.flush.wrapping_add(1);
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    #[cfg(test)]
    pub(super) fn label_sets(&self) -> usize {
        self.sets.iter().flatten().flatten().count()
    }

    fn line(&mut self, id: LabelSetId, key: Key) -> Option<&mut Line> {
        let set = self.sets[id.kind as usize].get_mut(id.slot)?.as_mut().filter(|set| set.birth == id.birth)?;
        set.lines.iter_mut().find(|line| line.key == key)
    }

    fn line_or_new(&mut self, id: LabelSetId, key: Key) -> &mut Line {
        let flush = self.flush;
        let lines = &mut self.set(id).lines;
        let at = lines.iter().position(|line| line.key == key).unwrap_or_else(|| {
            lines.push(Line { key, is_offered: false, flush, sent: 0 });
            lines.len() - 1
        });
        &mut lines[at]
    }

    fn set(&mut self, id: LabelSetId) -> &mut Set {
        let LabelSetId { kind, slot, birth } = id;
        let old = self.sets[kind as usize].get(slot).and_then(Option::as_ref).map(|set| set.birth);
        if let Some(old) = old.filter(|old| *old != birth) {
            self.forget(LabelSetId { birth: old, ..id });
        }
        let sets = &mut self.sets[kind as usize];
        if sets.capacity() <= slot {
            sets.reserve_exact(slot + 1 + slot / GROWTH - sets.len());
        }
        if sets.len() <= slot {
            sets.resize_with(slot + 1, || None);
        }
        sets[slot].get_or_insert_with(|| Set { birth, lines: Vec::new() })
    }
}
