//! Records a connection once it is resolved, or marks it as not reported.

use super::Pipeline;
use super::emit::{Happened, Subject};
use super::series;
use super::stage::{Recording, Stage};
use crate::connection::Entry;
use crate::observation::Delta;
use crate::record::Monotonic;
use crate::resolve::{Ignored, Local, Moment, Outcome, PendingConnection, PendingCounters, Resolution, Resolved};

impl Pipeline {
    pub(super) fn moment(&self, now: Monotonic) -> Moment {
        Moment::new(now, self.connections.passes())
    }

    /// A connection is seen for the first time.
    pub(super) fn open(&mut self, connection: PendingConnection, now: Monotonic) {
        let resolved = self.resolver.open(connection, self.moment(now));
        self.conclude(resolved, now);
    }

    /// A connection that was saved while it waited.
    pub(super) fn reopen(&mut self, connection: PendingConnection, now: Monotonic) {
        let resolved = self.resolver.reopen(connection, self.moment(now));
        self.conclude(resolved, now);
    }

    /// Tries connections again for which something has changed.
    pub(super) fn conclude_resolved(&mut self, now: Monotonic) {
        while let Some(resolved) = self.resolver.next_resolved(self.moment(now)) {
            self.conclude(Some(resolved), now);
        }
    }

    fn conclude(&mut self, resolved: Option<Resolved>, now: Monotonic) {
        match resolved {
            Some(Resolved { connection, outcome: Outcome::Resolved(local, resolution) }) => {
                self.record(&connection, &local, resolution, now);
            }
            Some(Resolved { connection, outcome: Outcome::Ignored(why) }) => {
                self.count_ignored(why, connection.counters.count());
                self.ignore(&connection.counters);
            }
            None => {}
        }
    }

    /// Acquires its series, and records what it has moved so far.
    fn record(&mut self, connection: &PendingConnection, local: &Local, resolution: Resolution, now: Monotonic) {
        let opened = connection.end.opened;
        let wanted = match connection.counters {
            PendingCounters::Ended(Delta { failed: Some(_), .. }) => series::FAILED,
            PendingCounters::Ended(_) | PendingCounters::Live { .. } => series::AT_ONCE,
        };
        let (connections, mut recorder) = self.recorder(now);
        let mut recording = Recording::new(local, resolution, (connection.end.id, opened, wanted), &mut recorder);
        match connection.counters {
            PendingCounters::Ended(new) => {
                let subject = Subject { id: connection.end.id, opened, moved: None };
                let ended = Happened::ended(&new, connection.ending);
                recording.emit(subject, ended, &mut recorder);
                let adopted = new.opened == 0 && new.failed.is_none();
                let last = recording.last(subject, ended, adopted, &recorder);
                recording.release(&mut recorder);
                if let Some(last) = last {
                    recorder.live.end(connection.end.id, recording.resolution, last);
                }
            }
            PendingCounters::Live { id, handshake } => {
                let Some(entry) = connections.get_mut(id) else {
                    recording.release(&mut recorder);
                    return;
                };
                let new = first_delta(entry, handshake);
                let subject = Subject { id, opened: entry.opened, moved: Some(entry.split().1) };
                let opened = Happened::opened(&new);
                recording.emit(subject, opened, &mut recorder);
                recording.activate(&mut recorder);
                if recorder.live.is_on() {
                    recorder.live.opened((id, &recording.resolution), handshake, opened.rtt, now);
                }
                entry.rtt_observed = new.rtt_us.is_some();
                entry.stage = Stage::Recording(recording);
            }
        }
    }

    pub(super) fn ignore(&mut self, counters: &PendingCounters) {
        if let PendingCounters::Live { id, .. } = counters
            && let Some(entry) = self.connections.get_mut(*id)
        {
            entry.stage = Stage::Ignored;
        }
    }

    fn count_ignored(&mut self, why: Ignored, connections: u64) {
        let count = match why {
            Ignored::Host => &mut self.counts.host,
            Ignored::Foreign => &mut self.counts.foreign,
            Ignored::LocalLeg => &mut self.counts.local_legs,
            Ignored::Dropped => &mut self.counts.dropped,
        };
        *count += connections;
    }
}

/// All that a live connection has moved while it waited.
fn first_delta(entry: &Entry<Stage>, handshake: Option<Monotonic>) -> Delta {
    let rtt_us = match entry.stage {
        Stage::Pending { rtt_us, .. } if rtt_us != 0 => Some(rtt_us),
        _ => None,
    };
    Delta { opened: u64::from(!entry.is_adopted()), rtt_us, handshake, ..entry.total().delta() }
}
