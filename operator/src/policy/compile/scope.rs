//! The outcome of a namespace's objects, and of the root namespace's, for its pods.

use super::intern::Interned;
use crate::index::Index;
use crate::index::warning::TELEMETRY_TOO_LARGE;
use crate::policy::merge::{Conflict, ConflictKind, Level, Merged, Own, PodWarning, explain, merge};
use crate::source::object::policy::{ExtraStatTags, KnownExporters, Policy, Selector, StatsMatcher, TelemetryPolicy};
use crate::source::object::{self, AnnotationSettings, Key};
use longwire_live::effective_telemetry::EffectiveTelemetryStatus;
use longwire_model::canonical::Labels;
use longwire_model::limits::MAX_TELEMETRY_BYTES;
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry, TelemetryTooLarge};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Equal for all pods that the same objects select and that have the same annotations.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) telemetry: Arc<Telemetry>,
    /// The objects that apply.
    pub(crate) selected: Vec<Key>,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) warnings: Vec<PodWarning>,
    /// Series sets that are on, whatever overrides switch off of them.
    pub(crate) sets: SeriesSets,
    /// Of the telemetry.
    pub(crate) bytes: usize,
    /// The settings of narrower objects or annotations were left out, because they would be too large.
    pub(crate) reduced: bool,
}

#[derive(Debug)]
pub(super) struct Scope {
    /// Below all of them.
    defaults: Option<Arc<TelemetryPolicy>>,
    /// For every pod: the root namespace's, then the namespace's own.
    broad: Vec<Objects>,
    /// With a selector.
    selective: Objects,
    outcomes: HashMap<Applicable, Arc<Outcome>>,
}

/// Accepted ones, the oldest first.
#[derive(Clone, Debug, Default)]
struct Objects {
    namespace: String,
    annotated: Option<SeriesSets>,
    telemetry: Vec<Arc<TelemetryPolicy>>,
    tags: Vec<Arc<ExtraStatTags>>,
    stats: Vec<Arc<StatsMatcher>>,
}

/// All that a pod's outcome depends on within its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Applicable {
    /// Places in the lists of selective objects.
    telemetry: Vec<usize>,
    tags: Vec<usize>,
    stats: Vec<usize>,
    series_sets: Option<SeriesSets>,
    annotation_settings: Option<Box<AnnotationSettings>>,
    meshed: bool,
}

impl Scope {
    pub(super) fn new(
        index: &Index,
        (root, exporters): (&str, &KnownExporters),
        namespace: &str,
        defaults: Option<Arc<TelemetryPolicy>>,
    ) -> Self {
        let of = |namespace| Objects::of(index, (root, exporters), namespace);
        let (own, selective) = of(namespace);
        let broad = if namespace == root { vec![own] } else { vec![of(root).0, own] };
        Self { defaults, broad, selective, outcomes: HashMap::new() }
    }

    /// For a pod without annotations that no selector selects: how the namespace's objects relate to each other.
    pub(super) fn base(&self, interned: &mut Interned) -> (Arc<Outcome>, NodeSettings) {
        let applicable = Applicable::default();
        let (outcome, settings) = self.merge(&applicable, interned);
        (Arc::new(outcome), settings)
    }

    pub(super) fn outcome(&mut self, pod: &object::Pod, interned: &mut Interned) -> Arc<Outcome> {
        let applicable = self.applicable(pod);
        if let Some(known) = self.outcomes.get(&applicable) {
            return Arc::clone(known);
        }
        let outcome = Arc::new(self.merge(&applicable, interned).0);
        self.outcomes.insert(applicable, Arc::clone(&outcome));
        outcome
    }

    /// Drops outcomes without a pod. Returns whether any is left.
    pub(super) fn tidy(&mut self) -> bool {
        self.outcomes.retain(|_, outcome| Arc::strong_count(outcome) > 1);
        !self.outcomes.is_empty()
    }

