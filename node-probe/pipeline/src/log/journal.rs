//! Chooses what is logged, and keeps it until it is taken.

use super::bucket::Bucket;
use super::cursor::LogCursor;
use super::facts::EventFacts;
use super::record::LogRecord;
use crate::event::{ConnectionEvent, EventKind};
use crate::observation::SharedId;
use crate::record::Monotonic;
use longwire_model::access_log::{AccessLog, DEFAULT_NODE_RATE, LogEvent};
use longwire_model::identity::UnixNanos;
use longwire_model::telemetry::Telemetry;
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

/// Most lines that wait to be written: some MiB.
const ROOM: usize = 16_384;

/// A connection that may be logged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) shared_id: Option<SharedId>,
    /// This end's own; 0: several connections.
    pub(crate) id: u64,
    pub(crate) opened: Monotonic,
    pub(crate) now: Monotonic,
}

/// Now, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) monotonic: Monotonic,
    pub(crate) wall: UnixNanos,
}

/// Why a line was left out that policy, filter and sample had chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The pod has as many a second as its policy allows, or half of the node's.
    PodRate,
    /// And the node.
    NodeRate,
    /// Lines are written more slowly than they are made.
    QueueFull,
}

/// Lines since the begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Handed over to be written.
    pub lines: u64,
    pub pod_rate: u64,
    pub node_rate: u64,
    pub queue_full: u64,
    /// Evaluations of filters that failed. Their lines are left out.
    pub filter_errors: u64,
}

#[derive(Debug, Default)]
pub struct Journal {
    records: VecDeque<LogRecord>,
    /// By the index of the pod's slot.
    pods: Vec<PodLog>,
    node_rate: Option<u32>,
    node: Option<Bucket>,
    counts: LogCounts,
}

/// Of the newest pod that has had the slot.
#[derive(Clone, Copy, Debug, Default)]
struct PodLog {
    generation: u16,
    bucket: Option<Bucket>,
    /// Lines that were left out since the last one.
    suppressed: u64,
}

impl DropReason {
    pub const ALL: [Self; 3] = [Self::PodRate, Self::NodeRate, Self::QueueFull];

    /// The value of the label `reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PodRate => "pod_rate",
            Self::NodeRate => "node_rate",
            Self::QueueFull => "queue_full",
        }
    }
}

impl LogCounts {
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        match reason {
            DropReason::PodRate => self.pod_rate,
            DropReason::NodeRate => self.node_rate,
            DropReason::QueueFull => self.queue_full,
        }
    }
}

impl Journal {
    /// Most lines a second of all pods together. `None`: the default.
    pub(crate) fn configure(&mut self, node_rate: Option<u32>) {
        self.node_rate = node_rate;
    }

    /// For a connection that is resolved: `None` if nothing of it is logged. `failed`: it never established.
    pub(crate) fn follow(
        &self,
        telemetry: &Arc<Telemetry>,
        candidate: Candidate,
        failed: bool,
    ) -> Option<Box<LogCursor>> {
        let log = telemetry.access_log.as_ref()?;
        let Candidate { shared_id, id, opened, now } = candidate;
        // Both ends have one shared id, so they choose the same.
        let is_chosen = failed || log.sample.has(shared_id.map_or(id, SharedId::to_bits));
        let interval = log.events.contains(LogEvent::Periodic).then_some(log.interval);
        is_chosen.then(|| Box::new(LogCursor::new(Arc::clone(telemetry), interval, (id, opened, now))))
    }

    /// Makes a line of the event, if its pod's log has one.
    pub(crate) fn log(
        &mut self,
        logged: LogEvent,
        event: &ConnectionEvent<'_>,
        cursor: &mut LogCursor,
        (pod, clock): ((u16, u16), Clock),
    ) {
        let Some(telemetry) = cursor.telemetry.clone() else { return };
        let Some(log) = &telemetry.access_log else { return };
        cursor.handshake = event.handshake().or(cursor.handshake);
        if !self.wants(log, logged, (event, cursor), clock) {
            return;
        }
        if let Err(reason) = self.admit(log, pod, clock.monotonic) {
            self.left_out(reason, pod);
            return;
        }
        let suppressed = self.pod(pod).map_or(0, |pod| mem::take(&mut pod.suppressed));
        self.counts.lines += 1;
        let record = line(logged, event, cursor, &telemetry, (clock, suppressed));
        self.records.push_back(record);
    }

