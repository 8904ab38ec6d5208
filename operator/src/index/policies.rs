//! Objects of the three kinds, whatever they are worth.

use super::{Index, Stale, in_namespace, put};
use crate::object::policy::{Policy, StatsMatcher, TelemetryPolicy};
use crate::object::{ExtraStatTags, Key, Kind, Name, Object};
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

    fn put(&mut self, Key { kind, name }: &Key, object: Option<Object>) {
        match kind {
            Kind::TelemetryPolicy => {
                let policy = object.and_then(|object| match object {
                    Object::TelemetryPolicy(policy) => Some(policy),
                    other => silent(&other),
                });
                put(&mut self.telemetry, name, policy);
            }
            Kind::ExtraStatTags => {
                let tags = object.and_then(|object| match object {
                    Object::ExtraStatTags(tags) => Some(tags),
                    other => silent(&other),
                });
                put(&mut self.tags, name, tags);
            }
            Kind::StatsMatcher => {
                let stats = object.and_then(|object| match object {
                    Object::StatsMatcher(stats) => Some(stats),
                    other => silent(&other),
                });
                put(&mut self.stats, name, stats);
            }
            _ => {}
        }
    }
}

/// There, and without a word that could be understood.
fn silent<S>(object: &Object) -> Option<Arc<Policy<S>>> {
    let Object::Unreadable(unreadable) = object else { return None };
    Some(Arc::new(Policy::unreadable(unreadable)))
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
