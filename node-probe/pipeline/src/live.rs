//! Which connections live now, for who watches on demand; and those that ended last.
//!
//! ```text
//! sample, opened --Scope: one end in a watched namespace--> Cursor --has moved, and a second has passed--> Outbox
//! closed, failed --the resolution itself, moved--> EndedRing
//! Outbox, EndedRing --Pipeline::take_live, a slice at a time--> LiveBatch
//! ```
//!
//! While nobody watches there are no cursors, and a sample costs one comparison. The ring is kept always, so that a watch can begin with
//! what ended before it. A connection in the outbox is described and counted when it is taken, not when it has moved: a slow reader gets
//! fewer updates, and newer ones.

mod cursor;
mod describe;
mod ended;
mod last;
mod outbox;

pub(crate) use last::Last;

use crate::record::{Monotonic, Rtt};
use crate::resolve::Resolution;
use cursor::Cursor;
use describe::Lifetime;
use ended::EndedRing;
use hashbrown::HashMap;
use longwire_model::connection::Traffic;
use longwire_model::identity::UnixNanos;
use longwire_model::live::{LiveBatch, Moved, Watched, WatchedNamespaces};
use outbox::Outbox;
use std::mem;

/// Most connections that a batch describes: with names as long as Kubernetes allows, a description takes 4 KiB.
pub(crate) const MAX_DESCRIBED: usize = 256;

/// Most ends that are looked at for a batch: the lock is held meanwhile, and a history may have few that are watched.
const MAX_LOOKED_AT: usize = 8_192;

/// Most numbers without an end in a batch.
const MAX_GONE: usize = 4_096;

/// Since the begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Updates that were taken: connections that moved, and ends.
    pub updates: u64,
    /// Updates that were left out, because outbox or ring was full.
    pub missed: u64,
}

#[derive(Debug)]
pub struct Live {
    /// Somebody watches.
    is_on: bool,
    watched: Watched,
    /// How often something else was watched than before.
    changes: u64,
    /// Of each live connection that was seen since the generation began.
    cursors: HashMap<u64, Cursor>,
    /// Cursors in scope without a number.
    undescribed: usize,
    /// The number that was given last.
    numbered: u32,
    outbox: Outbox,
    ended: EndedRing,
    /// Numbers of connections that are over, of whose ends nothing is known.
    gone: Vec<u32>,
    progress: Progress,
    /// Of `counts.missed`: reported.
    told: u64,
    counts: LiveCounts,
}

/// How far a generation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// No pass has begun since.
    Waits,
    /// A pass runs, or left something out.
    Passing,
    /// A pass has seen all that live.
    Seen,
    /// And they are described.
    Complete,
}

/// What a live connection is, at the moment at which it is taken.
#[derive(Debug)]
pub(crate) struct Living<'a> {
    pub(crate) id: u64,
    pub(crate) resolution: &'a Resolution,
    pub(crate) opened: Monotonic,
    pub(crate) adopted: bool,
    /// The observing socket's own view.
    pub(crate) traffic: Traffic,
}

impl Live {
    /// `history`: connections that ended last, and are kept. 0: nothing can be watched.
    pub(crate) fn new(history: usize) -> Self {
        Self {
            is_on: false,
            watched: Watched::default(),
            changes: 0,
            cursors: HashMap::new(),
            undescribed: 0,
            numbered: 0,
            outbox: Outbox::default(),
            ended: EndedRing::new(history),
            gone: Vec::new(),
            progress: Progress::Waits,
            told: 0,
            counts: LiveCounts::default(),
        }
    }

    /// A new generation begins, unless this one is watched already.
    pub(crate) fn watch(&mut self, watched: &Watched) {
        if self.watched == *watched || self.ended.is_off() {
            return;
        }
        self.ended.begin(self.is_on, watched.history);
        self.is_on = watched.is_on();
        self.watched.clone_from(watched);
        self.changes += 1;
        (self.cursors, self.outbox, self.gone) = (HashMap::new(), Outbox::default(), Vec::new());
        (self.undescribed, self.numbered, self.progress) = (0, 0, Progress::Waits);
        self.told = self.counts.missed;
    }

    /// Somebody watches.
    #[must_use]
    #[inline]
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// How often something else was watched than before.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    #[must_use]
    pub fn counts(&self) -> LiveCounts {
        self.counts
    }