    fn wants(
        &mut self,
        log: &AccessLog,
        logged: LogEvent,
        (event, cursor): (&ConnectionEvent<'_>, &LogCursor),
        clock: Clock,
    ) -> bool {
        let is_young = || u128::from(age(event, clock)) < log.min_duration.as_nanos();
        if !log.events.contains(logged)
            || log.until.is_some_and(|until| clock.wall >= until)
            || (matches!(logged, LogEvent::Periodic | LogEvent::Close) && is_young())
        {
            return false;
        }
        let Some(filter) = &log.filter else { return true };
        let holds = filter.holds(&EventFacts { logged, event, cursor, age: age(event, clock) });
        self.counts.filter_errors += u64::from(holds.is_err());
        holds.unwrap_or(false)
    }

    fn admit(&mut self, log: &AccessLog, pod: (u16, u16), now: Monotonic) -> Result<(), DropReason> {
        if self.records.len() >= ROOM {
            return Err(DropReason::QueueFull);
        }
        let node_rate = self.node_rate.unwrap_or(DEFAULT_NODE_RATE);
        let rate = log.rate_limit.unwrap_or(u32::MAX).min(node_rate.div_ceil(2));
        if let Some(pod) = self.pod(pod)
            && !pod.bucket.get_or_insert_with(|| Bucket::new(rate, now)).take(rate, now)
        {
            return Err(DropReason::PodRate);
        }
        let has_room = self.node.get_or_insert_with(|| Bucket::new(node_rate, now)).take(node_rate, now);
        if has_room {
            return Ok(());
        }
        if let Some(bucket) = self.pod(pod).and_then(|pod| pod.bucket.as_mut()) {
            bucket.give_back();
        }
        Err(DropReason::NodeRate)
    }

    fn left_out(&mut self, reason: DropReason, pod: (u16, u16)) {
        let Self { counts, .. } = self;
        *match reason {
            DropReason::PodRate => &mut counts.pod_rate,
            DropReason::NodeRate => &mut counts.node_rate,
            DropReason::QueueFull => &mut counts.queue_full,
        } += 1;
        if let Some(pod) = self.pod(pod) {
            pod.suppressed += 1;
        }
    }

    /// `None`: of a pod that is gone, and whose slot another one has.
    fn pod(&mut self, (index, generation): (u16, u16)) -> Option<&mut PodLog> {
        const HALF: u16 = 1 << 15;
        let index = usize::from(index);
        if index >= self.pods.len() {
            self.pods.resize(index + 1, PodLog { generation, ..PodLog::default() });
        }
        let known = self.pods.get_mut(index)?;
        match generation.wrapping_sub(known.generation) {
            0 => Some(known),
            ahead if ahead < HALF => {
                *known = PodLog { generation, ..PodLog::default() };
                Some(known)
            }
            _ => None,
        }
    }

    /// Lines to write, at most so many, the oldest first.
    pub fn take(&mut self, most: usize) -> Vec<LogRecord> {
        self.records.drain(..most.min(self.records.len())).collect()
    }

    /// Lines that could not be handed over now. They come before all others.
    pub fn put_back(&mut self, lines: Vec<LogRecord>) {
        lines.into_iter().rev().for_each(|line| self.records.push_front(line));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    #[must_use]
    pub fn counts(&self) -> LogCounts {
        self.counts
    }
}

/// Nanoseconds since the start, or until its end.
fn age(event: &ConnectionEvent<'_>, clock: Clock) -> u64 {
    let ended = event.end().map(|end| end.saturating_sub(event.start()));
    event.delta().duration.or(ended).unwrap_or_else(|| clock.monotonic.saturating_sub(event.opened))
}

fn line(
    logged: LogEvent,
    event: &ConnectionEvent<'_>,
    cursor: &mut LogCursor,
    telemetry: &Arc<Telemetry>,
    (clock, suppressed): (Clock, u64),
) -> LogRecord {
    let reporter = event.reporter();
    let totals = event.totals().oriented(reporter);
    let new = totals.since(cursor.logged);
    cursor.logged = totals;
    let known = |read: Option<u32>, kept: u32| read.or((kept != 0).then_some(kept));
    LogRecord {
        telemetry: Arc::clone(telemetry),
        event: logged,
        time: clock.wall,
        id: event.id(),
        edge: event.edge().into(),
        source_pod: event.source_pod().cloned(),
        destination_pod: event.destination_pod().cloned(),
        requested_service: event.requested_service().cloned(),
        source: event.source(),
        requested: event.original_destination(),
        answered: event.answered(),
        cluster: event.resolution.cluster().map(|labels| labels.cluster()),
        start: event.start(),
        duration: age(event, clock),
        totals,
        new,
        rtt_us: known(event.rtt_us(), cursor.rtt.smoothed_us),
        min_rtt_us: known(event.least_rtt_us(), cursor.rtt.least_us),
        handshake: cursor.handshake,
        closed_by: event.closer().map(|closer| closer.end(reporter)),
        close_reason: event.close_reason(),
        failure: match event.kind() {
            EventKind::Failed(reason) => Some(reason),
            EventKind::Opened | EventKind::Sampled | EventKind::Closed => None,
        },
        connections: event.connections(),
        suppressed,
    }
}
