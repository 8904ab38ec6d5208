//! How the objects of the three kinds apply to pods, and the state of each of them.

use super::intern::Interned;
use super::policy_warnings::{self, PolicyWarning, Surroundings};
use super::scope::{Outcome, Scope};
use super::targets::{Bound, PolicyTargets, TargetsByPolicy};
use crate::index::{Index, Policies as Objects, Stale};
use crate::policy::merge::locality;
use crate::policy::state::{PolicyState, PolicyStates};
use crate::source::object::policy::{KnownExporters, Overrides, Policy, TagChange, TelemetryPolicy, TelemetrySpec};
use crate::source::object::{self, Key, Kind, Refusal};
use longwire_model::expression::{Condition, Expression};
use longwire_model::identity::Pod;
use longwire_model::telemetry::NodeSettings;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Policies {
    root: String,
    /// The settings that apply where no object overrides them.
    defaults: Option<Arc<TelemetryPolicy>>,
    scopes: HashMap<String, Scope>,
    /// What namespaces with objects are bound to as a whole.
    bases: HashMap<String, Bound>,
    interned: Interned,
    targets_by_policy: TargetsByPolicy,
    policy_states: PolicyStates,
    /// Names of labels that some accepted expression reads.
    labels: BTreeSet<String>,
    settings: NodeSettings,
    exporters: KnownExporters,
    /// Exporters that there are although no object here defines them.
    assumed: KnownExporters,
    /// Labels beside the standard ones that accepted objects add to series.
    added: BTreeSet<String>,
    /// An object came, changed or went since the states were last returned.
    changed: bool,
    /// Objects whose state must be computed again.
    stale_states: BTreeSet<Key>,
    /// Pods that are bound to less than is configured for them.
    reduced: usize,
}

/// The effects of changed objects.
#[derive(Debug, Default)]
pub(super) struct PolicyEffects {
    /// Pods of these namespaces have to be bound again.
    pub(super) namespaces: BTreeSet<String>,
    pub(super) all_namespaces: bool,
    /// Labels that identities have from now on, or no more.
    pub(super) labels: BTreeSet<String>,
    pub(super) settings: bool,
}

impl Policies {
    pub(super) fn new(root: &str) -> Self {
        Self {
            root: root.to_owned(),
            defaults: None,
            scopes: HashMap::new(),
            bases: HashMap::new(),
            interned: Interned::default(),
            targets_by_policy: TargetsByPolicy::default(),
            policy_states: PolicyStates::new(),
            labels: BTreeSet::new(),
            settings: NodeSettings::default(),
            exporters: KnownExporters::new(),
            assumed: KnownExporters::new(),
            added: BTreeSet::new(),
            changed: false,
            stale_states: BTreeSet::new(),
            reduced: 0,
        }
    }

    pub(super) fn default_to(&mut self, defaults: TelemetryPolicy) {
        self.defaults = Some(Arc::new(defaults));
        let index = Index::default();
        self.labels = self.named_labels(index.policies());
        self.settings = self.scope(&index, &self.root).base(&mut self.interned).1;
    }

    pub(super) fn assume(&mut self, exporters: KnownExporters) {
        self.exporters.clone_from(&exporters);
        self.assumed = exporters;
    }

    pub(super) fn settings(&self) -> NodeSettings {
        self.settings.clone()
    }

    /// Whether identities contain the label.
    pub(super) fn names(&self, label: &str) -> bool {
        self.labels.contains(label)
    }

    /// Takes in what has changed of the objects; pods are bound again after it.
    pub(super) fn take(&mut self, index: &Index, stale: &Stale, revision: u64) -> PolicyEffects {
        let mut effects = PolicyEffects::default();
        if stale.scopes.is_empty() {
            return effects;
        }
        for key in &stale.policies {
            self.update_state(index.policies(), key, revision);
        }
        let exporters = known_exporters(index.policies(), &self.root, &self.assumed);
        if exporters != self.exporters {
            // Objects may name exporters that are there from now on, or no more.
            self.exporters = exporters;
            let names = index.policies().telemetry.keys();
            let keys: Vec<Key> = names.map(|name| Key { kind: Kind::TelemetryPolicy, name: name.clone() }).collect();
            keys.iter().for_each(|key| self.update_state(index.policies(), key, revision));
        }
        if !stale.policies.is_empty() {
            let labels = self.named_labels(index.policies());
            effects.labels = self.labels.symmetric_difference(&labels).cloned().collect();
            self.labels = labels;
            self.note_added(index.policies());
        }
        effects.all_namespaces = stale.scopes.contains(&self.root);
        effects.namespaces = stale.scopes.clone();
        if effects.all_namespaces {
            effects.namespaces.extend(self.scopes.keys().chain(self.bases.keys()).cloned());
            effects.namespaces.insert(self.root.clone());
        }
        let former = self.settings.clone();
        effects.namespaces.iter().for_each(|namespace| self.rescope(index, namespace));
        effects.settings = former != self.settings;
        if former.reporting_interval != self.settings.reporting_interval {
            self.restate_telemetry(index.policies());
        }
        effects
    }

