//! What other series of live connections would do to the label sets, without touching them.
//!
//! ```text
//! SeriesStore, read alone --find, known--> Shadow: what would be made, charged and fed --Counting--> lines now and then
//! ```
//!
//! A label set that there would be is a hash and its metrics; its labels are not kept. Two of a million that read differently collide
//! with a probability of 10^-8, and then count as one.

mod counting;

use self::counting::Counting;
use super::SeriesStore;
use super::accepted::Accepted;
use super::acquire::SeriesSpec;
use super::admitted::Learned;
use super::budget::{Accounts, Full, Level, Payer, Resource};
use super::handles::{SeriesHandle, SeriesHandles};
use super::kinds::{KnownLabels, of_kind};
use super::sets::{Place, Sets};
use super::values::Values;
use crate::labels::EnvoyLabels;
use crate::observation::EdgeRef;
use hashbrown::HashMap;
use longwire_model::estimate::{BudgetEstimate, MAX_BUDGETS, MetricEstimate, NamespaceEstimate};
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::{LabelKind, Metrics};
use longwire_model::tag::TagName;
use longwire_model::telemetry::NodeSettings;
use std::collections::BTreeMap;

/// In a handle of a label set that there would be, beside its number.
const MADE: u32 = 1 << 31;
/// Most label sets that there would be: they take 5 MB.
const MAX_MADE: usize = 65_536;

#[derive(Debug)]
pub(crate) struct Shadow {
    accounts: Accounts,
    learned: Learned,
    accepted: Accepted,
    kinds: [OfKind; LabelKind::ALL.len()],
    refused: BTreeMap<Budget, Refused>,
    counting: Counting,
    /// There was no room to note more.
    is_full: bool,
}

/// Whose, and of what. `None`: the node's.
type Budget = (Option<Box<str>>, Option<Box<str>>, Resource);

#[derive(Clone, Copy, Debug, Default)]
struct Refused {
    limit: usize,
    connections: u64,
}

#[derive(Debug, Default)]
struct OfKind {
    /// Label sets that there are and that live connections feed, or would, by slot.
    fed: HashMap<u32, Fed>,
    made: Vec<Made>,
    by_hash: HashMap<u64, u32>,
    overflows: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fed {
    /// Which set of its slot.
    born: u64,
    now: Metrics,
    then: Metrics,
    /// Metrics that have room, beside those that the set has.
    room: Metrics,
}

#[derive(Clone, Copy, Debug, Default)]
struct Made {
    room: Metrics,
    then: Metrics,
}

impl Shadow {
    /// `settings`: the node's then. `namespace`: of the series that are counted; `None`: all.
    pub(crate) fn new(store: &SeriesStore, settings: Option<&NodeSettings>, namespace: Option<&str>) -> Self {
        let mut accounts = store.accounts.copy();
        if let Some(settings) = settings {
            accounts.configure(settings);
        }
        Self {
            accounts,
            learned: Learned::default(),
            accepted: Accepted::default(),
            kinds: Default::default(),
            refused: BTreeMap::new(),
            counting: Counting::new(namespace),
            is_full: false,
        }
    }

    /// Not everything could be noted.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(crate) fn admit(
        &self,
        store: &SeriesStore,
        (namespace, name): (&str, &TagName),
        value: Box<str>,
        most: Option<u32>,
    ) -> Box<str> {
        store.admitted.would_admit(&self.learned, (namespace, name), value, most)
    }

