//! What the cluster's configuration would be with another object: compiled anew from all objects, by the same code. Pure.

use super::compile::{Changes, Compiler, NodeConfiguration};
use super::state::PolicyState;
use crate::index::{Index, Stale};
use crate::source::event::Event;
use crate::source::object::policy::Policy;
use crate::source::object::{Key, Object};
use longwire_model::identity::UnixNanos;
use longwire_model::telemetry::NodeSettings;
use std::sync::Arc;

/// The cluster as it is now.
#[derive(Debug)]
pub struct Copied {
    pub(crate) objects: Vec<Object>,
    /// Before its first object.
    pub(crate) compiler: Compiler,
}

#[derive(Debug)]
pub(crate) struct Would {
    /// The object's own.
    pub(crate) state: Option<Arc<PolicyState>>,
    pub(crate) settings: NodeSettings,
    pub(crate) nodes: Vec<(String, NodeConfiguration)>,
}

impl Copied {
    /// With this object, in the place of the one of its name. One that would be new is the youngest.
    pub(crate) fn with(self, object: Object, now: UnixNanos) -> Would {
        let Self { objects, mut compiler } = self;
        let key = object.key();
        let created = objects.iter().find(|known| known.key() == key).map_or(now, created);
        let (mut index, mut stale) = (Index::default(), Stale::default());
        let others = objects.into_iter().filter(|known| known.key() != key);
        for object in others.chain([dated(object, created)]) {
            index.apply(Event::Apply(object), &mut stale);
        }
        index.apply(Event::Synced, &mut stale);
        let Changes { settings, nodes, policy_states, .. } = compiler.compile(&index, stale, now);
        let state = policy_states.and_then(|states| states.get(&key).cloned());
        Would { state, settings, nodes }
    }

    /// Whether this object is there already.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.objects.iter().any(|known| known.key() == *key)
    }
}

fn created(object: &Object) -> UnixNanos {
    match object {
        Object::ExtraStatTags(policy) => policy.created,
        Object::StatsMatcher(policy) => policy.created,
        Object::TelemetryPolicy(policy) => policy.created,
        _ => 0,
    }
}

fn dated(object: Object, created: UnixNanos) -> Object {
    fn dated<S: Clone>(mut policy: Arc<Policy<S>>, created: UnixNanos) -> Arc<Policy<S>> {
        Arc::make_mut(&mut policy).created = created;
        policy
    }
    match object {
        Object::ExtraStatTags(policy) => Object::ExtraStatTags(dated(policy, created)),
        Object::StatsMatcher(policy) => Object::StatsMatcher(dated(policy, created)),
        Object::TelemetryPolicy(policy) => Object::TelemetryPolicy(dated(policy, created)),
        other => other,
    }
}