    /// Connections that ended and are kept, now.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.ended.len()
    }

    /// Something can be watched, and ends are kept.
    #[must_use]
    pub fn is_available(&self) -> bool {
        !self.ended.is_off()
    }

    pub(crate) fn begin_pass(&mut self) {
        if self.progress == Progress::Waits {
            self.progress = Progress::Passing;
        }
    }

    /// `complete`: no live connection was left out.
    pub(crate) fn end_pass(&mut self, complete: bool) {
        if complete && self.progress == Progress::Passing {
            self.progress = Progress::Seen;
        }
    }

    /// It is resolved, and can be described from now on.
    pub(crate) fn opened(
        &mut self,
        subject: (u64, &Resolution),
        handshake: Option<Monotonic>,
        rtt: Rtt,
        now: Monotonic,
    ) {
        self.sampled(subject, true, rtt, now);
        if let Some(cursor) = self.cursors.get_mut(&subject.0) {
            cursor.handshake = handshake;
        }
    }

    /// A pass saw it. `has_moved`: since the last one.
    pub(crate) fn sampled(&mut self, (id, resolution): (u64, &Resolution), has_moved: bool, rtt: Rtt, now: Monotonic) {
        let Self { watched, cursors, undescribed, outbox, counts, .. } = self;
        let cursor = cursors.entry(id).or_insert_with(|| {
            let is_in_scope = touches(&watched.namespaces, resolution);
            *undescribed += usize::from(is_in_scope);
            Cursor::new(is_in_scope, now)
        });
        cursor.observe(has_moved, rtt, now);
        if cursor.is_due(now) {
            if outbox.push(id) {
                cursor.queued();
            } else {
                counts.missed += 1;
            }
        }
    }

    /// It is over. Its names move into the ring instead of being dropped.
    pub(crate) fn end(&mut self, id: u64, resolution: Resolution, mut last: Last) {
        let cursor = self.forget(id);
        if let Some(cursor) = &cursor {
            last.remember(cursor.rtt, cursor.handshake);
        }
        let Self { is_on, watched, ended, gone, counts, .. } = self;
        let number = cursor.map_or(0, |cursor| cursor.number);
        let Some(unread) = ended.push(resolution, last, number) else { return };
        if *is_on && (unread.number != 0 || touches(&watched.namespaces, &unread.resolution)) {
            counts.missed += 1;
            gone.extend((unread.number != 0).then_some(unread.number));
        }
    }

    /// It is over, and how is not known.
    pub(crate) fn lose(&mut self, id: u64) {
        let number = self.forget(id).map_or(0, |cursor| cursor.number);
        self.gone.extend((number != 0).then_some(number));
    }

    fn forget(&mut self, id: u64) -> Option<Cursor> {
        let cursor = self.cursors.remove(&id)?;
        self.undescribed -= usize::from(cursor.is_in_scope() && cursor.number == 0);
        Some(cursor)
    }

    /// An empty batch of this generation. `None`: nobody watches.
    pub(crate) fn batch(&self, at: UnixNanos) -> Option<LiveBatch> {
        self.is_on.then(|| LiveBatch { generation: self.watched.generation, at, ..LiveBatch::default() })
    }

    /// At most so many ends, oldest first.
    pub(crate) fn take_ended(&mut self, most: usize, batch: &mut LiveBatch) {
        let Self { watched, ended, counts, .. } = self;
        for _ in 0..MAX_LOOKED_AT {
            if batch.ended.len() >= most.min(MAX_DESCRIBED) {
                break;
            }
            let Some(kept) = ended.next() else { break };
            if kept.number == 0 && !touches(&watched.namespaces, &kept.resolution) {
                continue;
            }
            counts.updates += 1;
            batch.ended.push(kept.said());
        }
    }

    /// The next connection of the outbox.
    pub(crate) fn next(&mut self) -> Option<u64> {
        self.outbox.pop()
    }

    pub(crate) fn take(&mut self, living: &Living<'_>, (now, clock): (Monotonic, UnixNanos), batch: &mut LiveBatch) {
        let Some(cursor) = self.cursors.get_mut(&living.id) else { return };
        cursor.taken(now);
        let Living { id, resolution, opened, adopted, traffic } = *living;
        if cursor.number == 0 {
            // A number that comes again would name two connections.
            let Some(number) = self.numbered.checked_add(1) else {
                self.counts.missed += 1;
                return;
            };
            self.undescribed -= 1;
            (self.numbered, cursor.number) = (number, number);
            let lifetime = Lifetime { id, start: opened.saturating_add(clock), handshake: cursor.handshake, adopted };
            batch.described.push((cursor.number, describe::describe(resolution, lifetime)));
        }
        let at = cursor.at.saturating_add(clock);
        let traffic = traffic.oriented(resolution.reporter());
        batch.moved.push((cursor.number, moved(at, traffic, cursor.rtt)));
        self.counts.updates += 1;
    }

    /// The batch, if there is something in it.
    pub(crate) fn seal(&mut self, mut batch: LiveBatch) -> Option<LiveBatch> {
        batch.gone = self.gone.drain(..self.gone.len().min(MAX_GONE)).collect();
        batch.missed = self.counts.missed - mem::replace(&mut self.told, self.counts.missed);
        let completes = self.progress == Progress::Seen && self.undescribed == 0;
        if completes {
            self.progress = Progress::Complete;
        }
        batch.complete = self.progress == Progress::Complete;
        let LiveBatch { generation: _, at: _, described: _, moved, ended, gone, complete: _, missed } = &batch;
        let has_news = completes || !moved.is_empty() || !ended.is_empty() || !gone.is_empty() || *missed != 0;
        has_news.then_some(batch)
    }
}

/// One of its ends is in a namespace that is watched.
fn touches(namespaces: &WatchedNamespaces, resolution: &Resolution) -> bool {
    let edge = resolution.edge();
    let mut ends = [edge.source, edge.destination].into_iter().flatten();
    *namespaces == WatchedNamespaces::All || ends.any(|workload| namespaces.contains(&workload.namespace))
}

fn moved(at: UnixNanos, traffic: Traffic, rtt: Rtt) -> Moved {
    let known = |us: u32| (us != 0).then_some(us);
    Moved { at, traffic, rtt_us: known(rtt.smoothed_us), min_rtt_us: known(rtt.least_us) }
}
