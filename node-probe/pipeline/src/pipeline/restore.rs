//! Restores a pipeline from its saved state, as if no time had passed, except that timeouts start anew.
//!
//! An item that cannot be true is left out, and no counter is ever too high for it:
//!
//! ```text
//! a label set           begins at 0; connections that recorded into it acquire their series anew
//! a live connection     its id stays, so that nothing is counted twice, and it is not reported any more
//! ... of unknown id     Dropped::must_adopt: all are abandoned and adopted anew
//! a pending connection  nothing was recorded of it yet: it is forgotten, and announces itself again
//! a pod's slot          keeps its index, so that others keep theirs
//! ```

use super::saved::{Dropped, Item, ItemKind, ItemReader};
use super::stage::{Recording, SavedStage, Stage};
use super::{Options, Pipeline};
use crate::connection::{SavedConnection, Totals};
use crate::labels::{ConnectionLabels, EnvoyLabels, LocalityLabels, ServiceLabels, WorkloadLabels};
use crate::log::{Candidate, LogCursor, SavedLog};
use crate::metrics::{LABEL_SET, Moved, Restoring};
use crate::observation::Delta;
use crate::record::Monotonic;
use crate::resolve::{PendingConnection, PendingCounters, PodSlot, Resolution, SavedPending};
use crate::shared::Shared;
use crate::state::{Flaw, InvalidState};
use hashbrown::HashMap;

/// Keys of pending connections and counters of one connection stay far below.
const PLAUSIBLE: u64 = 1 << 60;

/// A restored pipeline, and what was left out of its state.
#[derive(Debug)]
pub struct Restored {
    pub pipeline: Pipeline,
    pub dropped: Dropped,
}

/// What is put together once all items are read.
#[derive(Default)]
struct Loose {
    moved: Moved,
    pending: Vec<PendingConnection>,
    /// Keys of pending connections that are live, and their ids.
    waiting: HashMap<u64, u64>,
}

impl Pipeline {
    /// The pipeline whose state this is. A scrape shows what was saved. Start times stay as they were exposed, so the state's
    /// `wall_clock_offset` replaces that of `options`; limits are those of `options`. Single items that cannot be true
    /// are left out.
    ///
    /// # Errors
    /// Bytes that are no state of a version that is read: cut, of another build, or with items missing.
    pub fn restore(options: Options, state: &[u8], now: Monotonic) -> Result<Restored, InvalidState> {
        let (mut reader, head) = ItemReader::new(state)?;
        let clock = options.wall_clock_offset;
        let mut pipeline = Self::new(Options { wall_clock_offset: head.wall_clock_offset, ..options });
        // The clock may have been set since.
        pipeline.set_clock(clock);
        if head.last_key > PLAUSIBLE {
            return Err(reader.invalid(Flaw::Implausible("key")));
        }
        pipeline.resolver.restore_last_key(head.last_key);
        pipeline.resolver.restore_configured(head.configured);
        pipeline.configure(&head.settings());
        let mut loose = Loose::default();
        while let Some(item) = reader.next()? {
            let with = Restoring { shared: &reader.shared, version: head.version, now };
            let restored = item.and_then(|item| pipeline.restore_item(item, &with, &mut loose));
            if let Err(flaw) = restored {
                reader.drop(flaw);
                if reader.kind() == ItemKind::Slot {
                    pipeline.resolver.restore_slot_gap();
                }
            }
        }
        for id in loose.waiting.into_values() {
            pipeline.connections.forget(id);
        }
        pipeline.store.restored(now);
        for connection in loose.pending {
            pipeline.reopen(connection, now);
        }
        pipeline.conclude_resolved(now);
        Ok(Restored { pipeline, dropped: reader.dropped })
    }

    fn restore_item(&mut self, item: Item<'_>, with: &Restoring<'_>, loose: &mut Loose) -> Result<(), Flaw> {
        let (store, moved) = (&mut self.store, &mut loose.moved);
        let &Restoring { shared, now, .. } = with;
        match item {
            Item::Snapshots(snapshots) => store.restore_snapshots(snapshots, now),
            Item::Slot(slot) => self.resolver.restore_slot(slot, shared),
            Item::NetnsOwner(netns_owner) => self.resolver.restore_netns_owner(netns_owner),
            Item::Cgroup(cgroup) => {
                self.resolver.restore_cgroup(cgroup);
                Ok(())
            }
            Item::Identity(identity) => self.resolver.restore_identity(identity, shared),
            Item::ServiceSet(set) => store.restore_set::<ServiceLabels>(set, with, moved),
            Item::LocalitySet(set) => store.restore_set::<LocalityLabels>(set, with, moved),
            Item::WorkloadSet(set) => store.restore_set::<WorkloadLabels>(set, with, moved),
            Item::ConnectionSet(set) => store.restore_set::<ConnectionLabels>(set, with, moved),
            Item::ClusterSet(set) => store.restore_set::<EnvoyLabels>(set, with, moved),
            Item::Connection(connection) => self.restore_connection(&connection, shared, loose, now),
            Item::Closed(closed) => self.connections.restore_closed(&closed),
            Item::Pair(pair) => self.resolver.restore_pair(pair, shared),
            Item::Pending(pending) => self.restore_pending(&pending, shared, loose, now),
            Item::Head(_)
            | Item::Workload(_)
            | Item::Service(_)
            | Item::Place(_)
            | Item::Pod(_)
            | Item::Edge(_)
            | Item::Telemetry(_)
            | Item::End { .. } => Err(Flaw::Misplaced),
        }
    }

