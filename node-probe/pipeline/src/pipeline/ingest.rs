//! Takes in ring records: a connection begins, ends or fails, a cgroup has a name, a container uses an address.

use super::Pipeline;
use super::emit::{Happened, Subject};
use super::stage::{self, Stage};
use crate::connection::{Announced, Closing, Entry, Sampled, Totals};
use crate::event::EventKind;
use crate::observation::{Closer, Delta, Ending};
use crate::record::{
    AddressRecord, CgroupRecord, ConnectionRecord, Event, FailReason, InvalidRecord, Monotonic, Record, Role, Rtt,
};
use crate::resolve::{End, PendingConnection, PendingCounters};

/// What is known of a connection's end, beside what it has moved.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    rtt_us: Option<u32>,
    handshake: Option<Monotonic>,
    duration: Option<Monotonic>,
    ending: Ending,
}

impl Pipeline {
    pub(super) fn ingest_record(&mut self, bytes: &[u8], now: Monotonic) {
        match Record::parse(bytes) {
            Ok(Record::Connection(record)) => self.connection(&record, now),
            Ok(Record::Cgroup(record)) => self.cgroup(&record, now),
            Ok(Record::Address(record)) => self.address_observed(&record),
            Err(InvalidRecord::Size { .. }) => self.counts.invalid_size += 1,
            Err(InvalidRecord::Kind(_)) => self.counts.invalid_kind += 1,
            Err(InvalidRecord::Id) => self.counts.invalid_id += 1,
        }
    }

    fn connection(&mut self, record: &ConnectionRecord, now: Monotonic) {
        self.counts.records += 1;
        match record.event {
            Event::Announce => self.announced(record, now),
            Event::Close => self.closed(record, now),
            Event::Fail(reason) => self.failed(record, reason, now),
        }
    }

    fn cgroup(&mut self, record: &CgroupRecord, now: Monotonic) {
        self.counts.records += 1;
        let names: Option<Vec<&str>> = record.names.as_ref().map(|names| names.iter().map(String::as_str).collect());
        self.resolver.name_cgroup(record.cgroup, names.as_deref());
        self.resolver.wake_cgroup(record.cgroup);
        self.conclude_resolved(now);
    }

    fn address_observed(&mut self, record: &AddressRecord) {
        self.counts.records += 1;
        self.resolver.observe_address(record);
    }

    fn announced(&mut self, record: &ConnectionRecord, now: Monotonic) {
        let key = self.resolver.new_key();
        let moved = !record.adopted && Totals::from(&record.counters).has_data();
        let rtt_us = if moved { record.counters.srtt_us } else { 0 };
        let (connections, mut recorder) = self.recorder(now);
        match connections.announce(record, Stage::Pending { key, rtt_us }) {
            Announced::New => {
                let counters = PendingCounters::Live { id: record.id, handshake: handshake(record) };
                self.first_seen(key, record, counters, now);
            }
            Announced::Known(Sampled { entry, gain }) => {
                stage::advance(entry, gain, record.counters.rtt(), &mut recorder);
            }
            Announced::Ignored => {}
        }
    }

    fn closed(&mut self, record: &ConnectionRecord, now: Monotonic) {
        match self.connections.close(record) {
            Closing::Known { entry, gain } => {
                let (rtt_us, handshake, duration) = (rtt(record), handshake(record), duration(record));
                self.ended(entry, gain, Last { rtt_us, handshake, duration, ending: ending(record) }, now);
            }
            Closing::First(totals) => {
                let delta = Delta {
                    opened: 1,
                    closed: 1,
                    closed_by_remote: u64::from(record.by_remote),
                    rtt_us: rtt(record),
                    handshake: handshake(record),
                    duration: duration(record),
                    ..totals.delta()
                };
                let key = self.resolver.new_key();
                self.first_seen(key, record, PendingCounters::Ended(delta), now);
            }
            Closing::Ignored => {}
        }
    }

    fn failed(&mut self, record: &ConnectionRecord, reason: FailReason, now: Monotonic) {
        if self.connections.fail(record.id) {
            let key = self.resolver.new_key();
            let delta = Delta { failed: Some((reason, 1)), ..Delta::default() };
            self.first_seen(key, record, PendingCounters::Ended(delta), now);
        }
    }

