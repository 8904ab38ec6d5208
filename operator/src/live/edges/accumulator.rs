//! One edge's sums, and what a connection has given to them.

use super::facts::EdgeFacts;
use super::rate::Rate;
use super::rtts::Rtts;
use super::sums::{Kernels, Sums};
use crate::live::merge::{Directions, Kernel, Merged, Phase, Why};
use crate::live::row::RowState;
use crate::live::view::Views;
use longwire_model::connection::FailReason;
use longwire_model::identity::UnixNanos;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Edge {
    /// No other edge has it, of this name neither.
    pub(super) number: u64,
    pub(super) facts: Arc<EdgeFacts>,
    /// Whose connection was its first.
    pub(super) node: Arc<str>,
    sums: Sums,
    rtts: Rtts,
    rate: Rate,
    /// Connections that are listed.
    rows: usize,
    /// Since when there are none.
    idle: Option<Instant>,
    pub(super) shown: Option<Arc<RowState<Sums>>>,
}

/// What a connection has given to its edge.
#[derive(Debug)]
pub(super) struct Given {
    phase: Phase,
    /// As the source's kernel counts, or the destination's while no probe sees the source.
    bytes: (End, Directions),
    /// Of the source and of the destination.
    kernels: [Option<Kernels>; 2],
    rtt: Option<u32>,
    /// It was open before: what it had done then is not counted.
    was_before: bool,
}

type End = usize;
const SOURCE: End = 0;
const DESTINATION: End = 1;

impl Edge {
    pub(super) fn new(number: u64, facts: EdgeFacts, node: &Arc<str>, (now, since): (Instant, UnixNanos)) -> Self {
        Self {
            number,
            facts: Arc::new(facts),
            node: Arc::clone(node),
            sums: Sums { since, ..Sums::default() },
            rtts: Rtts::default(),
            rate: Rate::new(now),
            rows: 0,
            idle: None,
            shown: None,
        }
    }

    pub(super) fn since(&self) -> UnixNanos {
        self.sums.since
    }

    /// A connection that it did not have. `start`: when it was established. `None`: before a probe saw it.
    pub(super) fn take(&mut self, merged: &Merged, start: Option<UnixNanos>) -> Given {
        let was_before = start.is_none_or(|start| start < self.sums.since);
        let (end, known) = bytes(merged);
        let bytes = (end, if was_before { known } else { Directions::default() });
        let kernels = [SOURCE, DESTINATION].map(|end| kernels(merged, end).filter(|_| was_before));
        let mut given = Given { phase: Phase::Open, bytes, kernels, rtt: None, was_before };
        self.rows += 1;
        self.idle = None;
        self.sums.open += 1;
        if merged.phase != Phase::Failed && !was_before {
            self.sums.opened += 1;
        }
        self.add(&mut given, merged);
        given
    }

    /// What it has done since. Returns whether that is anything.
    pub(super) fn add(&mut self, given: &mut Given, merged: &Merged) -> bool {
        let before = self.sums.clone();
        let sums = &mut self.sums;
        let (end, bytes) = bytes(merged);
        if end != given.bytes.0 && given.was_before {
            // Each end counts from when its probe saw it.
            given.bytes.1 = bytes;
        }
        sums.bytes.gain(bytes, given.bytes.1);
        given.bytes = (end, bytes.most(given.bytes.1));
        for end in [SOURCE, DESTINATION] {
            let Some(now) = kernels(merged, end) else { continue };
            // What this end had done before its probe was heard of is of an unknown time.
            let known = given.kernels[end].unwrap_or(if given.was_before { now } else { Kernels::default() });
            sums.kernels.add(now.since(known));
            given.kernels[end] = Some(now);
        }
        if given.phase == Phase::Open && merged.phase != Phase::Open {
            sums.open -= 1;
            match (merged.phase, merged.why) {
                (Phase::Failed, Some(Why::Failed(reason))) => *sums.failed.entry(reason.name()).or_default() += 1,
                (Phase::Failed, _) => *sums.failed.entry(FailReason::Other.name()).or_default() += 1,
                (Phase::Open | Phase::Closed, _) => sums.closed += 1,
            }
            given.phase = merged.phase;
        }
        let rtt = merged.kernels.iter().flatten().find_map(|kernel| kernel.rtt_us);
        let is_other = rtt != given.rtt;
        self.rtts.replace(given.rtt, rtt);
        given.rtt = rtt;
        is_other || self.sums != before
    }

    /// It is not listed any more.
    pub(super) fn leave(&mut self, given: &Given, now: Instant) {
        self.rtts.replace(given.rtt, None);
        if given.phase == Phase::Open {
            self.sums.open -= 1;
            self.sums.vanished += 1;
        }
        self.rows -= 1;
        if self.rows == 0 {
            self.idle = Some(now);
        }
    }

    /// Returns whether another rate is known than before.
    pub(super) fn turn(&mut self, now: Instant) -> bool {
        let rate = self.rate.turn(self.sums.bytes, now);
        std::mem::replace(&mut self.sums.bytes_per_second, rate) != rate
    }

    pub(super) fn is_idle_since(&self, now: Instant, time: Duration) -> bool {
        self.idle.is_some_and(|idle| now.saturating_duration_since(idle) >= time)
    }

    /// Unless it is shown so already.
    pub(super) fn publish(&mut self, views: &mut Views<Sums>) {
        self.sums.rtt = self.rtts.quantiles();
        let before = self.shown.as_ref();
        if before.is_none_or(|before| before.merged != self.sums) {
            self.shown = Some(views.publish(&self.facts, self.sums.clone(), before));
        }
    }
}

/// Of the end whose word counts.
fn bytes(merged: &Merged) -> (End, Directions) {
    let of = |end: End| Some((end, merged.kernels[end]?.bytes));
    of(SOURCE).or_else(|| of(DESTINATION)).unwrap_or_default()
}

/// What the kernel of this end has done, if a probe sees it.
fn kernels(merged: &Merged, end: End) -> Option<Kernels> {
    let Kernel { bytes, rtt_us: _, min_rtt_us: _, retransmits, retransmitted_bytes, lost, is_stale: _ } =
        merged.kernels[end]?;
    let sent = if end == SOURCE { bytes.from_source } else { bytes.from_destination };
    Some(Kernels { sent, retransmitted_bytes, retransmits, lost })
}
