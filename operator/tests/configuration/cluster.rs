//! Index and compiler over manifests, as the writer drives them.

use longwire_model::telemetry::NodeSettings;
use longwire_operator::index::warning::Warning;
use longwire_operator::index::{Index, Stale};
use longwire_operator::policy::compile::{Changes, Compiler, NodeConfiguration, Settings};
use longwire_operator::policy::state::PolicyStates;
use longwire_operator::source::event::Event;
use longwire_operator::source::manifests::Manifests;
use longwire_operator::source::object::policy::TelemetryPolicy;
use longwire_operator::source::object::{Key, Kind, Name};
use std::collections::BTreeMap;
use std::fs;

pub(crate) const ROOT: &str = "longwire-system";

pub(crate) struct Cluster {
    index: Index,
    compiler: Compiler,
    pub(crate) nodes: BTreeMap<String, NodeConfiguration>,
    pub(crate) settings: NodeSettings,
    pub(crate) policy_states: PolicyStates,
    pub(crate) warnings: Vec<Warning>,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            cluster_name: "Kubernetes".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            root_namespace: ROOT.to_owned(),
        };
        Self {
            index: Index::default(),
            compiler: Compiler::new(settings),
            nodes: BTreeMap::new(),
            settings: NodeSettings::default(),
            policy_states: PolicyStates::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn with_defaults(mut self, defaults: TelemetryPolicy) -> Self {
        self.compiler = self.compiler.with_defaults(defaults);
        self
    }

    pub(crate) fn of(yaml: &str) -> Self {
        let mut cluster = Self::new();
        cluster.take(events(yaml));
        cluster
    }

    pub(crate) fn delete(&mut self, policy: &str) {
        let name = Name::new("shop", policy);
        self.take(vec![Event::Delete(Key { kind: Kind::TelemetryPolicy, name })]);
    }

    /// Whether the source would have to send everything again.
    pub(crate) fn forgot(&mut self) -> bool {
        self.index.take_forgotten()
    }

    pub(crate) fn take(&mut self, events: Vec<Event>) {
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| self.index.apply(event, &mut stale));
        let Changes { settings, nodes, policy_states, warnings, .. } = self.compiler.compile(&self.index, stale, 0);
        self.settings = settings;
        self.nodes.extend(nodes);
        self.policy_states = policy_states.unwrap_or_else(|| std::mem::take(&mut self.policy_states));
        self.warnings.extend(self.index.take_warnings());
        self.warnings.extend(warnings);
    }
}

/// The events of a directory with this one manifest.
pub(crate) fn events(yaml: &str) -> Vec<Event> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), yaml).unwrap();
    let events = Manifests::open(directory.path()).unwrap().look();
    events.into_iter().filter(|event| *event != Event::Synced).collect()
}

/// They are deleted.
pub(crate) fn gone(yaml: &str) -> Vec<Event> {
    let key = |event: Event| match event {
        Event::Apply(object) => Event::Delete(object.key()),
        other => other,
    };
    events(yaml).into_iter().map(key).collect()
}
