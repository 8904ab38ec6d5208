//! Finding out who the ends of a connection are, and what is done once that is known.

use super::Pipeline;
use super::feeds;
use super::pending::Case;
use super::stage::{Following, Stage};
use crate::connection::Entry;
use crate::observation::Delta;
use crate::record::Monotonic;
use crate::resolve::{Ignored, Local, Moment, Resolution, Subject, Verdict, Wait};

impl Pipeline {
    /// Goes as far as it can, and waits for the rest.
    pub(super) fn pursue(&mut self, mut case: Case, now: Monotonic) {
        let moment = Moment { now, passes: self.connections.passes(), forced: false };
        match self.enrich.pursue(&mut case.inquiry, moment) {
            Verdict::Wait(waiting) => {
                let whose = self.enrich.whose(&case.inquiry);
                self.pending.insert(case, waiting, whose);
                if let Some((oldest, on)) = self.pending.overflow() {
                    self.force(oldest, on, now);
                }
            }
            verdict => self.conclude(&case, verdict, now),
        }
    }

    /// Looks again at cases for which something has changed, and at those that this changes something for.
    pub(super) fn wake(&mut self, keys: impl IntoIterator<Item = u64>, now: Monotonic) {
        for key in keys {
            if let Some(case) = self.pending.take(key) {
                self.pursue(case, now);
            }
        }
        self.pursue_woken(now);
    }

    pub(super) fn pursue_woken(&mut self, now: Monotonic) {
        while let Some(key) = self.enrich.woken() {
            if let Some(case) = self.pending.take(key) {
                self.pursue(case, now);
            }
        }
    }

    /// Too many wait: the oldest takes what is known now.
    fn force(&mut self, mut case: Case, on: Wait, now: Monotonic) {
        let moment = Moment { now, passes: self.connections.passes(), forced: true };
        let verdict = self.enrich.pursue(&mut case.inquiry, moment);
        self.counts.forced += u64::from(on != Wait::Shortly && matches!(verdict, Verdict::Edge(..)));
        self.conclude(&case, verdict, now);
    }

    fn conclude(&mut self, case: &Case, verdict: Verdict, now: Monotonic) {
        match verdict {
            Verdict::Edge(local, resolution) => self.attribute(case, &local, resolution, now),
            Verdict::Ignored(why) => {
                self.count_ignored(why, case.subject.count());
                self.ignore(&case.subject);
            }
            Verdict::Wait(_) => {}
        }
    }

    /// From now on its counts have a place; what they were so far goes there at once.
    fn attribute(&mut self, case: &Case, local: &Local, resolution: Box<Resolution>, now: Monotonic) {
        let opened = case.inquiry.end.opened;
        let wanted = match case.subject {
            Subject::Ended(Delta { failed: Some(_), .. }) => feeds::FAILED,
            Subject::Ended(_) | Subject::Live { .. } => feeds::AT_ONCE,
        };
        let (connections, mut books) = self.books(now);
        let following = Following::new(local, resolution, (opened, wanted), &mut books);
        match case.subject {
            Subject::Ended(delta) => {
                following.credit(&delta, &mut books);
                following.release(&mut books);
            }
            Subject::Live { id, handshake } => {
                let Some(entry) = connections.get_mut(id) else {
                    following.release(&mut books);
                    return;
                };
                let delta = first_delta(entry, handshake);
                following.credit(&delta, &mut books);
                following.activate(&mut books);
                entry.rtt_observed = delta.rtt_us.is_some();
                entry.stage = Stage::Following(following);
            }
        }
    }

    pub(super) fn ignore(&mut self, subject: &Subject) {
        if let Subject::Live { id, .. } = subject
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

/// All that a live connection has done while nobody knew whose it was.
fn first_delta(entry: &Entry<Stage>, handshake: Option<Monotonic>) -> Delta {
    let rtt_us = match entry.stage {
        Stage::Waiting { rtt_us, .. } if rtt_us != 0 => Some(rtt_us),
        _ => None,
    };
    Delta { opened: u64::from(!entry.is_adopted()), rtt_us, handshake, ..entry.total().delta() }
}
