//! Objects of the three kinds, whatever they are worth.

use super::{Index, Stale, in_namespace};
use crate::object::policy::{Policy, StatsMatcher, TelemetryPolicy};
use crate::object::{ExtraStatTags, Key, Kind, Name, Object, Unreadable};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct Policies {
    pub telemetry: BTreeMap<Name, Arc<TelemetryPolicy>>,
    pub tags: BTreeMap<Name, Arc<ExtraStatTags>>,
    pub stats: BTreeMap<Name, Arc<StatsMatcher>>,
}

impl Policies {
    /// Those of one namespace.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Self {
        fn some<S>(all: &BTreeMap<Name, Arc<Policy<S>>>, namespace: &str) -> BTreeMap<Name, Arc<Policy<S>>> {
            in_namespace(all, namespace).map(|policy| (policy.key.name.clone(), Arc::clone(policy))).collect()
        }
        Self {
            telemetry: some(&self.telemetry, namespace),
            tags: some(&self.tags, namespace),
            stats: some(&self.stats, namespace),
        }
    }

    fn put(&mut self, key: &Key, object: Option<Object>) {
        fn put<S>(all: &mut BTreeMap<Name, Arc<Policy<S>>>, name: &Name, policy: Option<Arc<Policy<S>>>) {
            super::put(all, name, policy);
        }
        fn silent<S>(unreadable: &Unreadable) -> Option<Arc<Policy<S>>> {
            Some(Arc::new(Policy::unreadable(unreadable)))
        }
        let name = &key.name;
        match (key.kind, object) {
            (Kind::TelemetryPolicy, Some(Object::TelemetryPolicy(policy))) => {
                put(&mut self.telemetry, name, Some(policy))
            }
            (Kind::ExtraStatTags, Some(Object::ExtraStatTags(tags))) => put(&mut self.tags, name, Some(tags)),
            (Kind::StatsMatcher, Some(Object::StatsMatcher(stats))) => put(&mut self.stats, name, Some(stats)),
            (Kind::TelemetryPolicy, Some(Object::Unreadable(it))) => put(&mut self.telemetry, name, silent(&it)),
            (Kind::ExtraStatTags, Some(Object::Unreadable(it))) => put(&mut self.tags, name, silent(&it)),
            (Kind::StatsMatcher, Some(Object::Unreadable(it))) => put(&mut self.stats, name, silent(&it)),
            (Kind::TelemetryPolicy, _) => drop(self.telemetry.remove(name)),
            (Kind::ExtraStatTags, _) => drop(self.tags.remove(name)),
            (Kind::StatsMatcher, _) => drop(self.stats.remove(name)),
            _ => {}
        }
    }
}

impl Index {
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// `None`: it is gone.
    pub(super) fn set_policy(&mut self, key: Key, object: Option<Object>, stale: &mut Stale) {
        self.policies.put(&key, object);
        stale.scopes.insert(key.name.namespace.clone());
        stale.policies.insert(key);
    }
}
