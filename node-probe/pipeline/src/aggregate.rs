//! Label sets, interned, with their figures. A connection looks its sets up once and then adds by index.
//!
//! ```text
//! Edge, Flow --intern--> Attribution (slots), or the overflow set where there is no room
//! Delta      --add-----> u64 in those slots
//!                        publish: from then on a scrape shows it
//!                        expire: what nobody holds, has been idle for long and whose workload is gone
//! ```

mod budget;
mod handles;
mod histogram;
mod lifetime;
mod saved;
mod scrapes;
mod sets;
mod stats;
#[cfg(test)]
mod tests;
mod values;

pub use handles::{Attribution, ConnectionSeries, ServiceSeries, WorkloadSeries};
pub(crate) use histogram::Histogram;
pub use lifetime::Mention;
pub(crate) use saved::Moved;
pub use scrapes::ScrapeNumber;
pub(crate) use sets::Sets;
pub use stats::{AggregateStats, KindStats};
pub(crate) use values::{ConnectionValues, Reading, Readings, ServiceValues, WorkloadValues};

use crate::labels::{ConnectionLabels, ServiceLabels, WorkloadLabels};
use crate::observation::{Delta, Edge, Flow};
use crate::record::Monotonic;
use budget::Lines;
use longwire_model::series::{SeriesSet, SeriesSets};
use scrapes::Scrapes;
use std::mem;
use values::SERVICE_SETS;

/// How much of a scrape connections may cause.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Lines of the sets of edges and of workloads, those of their overflow sets among them.
    pub series: usize,
    /// Label sets of long connections, a budget of their own, the two overflow sets among them.
    pub connections: usize,
}

#[derive(Debug)]
pub struct Aggregate {
    services: Sets<ServiceLabels, ServiceValues>,
    workloads: Sets<WorkloadLabels, WorkloadValues>,
    connections: Sets<ConnectionLabels, ConnectionValues>,
    lines: Lines,
    most_connections: usize,
    scrapes: Scrapes,
}

