//! What another configuration would do to the series of live connections. Nothing is changed: connections are relabelled by the code
//! that labels them, into a shadow of the label sets.
//!
//! ```text
//! connections, the last first --would_hold--> Shadow: series that would be made or fed
//! label sets, kind by kind    --count-------> lines that there are, and those that would stop
//! ```
//!
//! The caller frees the pipeline between two slices. What happens meanwhile may be in the estimate or not.

mod values;

use super::Pipeline;
use super::series::Source;
use super::stage::Stage;
use crate::labels::EnvoyLabels;
use crate::metrics::{KnownLabels, SeriesHandles, SeriesSpec, SeriesStore, Shadow};
use crate::record::Monotonic;
use hashbrown::HashMap;
use longwire_model::estimate::{EstimateOrder, NodeEstimate};
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::LabelKind;
use longwire_model::tag::TagName;
use longwire_model::update::LocalPod;
use values::LabelValues;

/// Connections that are looked at in one slice, and those that are relabelled.
const LOOKED_AT: usize = 1_024;
const RELABELLED: usize = 64;
/// Slots of label sets in one slice.
const SLOTS: usize = 1_024;

/// An estimate that is being made.
#[derive(Debug)]
pub struct Estimation {
    /// By UID.
    pods: HashMap<Box<str>, LocalPod>,
    namespace: Option<String>,
    shadow: Shadow,
    labels: LabelValues,
    next: Next,
    connections: u64,
    relabelled: u64,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    /// Connections before this place.
    Connections(usize),
    /// The kind by its place among all, and the slot.
    LabelSets(usize, usize),
    Nothing,
}

impl Pipeline {
    /// Then call [`Pipeline::estimate_more`].
    #[must_use]
    pub fn estimate(&self, order: EstimateOrder) -> Estimation {
        let EstimateOrder { id: _, namespace, update } = order;
        let shadow = Shadow::new(&self.store, update.settings.as_ref(), namespace.as_deref());
        let pods = update.pods.into_iter().map(|pod| (pod.pod.uid.as_str().into(), pod)).collect();
        let next = Next::Connections(usize::MAX);
        Estimation { pods, namespace, shadow, labels: LabelValues::default(), next, connections: 0, relabelled: 0 }
    }

    /// The next slice. Returns whether there is more.
    pub fn estimate_more(&self, estimation: &mut Estimation, now: Monotonic) -> bool {
        estimation.next = match estimation.next {
            Next::Connections(before) => match self.relabel(estimation, before, now) {
                0 => Next::LabelSets(0, 0),
                before => Next::Connections(before),
            },
            Next::LabelSets(kind, slot) => match LabelKind::ALL.get(kind) {
                Some(of) => match estimation.shadow.count(&self.store, *of, slot, SLOTS) {
                    Some(slot) => Next::LabelSets(kind, slot),
                    None => Next::LabelSets(kind + 1, 0),
                },
                None => Next::Nothing,
            },
            Next::Nothing => Next::Nothing,
        };
        !matches!(estimation.next, Next::Nothing)
    }

    /// Returns the place before which it goes on; 0: these were all.
    fn relabel(&self, estimation: &mut Estimation, before: usize, now: Monotonic) -> usize {
        let before = before.min(self.connections.len());
        let (mut looked_at, until) = (0, estimation.relabelled + RELABELLED as u64);
        for entry in self.connections.before(before, LOOKED_AT) {
            looked_at += 1;
            if let Stage::Recording(recording) = &entry.stage {
                let edge = recording.resolution.edge();
                if estimation.namespace.as_deref().is_some_and(|only| only != edge.namespace()) {
                    continue;
                }
                estimation.connections += 1;
                let edited = self.resolver.edited(recording.slot, &estimation.pods);
                let then = edited.map(|local| {
                    estimation.relabelled += 1;
                    let Estimation { shadow, labels, .. } = &mut *estimation;
                    let today = self.resolver.telemetry_now(recording.slot);
                    let changed = labels.changed(&local, today, recording.reporter);
                    let mut source = Relabelling { store: &self.store, shadow, labels, changed };
                    let usual = (self.options.long_connection_threshold, self.options.wall_clock_offset);
                    recording.would_hold(&local, (entry.opened, now), usual, &mut source)
                });
                estimation.shadow.feed(&self.store, edge, (&recording.held, then.as_ref()));
                if estimation.relabelled >= until {
                    break;
                }
            }
        }
        before - looked_at
    }
}

impl Estimation {
    /// What has been found so far.
    #[must_use]
    pub fn found(self) -> NodeEstimate {
        let complete = matches!(self.next, Next::Nothing) && !self.shadow.is_full();
        let (metrics, namespaces, budgets) = self.shadow.found();
        let Self { labels, connections, relabelled, .. } = self;
        NodeEstimate { complete, connections, relabelled, metrics, namespaces, budgets, labels: labels.found() }
    }
}

/// Labels one connection.
struct Relabelling<'a> {
    store: &'a SeriesStore,
    shadow: &'a mut Shadow,
    labels: &'a mut LabelValues,
    /// Tags that are other ones then, whose values are still to be noted.
    changed: Vec<TagName>,
}

impl Source for Relabelling<'_> {
    fn admit(&mut self, namespace: &str, name: &TagName, value: Box<str>, most: Option<u32>) -> Box<str> {
        let value = self.shadow.admit(self.store, (namespace, name), value, most);
        // A tag of several groups is evaluated for each.
        if let Some(at) = self.changed.iter().position(|changed| changed == name) {
            self.changed.swap_remove(at);
            self.labels.note(name, &value);
        }
        value
    }

    /// It reads `unknown`, and is counted as that.
    fn failed(&mut self) {}

    fn acquire<K: KnownLabels>(&mut self, labels: K, spec: SeriesSpec, held: &mut SeriesHandles) {
        self.shadow.acquire(self.store, &labels, &spec, held);
    }

    fn acquire_cluster(&mut self, labels: EnvoyLabels, matcher: (u64, &StatsMatcher), held: &mut SeriesHandles) {
        self.shadow.acquire_cluster(self.store, &labels, matcher, held);
    }
}
