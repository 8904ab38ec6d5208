//! The stage of a live connection on its way to its series.

mod saved;

pub(super) use saved::SavedStage;

use super::candidates::{Candidates, Rank};
use super::emit::{Happened, Subject};
use super::series::{self, ALL, AT_ONCE, LONG};
use crate::connection::{Entry, Totals};
use crate::live::Live;
use crate::log::{Candidate, Clock, Journal, LogCursor};
use crate::metrics::{SeriesHandles, SeriesStore};
use crate::observation::{Delta, Reporter};
use crate::record::{Monotonic, Rtt};
use crate::resolve::{Local, PodSlot, Resolution, Resolver};
use longwire_model::identity::UnixNanos;
use longwire_model::series::Metrics;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug)]
pub(super) enum Stage {
    /// Its ends are not resolved yet. `key`: of the pending connection. `rtt_us`: a round-trip time to record later; 0: none.
    Pending {
        key: u64,
        rtt_us: u32,
    },
    Recording(Recording),
    /// It is not reported. The entry stays, so that its samples are known.
    Ignored,
}

impl Stage {
    /// The series that it records into.
    pub(super) fn held(&self) -> Option<&SeriesHandles> {
        match self {
            Self::Recording(recording) => Some(&recording.held),
            Self::Pending { .. } | Self::Ignored => None,
        }
    }
}

/// A connection that records into its series.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Recording {
    pub(super) held: SeriesHandles,
    pub(super) slot: PodSlot,
    long: Long,
    /// The resolution's. A copy, because no sample should need to read the resolution.
    pub(super) reporter: Reporter,
    /// `None`: nothing of it is logged.
    pub(super) log: Option<Box<LogCursor>>,
    /// In place and last: a million boxes would lie between what is freed, and keep its memory.
    pub(super) resolution: Resolution,
}

/// Whether a connection has series of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Long {
    /// Too young, or there is no choice yet.
    No,
    /// There was no room: it records into the overflow set.
    Overflow,
    /// It has all that are on for it.
    Own,
}

/// What recording needs beside the connection.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    pub(super) store: &'a mut SeriesStore,
    pub(super) candidates: &'a mut Candidates,
    pub(super) resolver: &'a Resolver,
    pub(super) journal: &'a mut Journal,
    pub(super) live: &'a mut Live,
    /// Evaluations of expressions that failed.
    pub(super) expression_errors: &'a mut u64,
    /// Age from which a connection is long, unless its pod's telemetry has another.
    pub(super) long: Monotonic,
    pub(super) wall_clock_offset: UnixNanos,
    pub(super) now: Monotonic,
    #[cfg(test)]
    pub(super) collected: &'a mut Vec<super::tests::Collected>,
}

impl Recorder<'_> {
    fn start(&self, opened: Monotonic) -> UnixNanos {
        opened.saturating_add(self.wall_clock_offset)
    }

    /// Now, by both clocks. The wall clock may have been set since the begin.
    pub(super) fn clock(&self) -> Clock {
        Clock { monotonic: self.now, wall: self.now.saturating_add(self.resolver.clock()) }
    }
}

impl Recording {
    /// `wanted`: metrics that it can record into.
    pub(super) fn new(
        local: &Local,
        mut resolution: Resolution,
        (id, opened, wanted): (u64, Monotonic, Metrics),
        recorder: &mut Recorder<'_>,
    ) -> Self {
        let edited =
            if recorder.resolver.is_edited(local.slot) { recorder.resolver.local_now(local.slot) } else { None };
        if let Some(edited) = &edited {
            resolution.renew(Arc::clone(&edited.pod));
        }
        let local = edited.as_ref().unwrap_or(local);
        let (start, mut held) = (recorder.start(opened), SeriesHandles::default());
        series::acquire((local, &resolution), wanted, start, recorder, &mut held);
        let candidate = Candidate { shared_id: resolution.id(), id, opened, now: recorder.now };
        let log = recorder.journal.follow(&local.telemetry, candidate, wanted == series::FAILED);
        Self { held, slot: local.slot, long: Long::No, reporter: resolution.reporter(), log, resolution }
    }

