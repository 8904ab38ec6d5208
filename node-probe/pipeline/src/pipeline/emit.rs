//! The one place where events of connections come from, and who consumes them.

use super::stage::{Recorder, Recording};
use crate::connection::Moved;
use crate::event::{ConnectionEvent, EventKind};
use crate::observation::{Delta, Ending};
use crate::record::Monotonic;

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
    /// Microseconds, smoothed; 0: none.
    pub(super) srtt_us: u32,
    pub(super) handshake: Option<Monotonic>,
    pub(super) ending: Ending,
}

impl<'a> Happened<'a> {
    pub(super) fn opened(new: &'a Delta) -> Self {
        let (srtt_us, handshake) = (new.rtt_us.unwrap_or_default(), new.handshake);
        Self { kind: EventKind::Opened, new, srtt_us, handshake, ending: Ending::default() }
    }

    pub(super) fn sampled(new: &'a Delta, srtt_us: u32) -> Self {
        Self { kind: EventKind::Sampled, new, srtt_us, handshake: None, ending: Ending::default() }
    }

    /// It ended before it was resolved.
    pub(super) fn ended(new: &'a Delta, ending: Ending) -> Self {
        let kind = new.failed.map_or(EventKind::Closed, |(reason, _)| EventKind::Failed(reason));
        Self { kind, ending, ..Self::opened(new) }
    }
}

impl Recording {
    /// Metrics consume each event at once, and lose none.
    #[inline]
    pub(super) fn emit(&self, subject: Subject<'_>, happened: Happened<'_>, recorder: &mut Recorder<'_>) {
        let Subject { id: local_id, opened, moved } = subject;
        let Happened { kind, new, srtt_us, handshake, ending } = happened;
        let event = ConnectionEvent {
            kind,
            local_id,
            reporter: self.reporter,
            resolution: &self.resolution,
            opened,
            ending,
            moved,
            new,
            srtt_us,
            handshake,
            wall_clock_offset: recorder.wall_clock_offset,
        };
        recorder.store.consume(&event, &self.held, recorder.now);
        #[cfg(test)]
        recorder.collected.push(super::tests::Collected::of(&event));
    }
}
