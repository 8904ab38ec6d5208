//! Series as OpenTelemetry's metrics, under the names and with the labels that Prometheus' text has.
//!
//! ```text
//! Export (one time for all points) --a family, then its label sets in the order of slots--> Values of each
//!   cumulative   Values, since their birth
//!   delta        Values less those of the last accepted request: Deltas
//! --Batch--> Request, as many as it takes: each within its bound, and no label set's points of one metric in two of them
//! ```

mod batch;
mod deltas;
mod family;
mod metric;
mod point;
#[cfg(test)]
mod tests;
mod values;

pub use batch::Request;

use super::Origin;
use batch::Batch;
use deltas::Deltas;
use family::Progress;
use longwire_model::identity::UnixNanos;
use longwire_model::series::FAMILIES;
use longwire_pipeline::metrics::{LabelSetId, SeriesStore, View};
use longwire_pipeline::record::Monotonic;

/// What the values of counters and histograms are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporality {
    /// From the birth of each line, which a restarted probe remembers.
    Cumulative,
    /// From the last accepted request. What is not named `_total` stays cumulative: it is no monotonic sum to a receiver.
    Delta {
        /// When the exporter began. A line that is older may have been exported by its predecessor: its first value is not sent,
        /// and is where it is counted from.
        began: Monotonic,
    },
}

/// Makes the requests of one receiver, one export after the other.
#[derive(Debug)]
pub struct Encoder {
    origin: Origin,
    /// `None`: cumulative.
    deltas: Option<Deltas>,
}

/// One export, and how far it has come.
#[derive(Debug)]
pub struct Export {
    clock: Clock,
    view: View,
    batch: Batch,
    /// Index into [`FAMILIES`].
    family: usize,
    /// `None`: the family is yet to be begun.
    progress: Option<Progress>,
}

/// The time of all points of an export, and of their beginning.
#[derive(Clone, Copy, Debug)]
struct Clock {
    now: UnixNanos,
    /// Wall clock less CLOCK_MONOTONIC.
    offset: UnixNanos,
}

impl Encoder {
    #[must_use]
    pub fn new(origin: Origin, temporality: Temporality) -> Self {
        let deltas = match temporality {
            Temporality::Cumulative => None,
            Temporality::Delta { began } => Some(Deltas::new(began)),
        };
        Self { origin, deltas }
    }

    /// Adds about `bytes` bytes more to the export, puts requests that are whole in `ready`, and returns whether there may be more.
    /// The store may change in between. An export without points has no request.
    ///
    /// Requests of one receiver are sent one after the other, and an export begins when the one before has ended: receivers do not
    /// put points in order. Deltas count from what is [`Encoder::accepted`] when their export begins.
    ///
    /// An exporter has a snapshot of the store for each export ([`SeriesStore::open`]), and completes it when all requests are accepted:
    /// until then label sets stay that the receiver has not seen.
    pub fn render(&mut self, store: &SeriesStore, export: &mut Export, bytes: usize, ready: &mut Vec<Request>) -> bool {
        let mut left = bytes;
        while let Some(family) = FAMILIES.get(export.family) {
            let Export { clock, view, batch, progress, .. } = export;
            let progress =
                progress.get_or_insert_with(|| Progress::new(family, store.births(family), self.deltas.is_some()));
            let mut to = family::To { clock: *clock, view, batch, origin: &self.origin, ready: &mut *ready };
            if family::render(family, store, self.deltas.as_mut(), progress, &mut to, &mut left).is_break() {
                return true;
            }
            export.progress = None;
            export.family += 1;
        }
        ready.extend(export.batch.finish(&self.origin));
        if let Some(deltas) = &mut self.deltas {
            deltas.ended(export.clock.now);
        }
        false
    }

    /// The receiver has accepted it, whole or partly: deltas are counted from there. One that is not accepted is sent again as it is,
    /// or dropped: then the next export has what it had.
    pub fn accepted(&mut self, request: Request) {
        if let Some(deltas) = &mut self.deltas {
            deltas.accept(request.into_sent());
        }
    }

    /// The label set is removed ([`SeriesStore::when_removed`]): so is what is kept of it.
    pub fn forget(&mut self, removed: LabelSetId) {
        if let Some(deltas) = &mut self.deltas {
            deltas.forget(removed);
        }
    }
}

impl Export {
    /// `now`: the time of all points. `wall_clock_offset`: wall clock less CLOCK_MONOTONIC, the same in all exports, of a restarted
    /// probe too, because another beginning says that a counter began anew. `max_bytes`: of a request.
    #[must_use]
    pub fn new(now: UnixNanos, wall_clock_offset: UnixNanos, max_bytes: usize) -> Self {
        let clock = Clock { now, offset: wall_clock_offset };
        Self { clock, view: View::PLAIN, batch: Batch::new(max_bytes), family: 0, progress: None }
    }

    /// Lines that are new to the receiver are at 0, for one that does not read when they began, as Prometheus.
    #[must_use]
    pub fn viewed(mut self, view: View) -> Self {
        self.view = view;
        self
    }
}

impl Clock {
    /// A time of the monotonic clock. Nothing begins after its point.
    fn at(self, time: Monotonic) -> UnixNanos {
        self.offset.saturating_add(time).min(self.now)
    }
}