    /// As [`SeriesStore::acquire`]: handles of label sets that there are, or would be.
    pub(crate) fn acquire<K: KnownLabels>(
        &mut self,
        store: &SeriesStore,
        labels: &K,
        spec: &SeriesSpec,
        held: &mut SeriesHandles,
    ) {
        let sets = K::sets(&store.kinds);
        let SeriesSpec { metrics, differences, tag_source: _ } = spec;
        if metrics.is_empty() {
            return;
        }
        let found = sets.find(labels, differences);
        let (at, fresh, cost, hash) = match found {
            Place::At(at) => {
                let set = &sets[at];
                let room = self.kinds[K::KIND as usize].fed_of(at, set.born()).room;
                let fresh = metrics.difference(set.known).difference(room);
                (Some(at), fresh, sets.cost_of_metrics(fresh), 0)
            }
            Place::Nowhere(fingerprint) => {
                let fingerprint = fingerprint.unwrap_or_else(|| sets.fingerprint(labels, differences));
                let of = &self.kinds[K::KIND as usize];
                match of.by_hash.get(&fingerprint.hash) {
                    Some(number) => {
                        let fresh = metrics.difference(of.made[*number as usize].room);
                        (Some(MADE | *number), fresh, sets.cost_of_metrics(fresh), 0)
                    }
                    None => {
                        (None, *metrics, sets.cost_of_set(*metrics, fingerprint.bytes, differences), fingerprint.hash)
                    }
                }
            }
        };
        if let Some(at) = at.filter(|_| fresh.is_empty()) {
            held.push(SeriesHandle { at, metrics: *metrics });
            return;
        }
        let payer = Payer::of(labels.edge());
        match self.accounts.charge(Some(payer), cost) {
            Ok(()) => {
                let at = at.or_else(|| {
                    self.learned.learn(&store.admitted, payer.namespace, differences);
                    self.make::<K>(hash)
                });
                if let Some(at) = at {
                    let born = if at & MADE == 0 { sets[at].born() } else { 0 };
                    self.kinds[K::KIND as usize].give_room((at, born), fresh);
                    held.push(SeriesHandle { at, metrics: *metrics });
                }
            }
            Err(full) => {
                self.refuse(full, payer);
                let known = metrics.difference(fresh);
                if let Some(at) = at.filter(|_| !known.is_empty()) {
                    held.push(SeriesHandle { at, metrics: known });
                }
                if let Some(at) = self.overflow::<K>(sets, labels, (payer, full.level)) {
                    held.push(SeriesHandle { at, metrics: fresh });
                }
            }
        }
    }

    /// As [`SeriesStore::acquire_cluster`].
    pub(crate) fn acquire_cluster(
        &mut self,
        store: &SeriesStore,
        labels: &EnvoyLabels,
        (telemetry, matcher): (u64, &StatsMatcher),
        held: &mut SeriesHandles,
    ) {
        let metrics = self.accepted.of(labels, telemetry, matcher);
        self.acquire(store, labels, &SeriesSpec::plain(metrics), held);
    }

    /// A live connection of this edge feeds these series now, and would feed those; `None`: the same.
    pub(crate) fn feed(
        &mut self,
        store: &SeriesStore,
        edge: EdgeRef<'_>,
        (now, then): (&SeriesHandles, Option<&SeriesHandles>),
    ) {
        let namespace = Payer::of(edge).namespace;
        for handle in now.handles() {
            of_kind!(&store.kinds, handle.kind(), |sets| {
                let of = &mut self.kinds[handle.kind() as usize];
                let fed = of.fed_of(handle.at, sets[handle.at].born());
                fed.now = fed.now.union(handle.metrics);
                if then.is_none() {
                    fed.then = fed.then.union(handle.metrics);
                }
            });
        }
        for handle in then.into_iter().flat_map(SeriesHandles::handles) {
            of_kind!(&store.kinds, handle.kind(), |sets| self.would_feed(sets, handle, namespace));
        }
    }

    fn would_feed<K: KnownLabels>(&mut self, sets: &Sets<K, K::Values>, handle: SeriesHandle, namespace: &str) {
        let Self { kinds, counting, .. } = self;
        let of = &mut kinds[K::KIND as usize];
        if handle.at & MADE != 0 {
            let made = &mut of.made[(handle.at ^ MADE) as usize];
            let new = handle.metrics.difference(made.then);
            made.then = made.then.union(new);
            counting.begin(new, Some(namespace));
            return;
        }
        let set = &sets[handle.at];
        let fed = of.fed_of(handle.at, set.born());
        let new = handle.metrics.difference(fed.then);
        fed.then = fed.then.union(new);
        let absent = new.iter().filter(|metric| set.values.read(*metric).lines() == 0).collect();
        counting.begin(absent, if sets.is_overflow(handle.at as usize) { None } else { Some(namespace) });
    }

    /// Counts the lines of so many slots of this kind, from this one on. Returns the next one; `None`: these were the last.
    pub(crate) fn count(&mut self, store: &SeriesStore, kind: LabelKind, from: usize, slots: usize) -> Option<usize> {
        of_kind!(&store.kinds, kind, |sets| self.count_of(sets, from, slots))
    }