impl Aggregate {
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        let lines = Lines::new(budget.series);
        let mut services: Sets<ServiceLabels, ServiceValues> = Sets::new();
        for overflow in services.overflow_mut() {
            overflow.values.known = SERVICE_SETS;
        }
        Self {
            services,
            workloads: Sets::new(),
            connections: Sets::new(),
            lines,
            most_connections: budget.connections,
            scrapes: Scrapes::default(),
        }
    }

    /// The series of an edge, and one reference on them. Past the budget those of the reporter's overflow set.
    pub fn service(&mut self, edge: &Edge, now: Monotonic) -> ServiceSeries {
        let room = self.lines.has_room(self.lines.most_of_service);
        let interned = self.services.intern(ServiceLabels(edge.clone()), room, now);
        if interned.is_new {
            self.lines.charge(self.lines.most_of_service);
            self.services[interned.at].values.charged = self.lines.most_of_service;
        }
        ServiceSeries(interned.at)
    }

    /// The series of a source workload and a destination pod, and one reference on them, or overflow's.
    pub fn workload(&mut self, flow: &Flow, now: Monotonic) -> WorkloadSeries {
        let room = self.lines.has_room(self.lines.of_workload);
        let interned = self.workloads.intern(WorkloadLabels::of(flow), room, now);
        if interned.is_new {
            self.lines.charge(self.lines.of_workload);
        }
        WorkloadSeries(interned.at)
    }

    /// The series of a long connection, and one reference on them, or overflow's.
    pub fn connection(&mut self, flow: &Flow, now: Monotonic) -> ConnectionSeries {
        let room = self.connections.len() < self.most_connections;
        let interned = self.connections.intern(ConnectionLabels::of(flow), room, now);
        self.connections[interned.at].values.released = None;
        ConnectionSeries(interned.at)
    }

    /// The hot path. `sets` are the series sets that are on for the local pod now; the figures of the others stay as they
    /// are. A delta of a connection that is or was established lets the counters appear, even when it adds nothing.
    pub fn add(&mut self, to: Attribution, sets: SeriesSets, delta: &Delta, now: Monotonic) {
        if let Some(ServiceSeries(at)) = to.service {
            self.add_to_service(at, sets.intersection(SERVICE_SETS), delta, now);
        }
        if let Some(WorkloadSeries(at)) = to.workload.filter(|_| sets.contains(SeriesSet::KmeshWorkload)) {
            let set = self.workloads.change(at);
            set.changed = now;
            set.values.add(delta);
        }
        if let Some(ConnectionSeries(at)) = to.connection.filter(|_| sets.contains(SeriesSet::KmeshConnection)) {
            let set = self.connections.change(at);
            set.changed = now;
            set.values.add(delta);
        }
    }

    /// An established connection begins to be active.
    pub fn activate(&mut self, to: ServiceSeries) {
        let at = self.counts_active(to);
        self.services.change(at).values.active += 1;
    }

    /// And is so no longer. Before `release`.
    pub fn deactivate(&mut self, to: ServiceSeries) {
        let at = self.counts_active(to);
        self.services.change(at).values.active -= 1;
    }

    /// A scrape shows from now on what is now, and goes on to show it until the next call.
    pub fn publish(&mut self) {
        let Self { services, workloads, connections, scrapes, .. } = self;
        services.publish(|_| ());
        workloads.publish(|_| ());
        let now = scrapes.now();
        connections.publish(|values| {
            if let Some(released) = &mut values.released {
                released.published(now);
            }
        });
    }

    pub fn scrape_started(&mut self) -> ScrapeNumber {
        self.scrapes.start()
    }

    pub fn scrape_completed(&mut self, scrape: ScrapeNumber) {
        self.scrapes.complete(scrape);
    }

    pub(crate) fn services(&self) -> &Sets<ServiceLabels, ServiceValues> {
        &self.services
    }

    pub(crate) fn workloads(&self) -> &Sets<WorkloadLabels, WorkloadValues> {
        &self.workloads
    }

    pub(crate) fn connections(&self) -> &Sets<ConnectionLabels, ConnectionValues> {
        &self.connections
    }

    fn add_to_service(&mut self, at: u32, sets: SeriesSets, delta: &Delta, now: Monotonic) {
        let set = &mut self.services[at];
        if !sets.difference(set.values.known).is_empty() {
            self.meet(at, sets);
        }
        let set = self.services.change(at);
        let reporter = set.reporter;
        let refused = sets.intersection(set.values.refused);
        set.changed = now;
        set.values.add(reporter, sets.difference(refused), delta);
        if !refused.is_empty() {
            let overflow = self.services.overflow_of(reporter);
            self.services.change(overflow).values.add(reporter, refused, delta);
        }
    }

    /// Series sets that are on for the first time here: now it is known what the label set can grow to. One that is switched
    /// on later and finds no room folds alone, for the life of the label set, so that the budget holds then too.
    fn meet(&mut self, at: u32, sets: SeriesSets) {
        let overflow = self.services.overflow_of(self.services[at].reporter);
        let values = &mut self.services[at].values;
        let fresh = sets.difference(values.known);
        let cost = self.lines.of_service(fresh);
        if values.known.is_empty() {
            self.lines.release(values.charged);
            self.lines.charge(cost);
            values.charged = cost;
        } else if self.lines.has_room(cost) {
            self.lines.charge(cost);
            values.charged += cost;
        } else {
            values.refused = values.refused.union(fresh);
        }
        values.known = values.known.union(fresh);
        if fresh.intersection(values.refused).contains(SeriesSet::Longwire) {
            let active = mem::take(&mut values.active);
            self.services.change(overflow).values.active += active;
        }
    }

    /// Where the gauge of a label set is kept.
    fn counts_active(&self, ServiceSeries(at): ServiceSeries) -> u32 {
        let set = &self.services[at];
        if set.values.refused.contains(SeriesSet::Longwire) { self.services.overflow_of(set.reporter) } else { at }
    }
}
