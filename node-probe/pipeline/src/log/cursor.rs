//! How far the log of one live connection has come.

use crate::event::Traffic;
use crate::record::{Monotonic, Rtt};
use longwire_model::telemetry::Telemetry;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A connection that is logged. In a box, because most are not.
#[derive(Debug)]
pub(crate) struct LogCursor {
    /// With an access log, unless the connection is not logged for a while.
    pub(super) telemetry: Option<Arc<Telemetry>>,
    /// When its next periodic line is due, and the time between two. `None`: it has none.
    periodic: Option<(Monotonic, u64)>,
    /// Totals at its last line.
    pub(super) logged: Traffic,
    /// As last read. A sample of an idle connection has none.
    pub(super) rtt: Rtt,
    /// Only the event of its begin has it.
    pub(super) handshake: Option<Monotonic>,
}

/// The saved form. The configuration is the pod's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedLog {
    next: Option<Monotonic>,
    logged: Traffic,
}

impl LogCursor {
    /// `interval`: of periodic lines; `None`: none.
    pub(super) fn new(
        telemetry: Arc<Telemetry>,
        interval: Option<Duration>,
        (id, opened, now): (u64, Monotonic, Monotonic),
    ) -> Self {
        let periodic = interval.map(nanoseconds).map(|interval| (first((id, opened), interval, now), interval));
        let telemetry = Some(telemetry);
        Self { telemetry, periodic, logged: Traffic::default(), rtt: Rtt::default(), handshake: None }
    }

    /// After a restart: what was logged before is not new again, also if it is not logged for a while.
    pub(crate) fn resumed(log: Option<Box<Self>>, before: Option<SavedLog>) -> Option<Box<Self>> {
        let Some(SavedLog { next, logged }) = before else { return log };
        let mut log = log.unwrap_or_else(|| Box::new(Self::silent()));
        log.logged = logged;
        // Due as before, or sooner if the interval is shorter now.
        if let (Some((due, _)), Some(before)) = (&mut log.periodic, next) {
            *due = before.min(*due);
        }
        Some(log)
    }

    /// The same after an edit, which forgets nothing that was read.
    pub(crate) fn edited(log: Option<Box<Self>>, before: Option<Box<Self>>) -> Option<Box<Self>> {
        let Some(before) = before else { return log };
        let mut log = Self::resumed(log, Some(before.save()))?;
        (log.rtt, log.handshake) = (before.rtt, before.handshake);
        Some(log)
    }

    fn silent() -> Self {
        Self { telemetry: None, periodic: None, logged: Traffic::default(), rtt: Rtt::default(), handshake: None }
    }

    pub(crate) fn save(&self) -> SavedLog {
        SavedLog { next: self.periodic.map(|(next, _)| next), logged: self.logged }
    }

    /// Whether a periodic line is due; the next one is due an interval later. A pass may come a little early.
    pub(crate) fn is_due(&mut self, now: Monotonic) -> bool {
        let Some((next, interval)) = self.periodic else { return false };
        if now.saturating_add(interval / 10) < next {
            return false;
        }
        let after = next.saturating_add(interval);
        self.periodic = Some((if after > now { after } else { now.saturating_add(interval) }, interval));
        true
    }

    pub(crate) fn observe(&mut self, rtt: Rtt) {
        if rtt.smoothed_us != 0 {
            self.rtt.smoothed_us = rtt.smoothed_us;
        }
        if rtt.least_us != 0 {
            self.rtt.least_us = rtt.least_us;
        }
    }
}

/// The first periodic line comes one to two intervals after the begin, by the connection's id. Connections that a probe finds at its
/// start, or that an edit begins to log, would otherwise all have theirs at once, beyond any limit.
fn first((id, opened): (u64, Monotonic), interval: u64, now: Monotonic) -> Monotonic {
    let hash = u128::from(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let within = u64::try_from((hash * u128::from(interval)) >> 64).unwrap_or(0);
    let first = opened.saturating_add(interval).saturating_add(within);
    match now.checked_sub(first) {
        Some(late) if interval != 0 => first.saturating_add((late / interval + 1).saturating_mul(interval)),
        _ => first,
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