    /// It counts as active from now on.
    pub(super) fn activate(&self, recorder: &mut Recorder<'_>) {
        recorder.store.activate(&self.held);
    }

    pub(super) fn deactivate(&self, recorder: &mut Recorder<'_>) {
        recorder.store.deactivate(&self.held);
    }

    /// Metrics and tags of its pod may have been edited since it acquired its series. Hardly any sample finds an edit.
    #[inline]
    pub(super) fn apply_edits(&mut self, (id, opened): (u64, Monotonic), recorder: &mut Recorder<'_>) {
        if recorder.resolver.is_edited(self.slot) {
            self.reacquire((id, opened), recorder);
        }
    }

    /// It records into the series that are on now, from here on. What it recorded before stays where it is. It stays active.
    #[cold]
    fn reacquire(&mut self, (id, opened): (u64, Monotonic), recorder: &mut Recorder<'_>) {
        let Some(local) = recorder.resolver.local_now(self.slot) else { return };
        self.slot = local.slot;
        let candidate = Candidate { shared_id: self.resolution.id(), id, opened, now: recorder.now };
        let log = recorder.journal.follow(&local.telemetry, candidate, false);
        self.log = LogCursor::edited(log, self.log.take());
        self.resolution.renew(Arc::clone(&local.pod));
        let wanted = if self.long == Long::No { AT_ONCE } else { ALL };
        let (start, mut held) = (recorder.start(opened), SeriesHandles::default());
        series::acquire((&local, &self.resolution), wanted, start, recorder, &mut held);
        recorder.store.activate(&held);
        recorder.store.deactivate(&self.held);
        let before = mem::replace(&mut self.held, held);
        recorder.store.release(&before, recorder.now);
        self.update_long(recorder.store);
        recorder.store.begin(&self.held, self.reporter, &Totals::default(), recorder.now);
    }

    /// Looks whether it found room.
    fn update_long(&mut self, store: &SeriesStore) {
        if self.long != Long::No {
            self.long = if store.is_overflowed(&self.held) { Long::Overflow } else { Long::Own };
        }
    }

    /// The series that it would record into if this were configured for its pod.
    pub(super) fn would_hold(
        &self,
        local: &Local,
        (opened, now): (Monotonic, Monotonic),
        (usual, wall_clock_offset): (Monotonic, UnixNanos),
        source: &mut impl series::Source,
    ) -> SeriesHandles {
        let mut resolution = self.resolution.clone();
        resolution.renew(Arc::clone(&local.pod));
        let is_long =
            self.long != Long::No || now.saturating_sub(opened) >= threshold(local.telemetry.long_connections, usual);
        let wanted = if is_long { ALL } else { AT_ONCE };
        let mut held = SeriesHandles::default();
        let start = opened.saturating_add(wall_clock_offset);
        series::acquire((local, &resolution), wanted, start, source, &mut held);
        held
    }

    /// Older than its pod's threshold, or than the usual one.
    fn is_old_enough(&self, opened: Monotonic, recorder: &Recorder<'_>) -> bool {
        recorder.now.saturating_sub(opened) >= threshold(recorder.resolver.long(self.slot), recorder.long)
    }

    /// It gets series of its own. They begin with all that it has moved, so that they equal its counters.
    fn add_own(&mut self, opened: Monotonic, total: Totals, recorder: &mut Recorder<'_>) {
        self.long = Long::Own;
        if let Some(own) = self.acquire_own(opened, recorder) {
            recorder.store.begin(&own, self.reporter, &total, recorder.now);
            self.held.extend(&own);
            self.update_long(recorder.store);
        }
    }

    /// There is room now. What it moved before stays in the overflow set, and its own series begin at 0.
    fn leave_overflow(&mut self, opened: Monotonic, recorder: &mut Recorder<'_>) {
        let Some(own) = self.acquire_own(opened, recorder) else { return };
        let (mut held, folded) = self.held.split(LONG);
        held.extend(&own);
        self.held = held;
        recorder.store.release(&folded, recorder.now);
        recorder.store.begin(&own, self.reporter, &Totals::default(), recorder.now);
        self.update_long(recorder.store);
    }

