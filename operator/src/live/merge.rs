//! One connection from the reports of its two ends. Pure.

#[cfg(test)]
mod tests;

use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::identity::UnixNanos;
use longwire_model::live::{Ended, Ending, Moved};

/// The API's numbers are signed.
const MAX: u64 = i64::MAX as u64;

const SECOND: u128 = 1_000_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Open,
    Closed,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Closed(CloseReason),
    Failed(FailReason),
}

/// Bytes, or bytes a second, by the end that sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directions {
    pub from_source: u64,
    pub from_destination: u64,
}

impl Directions {
    /// As the series have it, `sent` is the server's.
    fn of(traffic: Traffic) -> Self {
        Self { from_source: traffic.received.min(MAX), from_destination: traffic.sent.min(MAX) }
    }

    /// Adds what came after `before`.
    pub(super) fn gain(&mut self, now: Self, before: Self) {
        let add = |to: &mut u64, now: u64, before: u64| *to = to.saturating_add(now.saturating_sub(before)).min(MAX);
        add(&mut self.from_source, now.from_source, before.from_source);
        add(&mut self.from_destination, now.from_destination, before.from_destination);
    }

    pub(super) fn most(self, other: Self) -> Self {
        Self {
            from_source: self.from_source.max(other.from_source),
            from_destination: self.from_destination.max(other.from_destination),
        }
    }
}

/// What one end has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub moved: Moved,
    /// Between the last two readings.
    pub rate: Directions,
    /// Nanoseconds.
    pub handshake: Option<u64>,
    pub ended: Option<Ended>,
    /// Nobody reports it now.
    pub is_stale: bool,
}

impl Report {
    /// A later reading. A probe that counts anew makes nothing smaller.
    pub fn read(&mut self, moved: Moved) {
        let before = self.moved;
        let traffic = most(before.traffic, moved.traffic);
        let nanoseconds = u128::from(moved.at.saturating_sub(before.at));
        // The first reading is of all its life.
        if before.at > 0 && nanoseconds > 0 {
            let gain = Directions::of(traffic.since(before.traffic));
            self.rate = Directions {
                from_source: rate(gain.from_source, nanoseconds),
                from_destination: rate(gain.from_destination, nanoseconds),
            };
        }
        let known = |now: Option<u32>, before| now.or(before);
        self.moved = Moved {
            at: moved.at.max(before.at),
            traffic,
            rtt_us: known(moved.rtt_us, before.rtt_us),
            min_rtt_us: known(moved.min_rtt_us, before.min_rtt_us),
        };
    }

    /// Its first end counts: a repetition is of the same connection.
    pub fn end(&mut self, ended: Ended) {
        self.rate = Directions::default();
        self.handshake = self.handshake.or(ended.handshake);
        self.ended = self.ended.or(Some(ended));
    }
}

/// What one end's kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    pub bytes: Directions,
    pub rtt_us: Option<u32>,
    pub min_rtt_us: Option<u32>,
    pub retransmits: u64,
    pub retransmitted_bytes: u64,
    pub lost: u64,
    pub is_stale: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    pub phase: Phase,
    pub why: Option<Why>,
    /// The end that was first to close it.
    pub closed_by: Option<Reporter>,
    pub end: Option<UnixNanos>,
    /// The last reading.
    pub observed: UnixNanos,
    /// They never fall.
    pub bytes: Directions,
    pub bytes_per_second: Directions,
    /// Nanoseconds.
    pub handshake: Option<u64>,
    /// Of the source and of the destination.
    pub kernels: [Option<Kernel>; 2],
}

impl Merged {
    /// With what both ends say now, source first. `is_over`: one of them ended long enough ago that the other one's end is not
    /// waited for.
    #[must_use]
    pub fn and(self, reports: [Option<&Report>; 2], is_over: bool) -> Self {
        let known = || reports.iter().copied().flatten();
        let merged = Self {
            observed: known().map(|report| report.moved.at).fold(self.observed, u64::max),
            bytes: known().map(|report| Directions::of(report.moved.traffic)).fold(self.bytes, Directions::most),
            bytes_per_second: known().map(|report| report.rate).fold(Directions::default(), Directions::most),
            handshake: self.handshake.or_else(|| known().find_map(|report| report.handshake)),
            kernels: [0, 1].map(|end: usize| reports[end].map(kernel).or(self.kernels[end])),
            ..self
        };
        let has_ended = known().any(|report| report.ended.is_some());
        let have_ended = has_ended && known().all(|report| report.ended.is_some());
        if merged.phase == Phase::Open && (have_ended || has_ended && is_over) { merged.over(reports) } else { merged }
    }

    fn over(self, reports: [Option<&Report>; 2]) -> Self {
        let ends = || reports.iter().copied().flatten().filter_map(|report| report.ended);
        let closes = || {
            ends().filter_map(
                |ended| if let Ending::Closed { by, reason } = ended.how { Some((by, reason)) } else { None },
            )
        };
        let failed = ends().find_map(|ended| if let Ending::Failed(reason) = ended.how { Some(reason) } else { None });
        // An end that established, and ended later, knows better than one that never did.
        let (phase, why) = if closes().next().is_some() {
            (Phase::Closed, closes().find_map(|(_, reason)| reason).map(Why::Closed))
        } else {
            (Phase::Failed, failed.map(Why::Failed))
        };
        let closed_by = closes().find_map(|(by, _)| by);
        let end = ends().filter_map(|ended| ended.at).max();
        Self { phase, why, closed_by, end, bytes_per_second: Directions::default(), ..self }
    }
}

fn rate(bytes: u64, nanoseconds: u128) -> u64 {
    u64::try_from(u128::from(bytes) * SECOND / nanoseconds.max(1)).unwrap_or(MAX).min(MAX)
}

fn most(before: Traffic, now: Traffic) -> Traffic {
    Traffic {
        sent: before.sent.max(now.sent),
        received: before.received.max(now.received),
        retransmitted_bytes: before.retransmitted_bytes.max(now.retransmitted_bytes),
        retransmits: before.retransmits.max(now.retransmits),
        lost: before.lost.max(now.lost),
    }
}

fn kernel(report: &Report) -> Kernel {
    let Moved { at: _, traffic, rtt_us, min_rtt_us } = report.moved;
    Kernel {
        bytes: Directions::of(traffic),
        rtt_us,
        min_rtt_us,
        retransmits: traffic.retransmits.min(MAX),
        retransmitted_bytes: traffic.retransmitted_bytes.min(MAX),
        lost: traffic.lost.min(MAX),
        is_stale: report.is_stale,
    }
}
