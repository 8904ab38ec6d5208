//! The one place where events of connections come from, and who consumes them.

use super::stage::{Recorder, Recording};
use crate::connection::Moved;
use crate::event::{ConnectionEvent, ConnectionId, EventKind};
use crate::live::Last;
use crate::observation::Reporter;
use crate::observation::{Delta, Ending};
use crate::record::{Monotonic, Rtt};
use crate::resolve::Resolution;
use longwire_model::access_log::LogEvent;
use longwire_model::identity::UnixNanos;

/// The connection of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// 0: several connections.
    pub(super) id: u64,
    pub(super) opened: Monotonic,
    /// `None`: it was never live.
    pub(super) moved: Option<Moved<'a>>,
}

/// What happened to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happened<'a> {
    pub(super) kind: EventKind,
    pub(super) new: &'a Delta,
    pub(super) rtt: Rtt,
    pub(super) handshake: Option<Monotonic>,
    pub(super) ending: Ending,
}

impl<'a> Happened<'a> {
    pub(super) fn opened(new: &'a Delta) -> Self {
        let rtt = Rtt { smoothed_us: new.rtt_us.unwrap_or_default(), least_us: 0 };
        Self { kind: EventKind::Opened, new, rtt, handshake: new.handshake, ending: Ending::default() }
    }

    pub(super) fn sampled(new: &'a Delta, rtt: Rtt) -> Self {
        Self { kind: EventKind::Sampled, new, rtt, handshake: None, ending: Ending::default() }
    }

    /// It ended before it was resolved.
    pub(super) fn ended(new: &'a Delta, ending: Ending) -> Self {
        let kind = new.failed.map_or(EventKind::Closed, |(reason, _)| EventKind::Failed(reason));
        let opened = Self::opened(new);
        Self { kind, ending, rtt: Rtt { least_us: ending.least_rtt_us, ..opened.rtt }, ..opened }
    }
}

impl Recording {
    /// Metrics consume each event at once, and lose none. Its pod's access log has a line of it, if that is configured.
    #[inline]
    pub(super) fn emit(&mut self, subject: Subject<'_>, happened: Happened<'_>, recorder: &mut Recorder<'_>) {
        let event = event((self.reporter, &self.resolution), subject, happened, recorder.resolver.clock());
        recorder.store.consume(&event, &self.held, recorder.now);
        #[cfg(test)]
        recorder.collected.push(super::tests::Collected::of(&event));
        if let Some(cursor) = &mut self.log
            && let Some(logged) = logged(event.kind())
        {
            recorder.journal.log(logged, &event, cursor, (self.slot.tenancy(), recorder.clock()));
        }
    }

    /// A pass saw it. Its periodic line may be due, whether it has moved or not.
    #[inline]
    pub(super) fn passed(&mut self, subject: Subject<'_>, rtt: Rtt, recorder: &mut Recorder<'_>) {
        let Some(cursor) = &mut self.log else { return };
        cursor.observe(rtt);
        if cursor.is_due(recorder.now) {
            let (nothing, resolution) = (Delta::default(), (self.reporter, &self.resolution));
            let event = event(resolution, subject, Happened::sampled(&nothing, rtt), recorder.resolver.clock());
            recorder.journal.log(LogEvent::Periodic, &event, cursor, (self.slot.tenancy(), recorder.clock()));
        }
    }

    /// What live views keep of its end. `None`: nothing, also if several connections were summed up.
    pub(super) fn last(
        &self,
        subject: Subject<'_>,
        happened: Happened<'_>,
        adopted: bool,
        recorder: &Recorder<'_>,
    ) -> Option<Last> {
        let event = event((self.reporter, &self.resolution), subject, happened, recorder.resolver.clock());
        let is_kept = recorder.live.is_available() && event.id() != ConnectionId::Several;
        is_kept.then(|| Last::of(&event, adopted, recorder.clock().wall))
    }
}

#[inline]
fn event<'a>(
    (reporter, resolution): (Reporter, &'a Resolution),
    Subject { id: local_id, opened, moved }: Subject<'a>,
    Happened { kind, new, rtt, handshake, ending }: Happened<'a>,
    wall_clock_offset: UnixNanos,
) -> ConnectionEvent<'a> {
    ConnectionEvent {
        kind,
        local_id,
        reporter,
        resolution,
        opened,
        ending,
        moved,
        new,
        rtt,
        handshake,
        wall_clock_offset,
    }
}

/// A sample is logged when its periodic line is due, and not as such.
fn logged(kind: EventKind) -> Option<LogEvent> {
    match kind {
        EventKind::Opened => Some(LogEvent::Connect),
        EventKind::Sampled => None,
        EventKind::Closed => Some(LogEvent::Close),
        EventKind::Failed(_) => Some(LogEvent::Failed),
    }
}
