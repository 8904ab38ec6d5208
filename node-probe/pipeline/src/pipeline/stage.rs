//! How far a live connection has come on its way to its series.

mod saved;

pub(super) use saved::SavedStage;

use super::candidates::{Candidates, Rank};
use super::feeds::{self, ALL, AT_ONCE, LONG};
use crate::connection::{Entry, Totals};
use crate::metrics::{Aggregate, Attribution};
use crate::observation::{Delta, Reporter};
use crate::record::Monotonic;
use crate::resolve::{Local, PodSlot, Resolution, Resolver};
use longwire_model::identity::UnixNanos;
use longwire_model::series::Metrics;
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
    long: Long,
    /// The resolution's, which is far away in memory: no sample needs it for this.
    reporter: Reporter,
    resolution: Box<Resolution>,
}

/// How far it is with series of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Long {
    /// Too young, or there is no choice yet.
    No,
    /// It found no room, and feeds what all such feed.
    Folded,
    /// What there was for it, it got.
    Served,
}

/// What crediting needs beside the connection.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    pub(super) aggregate: &'a mut Aggregate,
    pub(super) candidates: &'a mut Candidates,
    pub(super) resolver: &'a Resolver,
    /// Times that an expression had no value.
    pub(super) expression_errors: &'a mut u64,
    /// Age from which a connection is long where its pod's telemetry does not say.
    pub(super) long: Monotonic,
    pub(super) wall_clock_offset: UnixNanos,
    pub(super) now: Monotonic,
}

impl Recorder<'_> {
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
        recorder: &mut Recorder<'_>,
    ) -> Self {
        let edited =
            if recorder.resolver.is_edited(local.slot) { recorder.resolver.local_now(local.slot) } else { None };
        if let Some(edited) = &edited {
            resolution.renew(Arc::clone(&edited.pod));
        }
        let local = edited.as_ref().unwrap_or(local);
        let (start, mut held) = (recorder.start(opened), Attribution::default());
        feeds::take((local, &resolution), wanted, start, recorder, &mut held);
        Self { held, slot: local.slot, long: Long::No, reporter: resolution.edge.reporter, resolution }
    }

    /// It begins to be active.
    pub(super) fn activate(&self, recorder: &mut Recorder<'_>) {
        recorder.aggregate.activate(&self.held);
    }

    pub(super) fn deactivate(&self, recorder: &mut Recorder<'_>) {
        recorder.aggregate.deactivate(&self.held);
    }

    pub(super) fn credit(&self, delta: &Delta, recorder: &mut Recorder<'_>) {
        recorder.aggregate.add(&self.held, self.reporter, delta, recorder.now);
    }

    /// What is on for its pod may have been edited since it looked last. Hardly any sample finds that it was.
    #[inline]
    pub(super) fn heed_edits(&mut self, opened: Monotonic, recorder: &mut Recorder<'_>) {
        if recorder.resolver.is_edited(self.slot) {
            self.take_anew(opened, recorder);
        }
    }

    /// It feeds what is on now: from here on, and nothing of what it fed before. It was active, and is so there.
    #[cold]
    fn take_anew(&mut self, opened: Monotonic, recorder: &mut Recorder<'_>) {
        let Some(local) = recorder.resolver.local_now(self.slot) else { return };
        self.slot = local.slot;
        self.resolution.renew(Arc::clone(&local.pod));
        let wanted = if self.long == Long::No { AT_ONCE } else { ALL };
        let (start, mut held) = (recorder.start(opened), Attribution::default());
        feeds::take((&local, &self.resolution), wanted, start, recorder, &mut held);
        recorder.aggregate.activate(&held);
        recorder.aggregate.deactivate(&self.held);
        let before = mem::replace(&mut self.held, held);
        recorder.aggregate.release(&before, recorder.now);
        self.look_at_long(recorder.aggregate);
        self.credit(&Delta::default(), recorder);
    }

    /// Whether it has found room.
    fn look_at_long(&mut self, aggregate: &Aggregate) {
        if self.long != Long::No {
            self.long = if aggregate.is_folded(&self.held) { Long::Folded } else { Long::Served };
        }
    }

    /// Older than its pod's threshold, or than the usual one.
    fn is_old_enough(&self, opened: Monotonic, recorder: &Recorder<'_>) -> bool {
        let own = recorder.resolver.long(self.slot);
        let long = own.map_or(recorder.long, |long| u64::try_from(long.as_nanos()).unwrap_or(u64::MAX));
        recorder.now.saturating_sub(opened) >= long
    }

    /// It gets series of its own, which begin with all it has moved, so that they equal its counters.
    fn lengthen(&mut self, opened: Monotonic, total: Totals, recorder: &mut Recorder<'_>) {
        self.long = Long::Served;
        if let Some(alone) = self.alone(opened, recorder) {
            recorder.aggregate.add(&alone, self.reporter, &total.delta(), recorder.now);
            self.held.extend(&alone);
            self.look_at_long(recorder.aggregate);
        }
    }

    /// There is room now. What it moved before stays where it was counted, and its own series begin at 0.
    fn unfold(&mut self, opened: Monotonic, recorder: &mut Recorder<'_>) {
        let Some(alone) = self.alone(opened, recorder) else { return };
        let (mut held, folded) = self.held.split(LONG);
        held.extend(&alone);
        self.held = held;
        recorder.aggregate.release(&folded, recorder.now);
        recorder.aggregate.add(&alone, self.reporter, &Delta::default(), recorder.now);
        self.look_at_long(recorder.aggregate);
    }

    fn alone(&self, opened: Monotonic, recorder: &mut Recorder<'_>) -> Option<Attribution> {
        let local = recorder.resolver.local_now(self.slot)?;
        let (start, mut alone) = (recorder.start(opened), Attribution::default());
        feeds::take((&local, &self.resolution), LONG, start, recorder, &mut alone);
        Some(alone)
    }

    /// It is on for its pod, and a share has room for it.
    fn can_have_own(&self, recorder: &Recorder<'_>) -> bool {
        recorder.resolver.telemetry_now(self.slot).is_some_and(|telemetry| feeds::has_long(telemetry, self.reporter))
            && recorder.aggregate.has_room_for_long(&self.resolution.edge)
    }

    pub(super) fn release(self, recorder: &mut Recorder<'_>) {
        recorder.aggregate.release(&self.held, recorder.now);
    }
}