    /// Where each part of a pod's outcome is from.
    pub(super) fn explain(&self, pod: &object::Pod) -> EffectiveTelemetryStatus {
        let applicable = self.applicable(pod);
        let (levels, own) = (self.levels(&applicable), applicable.own());
        match merge(&levels, own).telemetry.check_size() {
            Ok(()) => explain(&levels, own),
            Err(_) => {
                let (_, kept, own) = broader(&levels, own);
                explain(&levels[..kept], own)
            }
        }
    }

    fn applicable(&self, pod: &object::Pod) -> Applicable {
        Applicable {
            telemetry: matching(&self.selective.telemetry, &pod.labels, |spec| &spec.selector),
            tags: matching(&self.selective.tags, &pod.labels, |spec| &spec.selector),
            stats: matching(&self.selective.stats, &pod.labels, |spec| &spec.selector),
            series_sets: pod.series.sets,
            annotation_settings: pod.annotation_settings.clone(),
            meshed: pod.meshed,
        }
    }

    /// From the broadest to the narrowest.
    fn levels<'a>(&'a self, applicable: &Applicable) -> Vec<Level<'a>> {
        let defaults =
            self.defaults.iter().map(|policy| Level { telemetry: vec![policy.as_ref()], ..Level::default() });
        let mut levels: Vec<Level<'_>> = defaults.chain(self.broad.iter().map(Objects::level)).collect();
        // The defaults and the root namespace's own.
        let cluster_wide = self.defaults.iter().len() + 1;
        levels.iter_mut().take(cluster_wide).for_each(|level| level.is_cluster_wide = true);
        levels.push(Level {
            namespace: Some(&self.selective.namespace),
            annotated: None,
            is_cluster_wide: false,
            telemetry: applicable.telemetry.iter().map(|at| &*self.selective.telemetry[*at]).collect(),
            tags: applicable.tags.iter().map(|at| &*self.selective.tags[*at]).collect(),
            stats: applicable.stats.iter().map(|at| &*self.selective.stats[*at]).collect(),
        });
        levels
    }

    fn merge(&self, applicable: &Applicable, interned: &mut Interned) -> (Outcome, NodeSettings) {
        let (levels, own) = (self.levels(applicable), applicable.own());
        let Merged { mut telemetry, sets, settings, mut conflicts, mut warnings } = merge(&levels, own);
        let too_large = telemetry.check_size().err();
        if let Some(TelemetryTooLarge { bytes }) = too_large {
            let (broader, kept, _) = broader(&levels, own);
            telemetry = broader;
            conflicts.extend(levels[kept..].iter().flat_map(keys).map(|loser| Conflict {
                loser: loser.clone(),
                kind: ConflictKind::TooLarge,
                message: format!(
                    "spec: left out for pods whose labels and statistics would take more than {MAX_TELEMETRY_BYTES} bytes \
                     of a probe's memory: use fewer tags, patterns or regular expressions"
                ),
            }));
            let note = format!(
                "{bytes} bytes of labels and statistics are too many: at most {MAX_TELEMETRY_BYTES} are allowed, so the \
                 annotations of this pod and {} objects have no effect on it: use fewer tags, patterns or regular expressions",
                levels[kept..].iter().flat_map(keys).count()
            );
            warnings.push(PodWarning { reason: TELEMETRY_TOO_LARGE, note });
        }
        // The defaults have no status.
        let objects = levels.iter().skip(self.defaults.iter().len());
        let selected = objects.flat_map(keys).cloned();
        let selected = selected.collect();
        let (bytes, reduced) = (telemetry.bytes(), too_large.is_some());
        let telemetry = interned.one(telemetry);
        (Outcome { telemetry, selected, conflicts, warnings, sets, bytes, reduced }, settings)
    }
}

impl Applicable {
    fn own(&self) -> Own<'_> {
        let Self { series_sets, annotation_settings, meshed, .. } = self;
        Own {
            series_sets: *series_sets,
            access_log: annotation_settings.as_ref().and_then(|settings| settings.access_log),
            annotation_settings: annotation_settings.as_deref(),
            meshed: *meshed,
        }
    }
}

