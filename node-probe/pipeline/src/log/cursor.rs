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
    /// Has an access log.
    pub(super) telemetry: Arc<Telemetry>,
    /// When its next periodic line is due, and the time between two. `None`: it has none.
    periodic: Option<(Monotonic, u64)>,
    /// Totals at its last line.
    pub(super) logged: Traffic,
    /// As last read. A sample of an idle connection has none.
    pub(super) rtt: Rtt,
}

/// The saved form. The configuration is the pod's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedLog {
    next: Option<Monotonic>,
    logged: Traffic,
}

impl LogCursor {
    /// `interval`: of periodic lines; `None`: none.
    pub(super) fn new(telemetry: Arc<Telemetry>, interval: Option<Duration>, now: Monotonic) -> Self {
        let periodic = interval.map(nanoseconds).map(|interval| (now.saturating_add(interval), interval));
        Self { telemetry, periodic, logged: Traffic::default(), rtt: Rtt::default() }
    }

    /// After an edit, or a restart: what was logged before is not new again.
    pub(crate) fn resumed(log: Option<Box<Self>>, before: Option<SavedLog>) -> Option<Box<Self>> {
        let mut log = log?;
        if let Some(before) = before {
            log.logged = before.logged;
            // Due as before, or sooner if the interval is shorter now.
            if let (Some((next, _)), Some(before)) = (&mut log.periodic, before.next) {
                *next = before.min(*next);
            }
        }
        Some(log)
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

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