/// A live connection has moved by `gain`, or only grown older.
pub(super) fn advance(entry: &mut Entry<Stage>, gain: Totals, srtt_us: u32, recorder: &mut Recorder<'_>) {
    let rtt_us = (gain.has_data() && srtt_us != 0).then_some(srtt_us);
    match &mut entry.stage {
        Stage::Ignored => {}
        Stage::Waiting { rtt_us: kept, .. } => *kept = rtt_us.unwrap_or(*kept),
        Stage::Following(following) => {
            following.heed_edits(entry.opened, recorder);
            if !gain.is_zero() {
                entry.rtt_observed |= rtt_us.is_some();
                following.credit(&Delta { rtt_us, ..gain.delta() }, recorder);
            }
            lengthen_if_due(entry, recorder);
        }
    }
}

/// At once where there is no choice; else it is one of those from whom the end of the pass chooses.
#[inline]
fn lengthen_if_due(entry: &mut Entry<Stage>, recorder: &mut Recorder<'_>) {
    let Stage::Following(following) = &entry.stage else { return };
    let is_due = match following.long {
        Long::Served => false,
        Long::Folded => recorder.candidates.are_wanted(),
        Long::No => following.is_old_enough(entry.opened, recorder),
    };
    if is_due {
        compete(entry, recorder);
    }
}

#[cold]
fn compete(entry: &mut Entry<Stage>, recorder: &mut Recorder<'_>) {
    let (id, opened, total) = (entry.id, entry.opened, entry.total());
    let Stage::Following(following) = &mut entry.stage else { return };
    if recorder.candidates.are_wanted() && following.can_have_own(recorder) {
        let bytes = total.sent.saturating_add(total.received);
        recorder.candidates.offer(Rank::new(id, recorder.now.saturating_sub(opened), bytes));
    } else if following.long == Long::No {
        following.lengthen(opened, total, recorder);
    }
}

/// It was chosen.
pub(super) fn chosen(entry: &mut Entry<Stage>, recorder: &mut Recorder<'_>) {
    let (opened, total) = (entry.opened, entry.total());
    let Stage::Following(following) = &mut entry.stage else { return };
    match following.long {
        Long::No => following.lengthen(opened, total, recorder),
        // Those that were chosen before it may have taken its share.
        Long::Folded if following.can_have_own(recorder) => following.unfold(opened, recorder),
        Long::Folded | Long::Served => {}
    }
}