    pub(super) fn bind(&mut self, index: &Index, pod: &object::Pod, identity: Arc<Pod>) -> Bound {
        let Self { root, defaults, scopes, interned, targets_by_policy, reduced, exporters, .. } = self;
        let namespace = &pod.name.namespace;
        let scope = match scopes.get_mut(namespace) {
            Some(scope) => scope,
            None => scopes.entry(namespace.clone()).or_insert(Scope::new(
                index,
                (root, exporters),
                namespace,
                defaults.clone(),
            )),
        };
        let bound = Bound::pod(scope.outcome(pod, interned), identity, pod);
        targets_by_policy.add(&bound);
        *reduced += usize::from(bound.outcome.reduced);
        bound
    }

    pub(super) fn bases(&self) -> impl Iterator<Item = &Outcome> {
        self.bases.values().map(|bound| &*bound.outcome)
    }

    pub(super) fn reduced_pods(&self) -> usize {
        self.reduced
    }

    pub(super) fn unbind(&mut self, bound: &Bound) {
        self.reduced -= usize::from(bound.outcome.reduced);
        self.targets_by_policy.remove(bound);
    }

    /// After pods of these namespaces were bound and unbound.
    pub(super) fn tidy<'a>(&mut self, namespaces: impl IntoIterator<Item = &'a str>) {
        for namespace in namespaces {
            let is_idle = self.scopes.get_mut(namespace).is_some_and(|scope| !scope.tidy());
            if is_idle && !self.bases.contains_key(namespace) {
                self.scopes.remove(namespace);
            }
        }
        self.interned.tidy();
    }

    /// The states of the objects; `None`: unchanged.
    pub(super) fn policy_states(&mut self, objects: &Objects) -> Option<PolicyStates> {
        let mut touched = self.targets_by_policy.take_touched();
        let is_changed = std::mem::take(&mut self.changed);
        touched.extend(std::mem::take(&mut self.stale_states));
        if touched.is_empty() && !is_changed {
            return None;
        }
        for key in &touched {
            let Some(state) = self.policy_states.get(key) else { continue };
            let targets = self.targets_by_policy.of(key);
            let state = PolicyState {
                uid: state.uid.clone(),
                generation: state.generation,
                accepted: state.accepted.clone(),
                warnings: policy_warnings::bounded(self.warnings(objects, key)),
                conflicted: targets.and_then(PolicyTargets::conflicts),
                workloads_selected: targets.map_or(0, PolicyTargets::workloads),
                nodes: targets.map(PolicyTargets::nodes).unwrap_or_default(),
                revision: state.revision,
            };
            self.policy_states.insert(key.clone(), Arc::new(state));
        }
        Some(self.policy_states.clone())
    }

    /// All that is to be said of an accepted object; its state has the first of it.
    pub(super) fn warnings(&self, objects: &Objects, key: &Key) -> Vec<PolicyWarning> {
        let Key { kind, name } = key;
        let around = Surroundings {
            root: &self.root,
            exporters: &self.exporters,
            added: &self.added,
            reporting_interval: self.settings.reporting_interval,
            targets: self.targets_by_policy.of(key),
        };
        match kind {
            Kind::TelemetryPolicy => {
                objects.telemetry.get(name).map(|policy| policy_warnings::of_telemetry(policy, around))
            }
            Kind::StatsMatcher => objects.stats.get(name).map(|policy| policy_warnings::of_stats(policy, around)),
            Kind::ExtraStatTags => objects.tags.get(name).and_then(|policy| {
                let spec = policy.spec.as_ref().ok()?;
                Some(policy_warnings::of_tags(policy, spec.selector.as_ref(), around))
            }),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn update_state(&mut self, objects: &Objects, key: &Key, revision: u64) {
        type Head = (String, i64, Result<(), Refusal>);
        fn head<S>(policy: &Policy<S>, accepted: Result<(), Refusal>) -> Head {
            (policy.uid.clone(), policy.generation, accepted)
        }
        fn plain<S>(policy: &Arc<Policy<S>>) -> Head {
            head(policy, policy.spec.as_ref().map(|_| ()).map_err(Refusal::clone))
        }
        self.changed = true;
        let name = &key.name;
        let found = match key.kind {
            Kind::TelemetryPolicy => {
                let policy = objects.telemetry.get(name);
                policy.map(|policy| head(policy, policy.accepted_beside(&self.root, &self.exporters).map(|_| ())))
            }
            Kind::ExtraStatTags => objects.tags.get(name).map(plain),
            Kind::StatsMatcher => objects.stats.get(name).map(plain),
            _ => None,
        };
        let Some((uid, generation, accepted)) = found else {
            self.policy_states.remove(key);
            return;
        };
        // Its targets are known when its pods have been bound.
        self.stale_states.insert(key.clone());
        let (conflicted, nodes) = (None, BTreeSet::new());
        let warnings = Vec::new();
        let state =
            PolicyState { uid, generation, accepted, warnings, conflicted, workloads_selected: 0, nodes, revision };
        self.policy_states.insert(key.clone(), Arc::new(state));
    }

    /// Notes the labels that objects add: removing one may have no effect any more, or again.
    fn note_added(&mut self, objects: &Objects) {
        let policies = objects.telemetry.values();
        let policies: Vec<_> =
            policies.filter_map(|policy| policy.accepted_beside(&self.root, &self.exporters).ok()).collect();
        let zones = policies.iter().any(|spec| spec.locality == Some(true)).then(locality::names);
        let adds = |overrides: &Overrides<TagChange>| overrides.iter().any(|(_, change)| change.value.is_some());
        let overrides = policies.iter().flat_map(|spec| &spec.tags).filter(|(_, overrides)| adds(overrides));
        let tags = objects.tags.values().filter_map(|tags| tags.spec.as_ref().ok()).flat_map(|spec| &spec.tags);
        let names = overrides.map(|(name, _)| name).chain(tags.map(|tag| &tag.name));
        let names = names.filter(|name| !name.is_standard()).map(|name| name.as_str().to_owned());
        let added = names.chain(zones.into_iter().flatten().map(str::to_owned)).collect();
        if std::mem::replace(&mut self.added, added) != self.added {
            self.restate_telemetry(objects);
        }
    }

    /// What all TelemetryPolicies' warnings depend on has changed.
    fn restate_telemetry(&mut self, objects: &Objects) {
        let policies = objects.telemetry.keys();
        let keys = policies.map(|name| Key { kind: Kind::TelemetryPolicy, name: name.clone() });
        self.stale_states.extend(keys);
    }

    fn rescope(&mut self, index: &Index, namespace: &str) {
        self.scopes.remove(namespace);
        if let Some(base) = self.bases.remove(namespace) {
            self.targets_by_policy.remove(&base);
        }
        let scope = self.scope(index, namespace);
        let (base, settings): (Arc<Outcome>, _) = scope.base(&mut self.interned);
        if namespace == self.root {
            self.settings = settings;
        }
        if !base.selected.is_empty() {
            let bound = Bound::namespace(base);
            self.targets_by_policy.add(&bound);
            self.bases.insert(namespace.to_owned(), bound);
            self.scopes.insert(namespace.to_owned(), scope);
        }
    }

    fn scope(&self, index: &Index, namespace: &str) -> Scope {
        Scope::new(index, (&self.root, &self.exporters), namespace, self.defaults.clone())
    }

    fn named_labels(&self, objects: &Objects) -> BTreeSet<String> {
        let policies = self.defaults.iter().chain(objects.telemetry.values());
        let policies: Vec<_> =
            policies.filter_map(|policy| policy.accepted_beside(&self.root, &self.exporters).ok()).collect();
        let filters = policies.iter().filter_map(|spec| spec.access_logs.filter.as_ref());
        let changes = policies.iter().flat_map(|spec| spec.tags.values()).flat_map(|overrides| overrides.iter());
        let overrides = changes.filter_map(|(_, change)| change.value.as_ref());
        let tags = objects.tags.values().filter_map(|tags| tags.spec.as_ref().ok()).flat_map(|spec| &spec.tags);
        let expressions = overrides.chain(tags.map(|tag| &tag.value));
        expressions.flat_map(Expression::labels).chain(filters.flat_map(Condition::labels)).map(str::to_owned).collect()
    }
}

/// Those of accepted objects. An object that names one that is not there is not accepted, and may itself define others.
fn known_exporters(objects: &Objects, root: &str, assumed: &KnownExporters) -> KnownExporters {
    let defining = || objects.telemetry.values().filter(|policy| policy.key.name.namespace == root);
    let of = |spec: &TelemetrySpec| -> Vec<_> {
        spec.exporters.iter().map(|exporter| (exporter.name.clone(), exporter.target.has_logs())).collect()
    };
    let with_assumed = |found: KnownExporters| -> KnownExporters { assumed.clone().into_iter().chain(found).collect() };
    let mut known = with_assumed(defining().filter_map(|policy| policy.accepted(root).ok()).flat_map(of).collect());
    loop {
        let accepted = defining().filter_map(|policy| policy.accepted_beside(root, &known).ok());
        let kept = with_assumed(accepted.flat_map(of).collect());
        if kept.len() == known.len() {
            return known;
        }
        known = kept;
    }
}
