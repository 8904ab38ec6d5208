//! Label sets, interned, with their values. A connection looks its sets up once and then records by index.
//!
//! ```text
//! Edge, Flow --acquire--> SeriesHandles (slots and metrics), or the overflow set where there is no room
//! ConnectionEvent --consume--> u64 in those slots
//!                       settle: charges lines that have appeared, or moves them to the overflow set
//!                       publish: scrapes show the values from then on, at 0 first to a scraper that comes again
//!                       expire: removes label sets without a connection that are idle and whose workload is gone
//!                       turn_epoch: removes metrics that were switched off while others of their label set go on
//! ```

mod accepted;
mod acquire;
mod admitted;
mod births;
mod budget;
mod epochs;
mod handles;
mod histogram;
mod lifetime;
mod overflow;
mod pressure;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod saved;
mod scrapes;
mod series;
mod sets;
mod settle;
mod stats;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use acquire::SeriesSpec;
pub use births::Lines;
pub use budget::{Budget, Resource};
pub(crate) use handles::{CONNECTION, ENVOY, Kind, SERVICE, WORKLOAD};
pub use handles::{SeriesHandle, SeriesHandles};
pub use histogram::Histogram;
pub use lifetime::{Mention, TagSource};
pub use pressure::{Crossing, Whose};
pub(crate) use saved::{LABEL_SET, Moved, SavedClusters, SavedConnections, SavedServices, SavedWorkloads};
pub(crate) use scrapes::SavedScrapes;
pub use scrapes::{Scrape, Scraper, View};
pub use series::Series;
pub use stats::{KindStats, SeriesStats};
pub use values::Reading;
pub(crate) use values::{ConnectionValues, EnvoyValues, ServiceValues, Values, WorkloadValues};

use crate::connection::Totals;
use crate::event::ConnectionEvent;
use crate::labels::{ConnectionLabels, EnvoyLabels, ServiceLabels, WorkloadLabels};
use crate::observation::{Delta, Reporter};
use crate::record::Monotonic;
use accepted::Accepted;
use admitted::Admitted;
use budget::{Accounts, Measure};
use longwire_model::telemetry::NodeSettings;
use scrapes::Scrapes;
use sets::Sets;
use std::hint::black_box;

#[derive(Debug)]
pub struct SeriesStore {
    services: Sets<ServiceLabels, ServiceValues>,
    workloads: Sets<WorkloadLabels, WorkloadValues>,
    connections: Sets<ConnectionLabels, ConnectionValues>,
    clusters: Sets<EnvoyLabels, EnvoyValues>,
    accounts: Accounts,
    admitted: Admitted,
    accepted: Accepted,
    /// When the current one began.
    epoch: Monotonic,
    /// When it was restored from the state of another process.
    began: Monotonic,
    scrapes: Scrapes,
}

impl SeriesStore {
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            services: Sets::new(Measure::Lines),
            workloads: Sets::new(Measure::Lines),
            connections: Sets::new(Measure::Sets),
            clusters: Sets::new(Measure::Lines),
            accounts: Accounts::new(budget),
            admitted: Admitted::default(),
            accepted: Accepted::default(),
            epoch: 0,
            began: 0,
            scrapes: Scrapes::default(),
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
        to.each(|handle| match handle.kind() {
            Kind::Service => add(&mut self.services, handle, reporter, delta, now),
            Kind::Connection => add(&mut self.connections, handle, reporter, delta, now),
            Kind::Workload => add(&mut self.workloads, handle, reporter, delta, now),
            Kind::Envoy => add(&mut self.clusters, handle, reporter, delta, now),
        });
    }

    /// Fetches the label sets of a few connections into the processor's cache, side by side, before deltas are recorded one after the
    /// other. A sample spends nearly all of its time waiting for memory.
    pub(crate) fn prefetch<'a>(&self, few: impl Iterator<Item = &'a SeriesHandles>) {
        let Self { services, workloads, connections, clusters, .. } = self;
        let mut read = 0;
        for held in few {
            held.each(|handle| {
                read |= match handle.kind() {
                    Kind::Service => services[handle.at].changed,
                    Kind::Connection => connections[handle.at].changed,
                    Kind::Workload => workloads[handle.at].changed,
                    Kind::Envoy => clusters[handle.at].changed,
                };
            });
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

    /// Scrapes show the values of this moment from now on, until the next call.
    pub fn publish(&mut self) {
        self.settle();
        let Self { services, workloads, connections, clusters, scrapes, .. } = self;
        let now = scrapes.publish();
        services.publish(now);
        workloads.publish(now);
        connections.publish(now);
        clusters.publish(now);
    }

    /// `by`: a scraper that comes again. It sees lines that were born since its last scrape at 0 first. `None`: any other reader.
    pub fn scrape_started(&mut self, by: Option<Scraper>, now: Monotonic) -> Scrape {
        self.scrapes.start(by, now)
    }

    pub fn scrape_completed(&mut self, scrape: &Scrape) {
        self.scrapes.complete(scrape);
    }

    pub(crate) fn admitted_mut(&mut self) -> &mut Admitted {
        &mut self.admitted
    }

    fn count_active(&mut self, to: &SeriesHandles, connections: i64) {
        for handle in to.handles() {
            match handle.kind() {
                Kind::Service => {
                    self.services.change(handle.at).values.activate(handle.metrics, connections);
                }
                Kind::Envoy => {
                    self.clusters.change(handle.at).values.activate(handle.metrics, connections);
                }
                Kind::Workload | Kind::Connection => {}
            }
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