    fn acquire_own(&self, opened: Monotonic, recorder: &mut Recorder<'_>) -> Option<SeriesHandles> {
        let local = recorder.resolver.local_now(self.slot)?;
        let (start, mut own) = (recorder.start(opened), SeriesHandles::default());
        series::acquire((&local, &self.resolution), LONG, start, recorder, &mut own);
        Some(own)
    }

    /// Such series are on for its pod, and its namespace's share has room for them.
    fn can_have_own(&self, recorder: &Recorder<'_>) -> bool {
        recorder.resolver.telemetry_now(self.slot).is_some_and(|telemetry| series::has_long(telemetry, self.reporter))
            && recorder.store.has_room_for_long(self.resolution.edge())
    }

    pub(super) fn release(&self, recorder: &mut Recorder<'_>) {
        recorder.store.release(&self.held, recorder.now);
    }
}

/// Age from which a connection is long. `own`: its pod's.
fn threshold(own: Option<Duration>, usual: Monotonic) -> Monotonic {
    own.map_or(usual, |own| u64::try_from(own.as_nanos()).unwrap_or(u64::MAX))
}

/// Records what a live connection has moved, and what its age alone brings.
pub(super) fn advance(entry: &mut Entry<Stage>, gain: Totals, rtt: Rtt, recorder: &mut Recorder<'_>) {
    let rtt_us = (gain.has_data() && rtt.smoothed_us != 0).then_some(rtt.smoothed_us);
    let (id, opened) = (entry.id, entry.opened);
    match entry.split() {
        (Stage::Ignored, _) => {}
        (Stage::Pending { rtt_us: kept, .. }, _) => *kept = rtt_us.unwrap_or(*kept),
        (Stage::Recording(recording), moved) => {
            recording.apply_edits((id, opened), recorder);
            if !gain.is_zero() {
                let new = Delta { rtt_us, ..gain.delta() };
                let subject = Subject { id, opened, moved: Some(moved) };
                recording.emit(subject, Happened::sampled(&new, rtt), recorder);
            }
            recording.passed(Subject { id, opened, moved: Some(moved) }, rtt, recorder);
            if recorder.live.is_on() {
                recorder.live.sampled((id, &recording.resolution), !gain.is_zero(), rtt, recorder.now);
            }
            entry.rtt_observed |= rtt_us.is_some();
            add_own_if_due(entry, recorder);
        }
    }
}

/// A connection that is old enough gets series of its own: at once where there is room for all, else the end of the pass chooses.
#[inline]
fn add_own_if_due(entry: &mut Entry<Stage>, recorder: &mut Recorder<'_>) {
    let Stage::Recording(recording) = &entry.stage else { return };
    let is_due = match recording.long {
        Long::Own => false,
        Long::Overflow => recorder.candidates.are_wanted(),
        Long::No => recording.is_old_enough(entry.opened, recorder),
    };
    if is_due {
        compete(entry, recorder);
    }
}

#[cold]
fn compete(entry: &mut Entry<Stage>, recorder: &mut Recorder<'_>) {
    let (id, opened, total) = (entry.id, entry.opened, entry.total());
    let Stage::Recording(recording) = &mut entry.stage else { return };
    if recorder.candidates.are_wanted() && recording.can_have_own(recorder) {
        let bytes = total.sent.saturating_add(total.received);
        recorder.candidates.offer(Rank::new(id, recorder.now.saturating_sub(opened), bytes));
    } else if recording.long == Long::No {
        recording.add_own(opened, total, recorder);
    }
}

/// The end of the pass has chosen this connection.
pub(super) fn chosen(entry: &mut Entry<Stage>, recorder: &mut Recorder<'_>) {
    let (opened, total) = (entry.opened, entry.total());
    let Stage::Recording(recording) = &mut entry.stage else { return };
    match recording.long {
        Long::No => recording.add_own(opened, total, recorder),
        // Connections that were chosen before it may have used up its share.
        Long::Overflow if recording.can_have_own(recorder) => recording.leave_overflow(opened, recorder),
        Long::Overflow | Long::Own => {}
    }
}