    /// Its close record was lost: its last counters are all, and which end closed it is not known.
    pub(super) fn vanished(&mut self, entry: Entry<Stage>, now: Monotonic) {
        self.ended(entry, Totals::default(), Last::default(), now);
    }

    /// A connection that was announced while it lived is over. It counts as closed even where it was adopted and so not counted as
    /// opened, because the probe did see it close. Opened less closed may therefore go below zero.
    fn ended(&mut self, mut entry: Entry<Stage>, gain: Totals, last: Last, now: Monotonic) {
        let (id, opened, adopted, total) = (entry.id, entry.opened, entry.is_adopted(), entry.total());
        let Last { handshake, ending, .. } = last;
        let last_delta = Delta {
            closed: 1,
            closed_by_remote: u64::from(ending.by == Some(Closer::Remote)),
            rtt_us: last.rtt_us.filter(|_| !entry.rtt_observed),
            duration: last.duration.filter(|_| !adopted),
            ..Delta::default()
        };
        let kept = match entry.split() {
            (Stage::Ignored, _) => None,
            (&mut Stage::Pending { key, rtt_us }, _) => {
                let last = last_delta;
                let rtt_us = last.rtt_us.or((rtt_us != 0).then_some(rtt_us));
                let Some(connection) = self.resolver.pending_mut(key) else { return };
                let PendingCounters::Live { handshake, .. } = connection.counters else { return };
                let Delta { closed, closed_by_remote, duration, .. } = last;
                connection.counters = PendingCounters::Ended(Delta {
                    opened: u64::from(!adopted),
                    closed,
                    closed_by_remote,
                    rtt_us,
                    handshake,
                    duration,
                    ..total.delta()
                });
                connection.ending = ending;
                None
            }
            (Stage::Recording(recording), moved) => {
                let Delta { closed, closed_by_remote, rtt_us, duration, .. } = last_delta;
                let (_, mut recorder) = self.recorder(now);
                recording.apply_edits((id, opened), &mut recorder);
                let new = Delta { closed, closed_by_remote, rtt_us, duration, ..gain.delta() };
                let subject = Subject { id, opened, moved: Some(moved) };
                let rtt = Rtt { smoothed_us: last.rtt_us.unwrap_or_default(), least_us: ending.least_rtt_us };
                let closed = Happened { kind: EventKind::Closed, new: &new, rtt, handshake, ending };
                recording.emit(subject, closed, &mut recorder);
                let last = recording.last(subject, closed, adopted, &recorder);
                recording.deactivate(&mut recorder);
                recording.release(&mut recorder);
                last
            }
        };
        if let (Some(last), Stage::Recording(recording)) = (kept, entry.stage) {
            self.live.end(id, recording.resolution, last);
        }
    }

    /// A connection is seen for the first time.
    fn first_seen(&mut self, key: u64, record: &ConnectionRecord, counters: PendingCounters, now: Monotonic) {
        let Some(end) = End::of(record) else {
            self.counts.role_unknown += 1;
            self.ignore(&counters);
            return;
        };
        let connection = PendingConnection::new(key, end, counters, self.moment(now));
        self.open(connection.ended(ending(record)), now);
    }
}

/// Of a record that says that the connection lives: nothing.
fn ending(record: &ConnectionRecord) -> Ending {
    let by = if record.by_remote { Closer::Remote } else { Closer::Local };
    let (at, least_rtt_us) = (Some(record.time), record.counters.rtt().least_us);
    match record.event {
        Event::Announce => Ending::default(),
        Event::Close => Ending { at, by: Some(by), why: Some(record.close_reason), least_rtt_us },
        Event::Fail(_) => Ending { at, ..Ending::default() },
    }
}

fn rtt(record: &ConnectionRecord) -> Option<u32> {
    (record.counters.srtt_us != 0).then_some(record.counters.srtt_us)
}

/// Only the end that sent the SYN knows the time until the answer.
fn handshake(record: &ConnectionRecord) -> Option<Monotonic> {
    let is_ours = record.role == Some(Role::Active) && !record.adopted;
    record.established.filter(|_| is_ours)?.checked_sub(record.syn_time?)
}

fn duration(record: &ConnectionRecord) -> Option<Monotonic> {
    record.established.map(|established| record.time.saturating_sub(established))
}
