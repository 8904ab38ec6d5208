//! Label sets, interned, with their values. A connection looks its sets up once and then records by index.
//!
//! ```text
//! Edge, Flow --acquire--> SeriesHandles (slots and metrics), or the overflow set where there is no room
//! ConnectionEvent --consume--> u64 in those slots
//!                       settle: charges lines that have appeared, or moves them to the overflow set
//!                       publish: snapshots show the values from then on, at 0 first to a consumer that comes again
//!                       expire: removes label sets without a connection that are idle and whose workload is gone
//!                       turn_epoch: removes metrics that were switched off while others of their label set continue
//! ```

mod accepted;
mod acquire;
mod admitted;
mod births;
mod budget;
mod cost;
mod epochs;
mod handles;
mod histogram;
mod kinds;
mod lifetime;
mod overflow;
mod pressure;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod saved;
mod series;
mod sets;
mod settle;
mod snapshots;
mod stats;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use acquire::SeriesSpec;
pub use births::Lines;
pub use budget::{Budget, Resource};
pub(crate) use handles::{CONNECTION, ENVOY, LOCALITY, SERVICE, WORKLOAD};
pub use handles::{SeriesHandle, SeriesHandles};
pub use histogram::Histogram;
pub(crate) use kinds::KnownLabels;
pub use lifetime::{Mention, TagSource};
pub use pressure::{BudgetOwner, Crossing};
pub(crate) use saved::{LABEL_SET, Moved, Restoring, SavedSetOf};
pub use series::{LabelSetId, Series};
pub(crate) use snapshots::SavedSnapshots;
pub use snapshots::{Consumer, Scraper, Snapshot, View};
pub use stats::{KindStats, SeriesStats};
pub use values::Reading;
pub(crate) use values::Values;

use crate::connection::Totals;
use crate::event::ConnectionEvent;
use crate::observation::{Delta, Reporter};
use crate::record::Monotonic;
use accepted::Accepted;
use admitted::Admitted;
use budget::Accounts;
use kinds::{Kinds, each_kind, of_kind};
use longwire_model::series::{FAMILIES, Metrics, Quantity};
use longwire_model::telemetry::NodeSettings;
use series::Removed;
use sets::Sets;
use snapshots::Snapshots;
use std::hint::black_box;

/// Gauges of established connections.
const ACTIVE: Metrics = {
    let (mut metrics, mut row) = (Metrics::NONE, 0);
    while row < FAMILIES.len() {
        if FAMILIES[row].quantity as u8 == Quantity::Active as u8 {
            metrics = metrics.with(FAMILIES[row].metric);
        }
        row += 1;
    }
    metrics
};

#[derive(Debug)]
pub struct SeriesStore {
    kinds: Kinds,
    accounts: Accounts,
    admitted: Admitted,
    accepted: Accepted,
    /// When the current one began.
    epoch: Monotonic,
    /// When it was restored from the state of another process.
    began: Monotonic,
    publications: u64,
    snapshots: Snapshots,
    removed: Removed,
}

impl SeriesStore {
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            kinds: Kinds::new(),
            accounts: Accounts::new(budget),
            admitted: Admitted::default(),
            accepted: Accepted::default(),
            epoch: 0,
            began: 0,
            publications: 0,
            snapshots: Snapshots::default(),
            removed: Removed::default(),
        }
    }

    /// Applies settings from now on. Label sets that there are stay.
    pub fn configure(&mut self, settings: &NodeSettings) {
        self.accounts.configure(settings);
    }

    /// The hot path: what is new with an event goes into the connection's series.
    #[inline]
    pub(crate) fn consume(&mut self, event: &ConnectionEvent<'_>, to: &SeriesHandles, now: Monotonic) {
        self.record(to, event.reporter(), event.delta(), now);
    }

    /// Series that a connection gets while it lives begin with this much of what earlier events have said.
    pub(crate) fn begin(&mut self, series: &SeriesHandles, reporter: Reporter, with: &Totals, now: Monotonic) {
        self.record(series, reporter, &with.delta(), now);
    }

    /// `reporter` is the connection's. A delta of a connection that is or was established lets the counters appear, even when it adds
    /// nothing.
    pub fn record(&mut self, to: &SeriesHandles, reporter: Reporter, delta: &Delta, now: Monotonic) {
        to.each(|handle| of_kind!(&mut self.kinds, handle.kind(), |sets| add(sets, handle, reporter, delta, now)));
    }

    /// Fetches the label sets of a few connections into the processor's cache, side by side, before deltas are recorded one after the
    /// other. A sample spends nearly all of its time waiting for memory.
    pub(crate) fn prefetch<'a>(&self, few: impl Iterator<Item = &'a SeriesHandles>) {
        let mut read = 0;
        for held in few {
            held.each(|handle| read |= of_kind!(&self.kinds, handle.kind(), |sets| sets[handle.at].changed));
        }
        black_box(read);
    }

    /// Counts an established connection as active.
    pub fn activate(&mut self, to: &SeriesHandles) {
        self.count_active(to, 1);
    }

    /// Counts it as active no longer. Call it before `release`.
    pub fn deactivate(&mut self, to: &SeriesHandles) {
        self.count_active(to, -1);
    }

    /// Snapshots show the values of this moment from now on, until the next call.
    pub fn publish(&mut self) {
        self.settle();
        let now = self.snapshots.publish();
        each_kind!(&mut self.kinds, |sets| sets.publish(now));
        self.publications += 1;
    }

    /// How often values were published: between two times that this is the same, snapshots show the same.
    #[must_use]
    pub fn publications(&self) -> u64 {
        self.publications
    }

    /// `by`: a consumer that comes again, by its name. It sees lines that were born since its last snapshot at 0 first. `None`: any
    /// other reader. A consumer that has got the whole snapshot says so with [`SeriesStore::completed`].
    pub fn open(&mut self, by: Option<Consumer>, now: Monotonic) -> Snapshot {
        self.snapshots.open(by, now)
    }

    pub fn completed(&mut self, snapshot: &Snapshot) {
        self.snapshots.complete(snapshot);
    }

    /// Calls `forget` with each label set that is removed, for an encoder that keeps something of each.
    pub fn when_removed(&mut self, forget: impl FnMut(LabelSetId) + Send + 'static) {
        self.removed = Removed::to(forget);
    }

    pub(crate) fn admitted_mut(&mut self) -> &mut Admitted {
        &mut self.admitted
    }

    fn count_active(&mut self, to: &SeriesHandles, connections: i64) {
        for handle in to.handles().filter(|handle| !handle.metrics.intersection(ACTIVE).is_empty()) {
            of_kind!(&mut self.kinds, handle.kind(), |sets| {
                sets.change(handle.at).values.activate(handle.metrics, connections);
            });
        }
    }
}

#[inline]
fn add<K, V: Values>(sets: &mut Sets<K, V>, to: SeriesHandle, reporter: Reporter, delta: &Delta, now: Monotonic) {
    let set = sets.change(to.at);
    set.changed = now;
    set.recorded = set.recorded.union(to.metrics);
    set.values.add(reporter, to.metrics, delta);
}