    fn count_of<K: KnownLabels>(&mut self, sets: &Sets<K, K::Values>, from: usize, slots: usize) -> Option<usize> {
        let Self { kinds, counting, .. } = self;
        let mut next = None;
        for (slot, set) in sets.since(from).take_while(|(slot, _)| *slot < from + slots) {
            next = Some(slot + 1);
            // As many slots as fit into a handle.
            let at = u32::try_from(slot).unwrap_or(u32::MAX);
            let namespace =
                if set.is_overflow { sets.overflow_namespace(at) } else { Some(Payer::of(set.key().edge()).namespace) };
            let fed = kinds[K::KIND as usize].fed.get(&at).filter(|fed| fed.born == set.born());
            let stopped = fed.map_or(Metrics::NONE, |fed| fed.now.difference(fed.then));
            for metric in K::Values::METRICS.iter() {
                counting.there(metric, set.values.read(metric).lines(), stopped.contains(metric), namespace);
            }
        }
        // A gap may be longer than a slice.
        next.or_else(|| sets.since(from).next().map(|(slot, _)| slot))
    }

    pub(crate) fn found(self) -> (Vec<MetricEstimate>, Vec<NamespaceEstimate>, Vec<BudgetEstimate>) {
        let (metrics, namespaces) = self.counting.found();
        let budget = |((namespace, peer, resource), refused): (Budget, Refused)| BudgetEstimate {
            namespace: namespace.map(Into::into),
            peer: peer.map(Into::into),
            resource: name_of(resource).to_owned(),
            limit: refused.limit as u64,
            refused: refused.connections,
        };
        (metrics, namespaces, self.refused.into_iter().map(budget).collect())
    }

    fn make<K: KnownLabels>(&mut self, hash: u64) -> Option<u32> {
        let all: usize = self.kinds.iter().map(|of| of.made.len()).sum();
        if all >= MAX_MADE {
            self.is_full = true;
            return None;
        }
        let of = &mut self.kinds[K::KIND as usize];
        let number = u32::try_from(of.made.len()).ok()?;
        of.made.push(Made::default());
        of.by_hash.insert(hash, number);
        Some(MADE | number)
    }

    /// The overflow set of such connections.
    fn overflow<K: KnownLabels>(
        &mut self,
        sets: &Sets<K, K::Values>,
        labels: &K,
        (payer, level): (Payer<'_>, Level),
    ) -> Option<u32> {
        let reporter = labels.edge().reporter;
        let of_node = sets.overflow_of(reporter);
        if level == Level::Node {
            return Some(of_node);
        }
        if let Some(at) = sets.known_overflow(reporter, payer, level) {
            return Some(at);
        }
        let made = self.kinds[K::KIND as usize].overflows;
        let Some((key, differences)) = sets.new_overflow((reporter, payer, level), made) else { return Some(of_node) };
        let hash = match sets.find(&key, &differences) {
            Place::At(at) => return Some(at),
            Place::Nowhere(fingerprint) => fingerprint.unwrap_or_else(|| sets.fingerprint(&key, &differences)).hash,
        };
        if let Some(number) = self.kinds[K::KIND as usize].by_hash.get(&hash) {
            return Some(MADE | *number);
        }
        if self.accounts.charge(None, sets.cost_of_overflow(&differences)).is_err() {
            return Some(of_node);
        }
        let at = self.make::<K>(hash)?;
        let of = &mut self.kinds[K::KIND as usize];
        of.give_room((at, 0), K::Values::METRICS);
        of.overflows += 1;
        Some(at)
    }

    fn refuse(&mut self, Full { level, resource, limit }: Full, payer: Payer<'_>) {
        let namespace = (level != Level::Node).then(|| payer.namespace.into());
        let peer = if level == Level::Peer { payer.peer.map(Into::into) } else { None };
        let budget = (namespace, peer, resource);
        if self.refused.len() < MAX_BUDGETS || self.refused.contains_key(&budget) {
            let refused = self.refused.entry(budget).or_default();
            refused.limit = limit;
            refused.connections += 1;
        }
    }
}

impl OfKind {
    /// Another set may have come into its slot.
    fn fed_of(&mut self, at: u32, born: u64) -> &mut Fed {
        let fed = self.fed.entry(at).or_default();
        if fed.born != born {
            *fed = Fed { born, ..Fed::default() };
        }
        fed
    }

    fn give_room(&mut self, (at, born): (u32, u64), metrics: Metrics) {
        let room = match self.made.get_mut((at ^ MADE) as usize).filter(|_| at & MADE != 0) {
            Some(made) => &mut made.room,
            None => &mut self.fed_of(at, born).room,
        };
        *room = room.union(metrics);
    }
}

fn name_of(resource: Resource) -> &'static str {
    match resource {
        Resource::Series => "series",
        Resource::LongConnections => "longConnections",
        Resource::Bytes => "bytes",
    }
}
