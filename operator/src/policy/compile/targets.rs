//! The targets of each object, counted pod by pod, so that a pod that comes or goes costs only its own share.

use super::scope::Outcome;
use crate::source::object::{self, Key, Name, SeriesAnnotation};
use longwire_model::identity::Pod;
use longwire_model::series::{SeriesSet, SeriesSets};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Different conflicts of one object that its message names.
const NAMED: usize = 8;

#[derive(Debug, Default)]
pub(super) struct TargetsByPolicy {
    objects: HashMap<Key, PolicyTargets>,
    /// Objects whose targets changed since [`TargetsByPolicy::take_touched`].
    touched: HashSet<Key>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PolicyTargets {
    nodes: BTreeMap<String, usize>,
    workloads: BTreeMap<Name, usize>,
    conflicts: BTreeMap<String, usize>,
    /// Pods that have each series set.
    sets: [usize; SeriesSet::ALL.len()],
}

/// A pod, or a namespace as a whole, with the outcome of the objects for it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) outcome: Arc<Outcome>,
    /// `None`: the namespace as a whole.
    pod: Option<BoundPod>,
}

#[derive(Debug)]
struct BoundPod {
    pod: Arc<Pod>,
    /// Its annotation, parsed, with unknown entries.
    annotation: SeriesAnnotation,
}

impl Bound {
    pub(super) fn pod(outcome: Arc<Outcome>, pod: Arc<Pod>, object: &object::Pod) -> Self {
        Self { outcome, pod: Some(BoundPod { pod, annotation: object.series.clone() }) }
    }

    pub(super) fn is_of(&self, uid: &str) -> bool {
        self.pod.as_ref().is_some_and(|bound_pod| bound_pod.pod.uid == uid)
    }

    pub(super) fn annotation(&self) -> Option<&SeriesAnnotation> {
        self.pod.as_ref().map(|bound_pod| &bound_pod.annotation)
    }

    pub(super) fn namespace(outcome: Arc<Outcome>) -> Self {
        Self { outcome, pod: None }
    }
}

impl TargetsByPolicy {
    pub(super) fn add(&mut self, bound: &Bound) {
        self.count(bound, increase, increase, |pods| pods + 1);
    }

    pub(super) fn remove(&mut self, bound: &Bound) {
        self.count(bound, decrease, decrease, |pods| pods - 1);
    }

    pub(super) fn of(&self, key: &Key) -> Option<&PolicyTargets> {
        self.objects.get(key)
    }

    pub(super) fn take_touched(&mut self) -> HashSet<Key> {
        std::mem::take(&mut self.touched)
    }

    fn count(
        &mut self,
        Bound { outcome, pod }: &Bound,
        texts: impl Fn(&mut BTreeMap<String, usize>, &String),
        names: impl Fn(&mut BTreeMap<Name, usize>, &Name),
        count: impl Fn(usize) -> usize,
    ) {
        if let Some(BoundPod { pod, .. }) = pod {
            let workload = Name::new(&pod.workload.namespace, &pod.workload.name);
            let node = Some(&pod.place.node).filter(|node| !node.is_empty());
            for key in &outcome.selected {
                let targets = self.targets(key);
                names(&mut targets.workloads, &workload);
                node.into_iter().for_each(|node| texts(&mut targets.nodes, node));
                for set in outcome.sets.iter() {
                    targets.sets[set as usize] = count(targets.sets[set as usize]);
                }
                self.forget_idle(key);
            }
        }
        for conflict in &outcome.conflicts {
            texts(&mut self.targets(&conflict.loser).conflicts, &conflict.message);
            self.forget_idle(&conflict.loser);
        }
    }

    fn targets(&mut self, key: &Key) -> &mut PolicyTargets {
        self.touched.insert(key.clone());
        self.objects.entry(key.clone()).or_default()
    }

    fn forget_idle(&mut self, key: &Key) {
        if self.objects.get(key).is_some_and(|targets| *targets == PolicyTargets::default()) {
            self.objects.remove(key);
        }
    }
}

impl PolicyTargets {
    pub(super) fn nodes(&self) -> BTreeSet<String> {
        self.nodes.keys().cloned().collect()
    }

    pub(super) fn workloads(&self) -> u32 {
        u32::try_from(self.workloads.len()).unwrap_or(u32::MAX)
    }

    /// That a pod has.
    pub(super) fn sets(&self) -> SeriesSets {
        SeriesSet::ALL.into_iter().filter(|set| self.sets[*set as usize] > 0).collect()
    }

    pub(super) fn conflicts(&self) -> Option<String> {
        let named: Vec<&str> = self.conflicts.keys().take(NAMED).map(String::as_str).collect();
        let more = self.conflicts.len().saturating_sub(NAMED);
        match (named.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(named.join("; ")),
            (false, more) => Some(format!("{}; and {more} more", named.join("; "))),
        }
    }
}

fn increase<K: Ord + Clone>(counts: &mut BTreeMap<K, usize>, key: &K) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => drop(counts.insert(key.clone(), 1)),
    }
}

fn decrease<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