    fn restore_connection(
        &mut self,
        saved: &SavedConnection<SavedStage<'_>>,
        shared: &Shared,
        loose: &mut Loose,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        if self.connections.knows(saved.id) {
            return Err(Flaw::Twice("connection"));
        }
        let is_true = is_possible(&saved.seen) && saved.baseline.as_ref().is_none_or(is_possible);
        let (stage, restored) = match &saved.stage {
            SavedStage::Ignored => (Stage::Ignored, Ok(())),
            _ if !is_true => (Stage::Ignored, Err(Flaw::Implausible("counter"))),
            SavedStage::Pending { key, .. } if loose.waiting.contains_key(key) => {
                return Err(Flaw::Twice("pending connection"));
            }
            &SavedStage::Pending { key, rtt_us } => {
                loose.waiting.insert(key, saved.id);
                (Stage::Pending { key, rtt_us }, Ok(()))
            }
            SavedStage::Recording { held, slot, was_long, resolution, log } => {
                match Resolution::restore(*resolution, shared) {
                    Ok(resolution) => {
                        let (held, whole) = self.store.hold(held, &loose.moved);
                        let slot = self.resolver.restore_held(*slot, whole.is_ok());
                        let candidate =
                            Candidate { shared_id: resolution.id(), id: saved.id, opened: saved.opened, now };
                        let log = self.restore_log(slot, candidate, log.0);
                        let recording = Recording::restore(held, (slot, *was_long), resolution, log, &self.store);
                        // A label set that was left out is counted already.
                        let is_counted = whole == Err(Flaw::Dangling(LABEL_SET));
                        (Stage::Recording(recording), if is_counted { Ok(()) } else { whole })
                    }
                    Err(flaw) => (Stage::Ignored, Err(flaw)),
                }
            }
        };
        self.connections.restore(saved, stage);
        restored
    }

    /// `saved`: `None` if nothing of it was logged.
    fn restore_log(&mut self, slot: PodSlot, candidate: Candidate, saved: Option<SavedLog>) -> Option<Box<LogCursor>> {
        let local = self.resolver.local_now(slot)?;
        let log = self.journal.follow(&local.telemetry, candidate, false);
        LogCursor::resumed(log, saved)
    }

    /// Pending connections come after the entries of live connections, which have their keys.
    fn restore_pending(
        &mut self,
        saved: &SavedPending,
        shared: &Shared,
        loose: &mut Loose,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        if saved.key > self.resolver.last_key() || loose.pending.last().is_some_and(|last| last.key >= saved.key) {
            return Err(Flaw::Implausible("key"));
        }
        match saved.counters {
            PendingCounters::Ended(delta) if !is_plausible(&delta) => return Err(Flaw::Implausible("counter")),
            PendingCounters::Live { id, .. } if loose.waiting.get(&saved.key) != Some(&id) => {
                return Err(Flaw::Dangling("connection"));
            }
            PendingCounters::Ended(_) | PendingCounters::Live { .. } => {}
        }
        let connection = self.resolver.restore_pending(saved, shared, self.moment(now))?;
        if let PendingCounters::Live { .. } = saved.counters {
            loose.waiting.remove(&saved.key);
        }
        loose.pending.push(connection);
        Ok(())
    }
}

fn is_possible(totals: &Totals) -> bool {
    let Totals { sent, received, retransmitted_bytes, retransmits: _, lost: _ } = *totals;
    [sent, received, retransmitted_bytes].iter().all(|counter| *counter <= PLAUSIBLE)
}

fn is_plausible(delta: &Delta) -> bool {
    let Delta {
        sent, received, retransmitted_bytes, retransmits, lost, opened, closed, closed_by_remote, failed, ..
    } = *delta;
    let failed = failed.map_or(0, |(_, count)| count);
    let sums = [sent, received, retransmitted_bytes, retransmits, lost, opened, closed, closed_by_remote, failed];
    sums.iter().all(|sum| *sum <= PLAUSIBLE)
}
