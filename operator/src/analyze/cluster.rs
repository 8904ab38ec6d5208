//! The objects as a cluster of their own: indexed and compiled as the operator does it.

use super::Settings;
use super::read::Known;
use crate::index::{Index, Stale};
use crate::policy::compile::{self, Compiler};
use crate::policy::state::PolicyStates;
use crate::source::event::Event;
use crate::source::object::policy::KnownExporters;
use crate::source::object::{Key, Object, Pod};
use longwire_model::access_log::LogOutputs;
use longwire_model::exporter::ExporterName;
use longwire_model::identity::UnixNanos;
use longwire_model::telemetry::NodeSettings;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Cluster<'a> {
    pub(super) index: Index,
    pub(super) compiler: Compiler,
    pub(super) states: PolicyStates,
    pub(super) settings: NodeSettings,
    /// Every object, the last of each key.
    pub(super) known: BTreeMap<Key, &'a Known>,
    /// By object, the pods to which it applies.
    selected: BTreeMap<Key, Vec<Arc<Pod>>>,
    pub(super) root: &'a str,
    pub(super) now: UnixNanos,
    /// Some object defines exporters, so that names of others are wrong.
    pub(super) has_exporters: bool,
}

impl<'a> Cluster<'a> {
    pub(super) fn of(known: &'a [Known], settings: &'a Settings) -> Self {
        let Settings { root_namespace, now, .. } = settings;
        let has_exporters = known.iter().any(|known| defines_exporters(&known.object, root_namespace));
        let mut assumed = KnownExporters::new();
        if !has_exporters {
            // They may be defined elsewhere, as by the chart's values.
            let named = known.iter().flat_map(|known| named_exporters(&known.object));
            assumed.extend(named.map(|name| (name.clone(), true)));
        }
        let compiler = Compiler::new(compile::Settings {
            cluster_name: String::new(),
            cluster_domain: String::new(),
            root_namespace: root_namespace.clone(),
        });
        let mut cluster = Self {
            index: Index::default(),
            compiler: compiler.with_exporters(assumed),
            states: PolicyStates::new(),
            settings: NodeSettings::default(),
            known: known.iter().map(|known| (known.object.key(), known)).collect(),
            selected: BTreeMap::new(),
            root: root_namespace,
            now: *now,
            has_exporters,
        };
        let events: Vec<Event> = cluster.known.values().map(|known| Event::Apply(known.object.clone())).collect();
        cluster.apply(events);
        cluster.note_selected();
        cluster
    }

    fn note_selected(&mut self) {
        for pod in self.index.pods().filter(|pod| !pod.ended) {
            let selected = self.compiler.outcome(&pod.name).map(|outcome| outcome.selected.as_slice());
            for policy in selected.unwrap_or_default() {
                self.selected.entry(policy.clone()).or_default().push(Arc::clone(pod));
            }
        }
    }

    pub(super) fn apply(&mut self, events: Vec<Event>) {
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| self.index.apply(event, &mut stale));
        let changes = self.compiler.compile(&self.index, stale, self.now);
        self.settings = changes.settings;
        if let Some(states) = changes.policy_states {
            self.states = states;
        }
    }

    /// Those of the three kinds that are used.
    pub(super) fn accepted(&self) -> impl Iterator<Item = (&Key, &'a Known)> {
        let accepted = self.states.iter().filter(|(_, state)| state.accepted.is_ok());
        accepted.filter_map(move |(key, _)| Some((key, *self.known.get(key)?)))
    }

    /// Pods, and those of templates.
    pub(super) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.index.pods().filter(|pod| !pod.ended)
    }

    pub(super) fn pods_of<'b>(&'b self, namespace: &'b str) -> impl Iterator<Item = &'b Arc<Pod>> {
        self.index.pods_of_namespace(namespace).filter(|pod| !pod.ended)
    }

    /// The pods to which an object applies.
    pub(super) fn selected(&self, policy: &Key) -> &[Arc<Pod>] {
        self.selected.get(policy).map(Vec::as_slice).unwrap_or_default()
    }

    /// Some object sends access logs to exporters.
    pub(super) fn names_exporters(&self) -> bool {
        self.known.values().any(|known| named_exporters(&known.object).next().is_some())
    }
}

fn defines_exporters(object: &Object, root: &str) -> bool {
    let Object::TelemetryPolicy(policy) = object else { return false };
    policy.accepted(root).is_ok_and(|spec| !spec.exporters.is_empty())
}

fn named_exporters(object: &Object) -> impl Iterator<Item = &ExporterName> {
    let policy = if let Object::TelemetryPolicy(policy) = object { policy.spec.as_ref().ok() } else { None };
    policy.and_then(|spec| spec.access_logs.outputs.as_ref()).into_iter().flat_map(LogOutputs::exporters)
}