impl Objects {
    /// Those of a namespace without a selector, and those with one.
    fn of(index: &Index, (root, exporters): (&str, &KnownExporters), namespace: &str) -> (Self, Self) {
        let policies = index.policies().of(namespace);
        let annotated = index.namespace(namespace).and_then(|namespace| namespace.series.sets);
        let telemetry = accepted(policies.telemetry, |policy| policy.accepted_beside(root, exporters).is_ok());
        let (broad, narrow) = telemetry.into_iter().partition(|policy| selects_all(policy, |spec| &spec.selector));
        let none = || Self { namespace: namespace.to_owned(), ..Self::default() };
        let (mut all, mut some) = (Self { annotated, telemetry: broad, ..none() }, none());
        some.telemetry = narrow;
        let tags = accepted(policies.tags, |tags| tags.spec.is_ok()).into_iter();
        (all.tags, some.tags) = tags.partition(|tags| selects_all(tags, |spec| &spec.selector));
        let stats = accepted(policies.stats, |stats| stats.spec.is_ok()).into_iter();
        (all.stats, some.stats) = stats.partition(|stats| selects_all(stats, |spec| &spec.selector));
        (all, some)
    }

    fn level(&self) -> Level<'_> {
        let Self { namespace, annotated, telemetry, tags, stats } = self;
        Level {
            namespace: Some(namespace),
            annotated: *annotated,
            is_cluster_wide: false,
            telemetry: telemetry.iter().map(AsRef::as_ref).collect(),
            tags: tags.iter().map(AsRef::as_ref).collect(),
            stats: stats.iter().map(AsRef::as_ref).collect(),
        }
    }
}

/// The outcome of as many levels as fit, how many these are, and what is left of the pod's own annotations, which are dropped first.
fn broader<'a>(levels: &[Level<'_>], own: Own<'a>) -> (Telemetry, usize, Own<'a>) {
    let own = Own { annotation_settings: None, ..own };
    let without = |kept| merge(&levels[..kept], own).telemetry;
    let fitting = (1..=levels.len()).rev().map(|kept| (without(kept), kept)).find(|(it, _)| it.check_size().is_ok());
    let (telemetry, kept) = fitting.unwrap_or_else(|| (without(0), 0));
    (telemetry, kept, own)
}

fn keys<'a>(Level { telemetry, tags, stats, .. }: &Level<'a>) -> impl Iterator<Item = &'a Key> + use<'a> {
    let telemetry: Vec<&Key> = telemetry.iter().map(|policy| &policy.key).collect();
    let tags: Vec<&Key> = tags.iter().map(|tags| &tags.key).collect();
    let stats: Vec<&Key> = stats.iter().map(|stats| &stats.key).collect();
    telemetry.into_iter().chain(tags).chain(stats)
}

/// The oldest first, then by name.
fn accepted<S>(
    policies: BTreeMap<object::Name, Arc<Policy<S>>>,
    is_accepted: impl Fn(&Policy<S>) -> bool,
) -> Vec<Arc<Policy<S>>> {
    let mut accepted: Vec<_> = policies.into_values().filter(|policy| is_accepted(policy)).collect();
    // Stable, and the names ascend.
    accepted.sort_by_key(|policy| policy.created);
    accepted
}

fn selects_all<S>(policy: &Policy<S>, selector: impl Fn(&S) -> &Option<Selector>) -> bool {
    policy.spec.as_ref().is_ok_and(|spec| selector(spec).is_none())
}

fn matching<S>(policies: &[Arc<Policy<S>>], labels: &Labels, selector: impl Fn(&S) -> &Option<Selector>) -> Vec<usize> {
    let matches = |policy: &Policy<S>| {
        policy.spec.as_ref().is_ok_and(|spec| selector(spec).as_ref().is_some_and(|selector| selector.matches(labels)))
    };
    policies.iter().enumerate().filter(|(_, policy)| matches(policy)).map(|(at, _)| at).collect()
}
