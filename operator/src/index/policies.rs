//! Objects of the three kinds, accepted or refused. Of one that its namespace has no room for only the name is kept.

use super::budget::{Budget, Settled};
use super::{Index, Stale, in_namespace};
use crate::source::object::policy::{Policy, Reason, StatsMatcher, TelemetryPolicy, Weigh, counted};
use crate::source::object::{ExtraStatTags, Key, Kind, Name, Object, Refusal};
use longwire_model::identity::UnixNanos;
use longwire_model::limits::MAX_NAMESPACE_BYTES;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct Policies {
    pub telemetry: BTreeMap<Name, Arc<TelemetryPolicy>>,
    pub tags: BTreeMap<Name, Arc<ExtraStatTags>>,
    pub stats: BTreeMap<Name, Arc<StatsMatcher>>,
    budgets: HashMap<String, Budget>,
    /// An object has room again, but its content was not kept.
    forgotten: bool,
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
            ..Self::default()
        }
    }

    /// Takes an object in, and returns the objects whose state changes.
    fn put(&mut self, key: &Key, object: Option<Object>) -> Vec<Key> {
        let Self { telemetry, tags, stats, budgets, .. } = self;
        let budget = budgets.entry(key.name.namespace.clone()).or_default();
        let (changed, settled) = match key.kind {
            Kind::TelemetryPolicy => {
                let policy = object.and_then(|object| match object {
                    Object::TelemetryPolicy(policy) => Some(policy),
                    other => silent(&other),
                });
                put(telemetry, budget, key, policy)
            }
            Kind::ExtraStatTags => {
                let policy = object.and_then(|object| match object {
                    Object::ExtraStatTags(policy) => Some(policy),
                    other => silent(&other),
                });
                put(tags, budget, key, policy)
            }
            Kind::StatsMatcher => {
                let policy = object.and_then(|object| match object {
                    Object::StatsMatcher(policy) => Some(policy),
                    other => silent(&other),
                });
                put(stats, budget, key, policy)
            }
            _ => (false, Settled::default()),
        };
        if budget.is_empty() {
            budgets.remove(&key.name.namespace);
        }
        let Settled { lost, won } = settled;
        lost.iter().for_each(|key| self.forget_spec(key));
        self.forgotten |= !won.is_empty();
        changed.then(|| key.clone()).into_iter().chain(lost).collect()
    }

    fn forget_spec(&mut self, Key { kind, name }: &Key) {
        match kind {
            Kind::TelemetryPolicy => forget(&mut self.telemetry, name),
            Kind::ExtraStatTags => forget(&mut self.tags, name),
            Kind::StatsMatcher => forget(&mut self.stats, name),
            _ => {}
        }
    }
}

/// Whether the object changed, and what that means for others.
fn put<S: Weigh + PartialEq>(
    all: &mut BTreeMap<Name, Arc<Policy<S>>>,
    budget: &mut Budget,
    key: &Key,
    object: Option<Arc<Policy<S>>>,
) -> (bool, Settled) {
    let former: Option<UnixNanos> = all.get(&key.name).map(|former| former.created);
    let sized = object.as_ref().and_then(|object| Some((object.created, counted(object)?)));
    let mut settled = Settled::default();
    if let Some(former) = former.filter(|former| sized.is_none_or(|(created, _)| created != *former)) {
        settled = budget.remove(key, former);
    }
    if let Some((created, bytes)) = sized {
        let Settled { lost, won } = budget.put(key, created, bytes);
        // What won room before it may have lost it to this one.
        settled.won.retain(|key| !lost.contains(key));
        settled.won.extend(won);
        settled.lost.extend(lost);
    }
    let has_room = |object: &Policy<S>| object.spec.is_err() || budget.has_room(key, object.created);
    let object = object.map(|object| if has_room(&object) { object } else { Arc::new(without_room(&object)) });
    // This one is here, whatever it was.
    settled.won.retain(|won| won != key);
    settled.lost.retain(|lost| lost != key);
    let changed = all.get(&key.name) != object.as_ref();
    match object {
        Some(object) => drop(all.insert(key.name.clone(), object)),
        None => drop(all.remove(&key.name)),
    }
    (changed, settled)
}

fn forget<S: Weigh>(all: &mut BTreeMap<Name, Arc<Policy<S>>>, name: &Name) {
    if let Some(object) = all.get_mut(name).filter(|object| object.spec.is_ok()) {
        *object = Arc::new(without_room(object));
    }
}

fn without_room<S: Weigh>(object: &Policy<S>) -> Policy<S> {
    let bytes = counted(object).unwrap_or_default();
    let namespace = &object.key.name.namespace;
    object.refused(Refusal::new(
        Reason::NamespaceBudgetExceeded,
        format!(
            "spec: takes {bytes} bytes of memory, and older objects of namespace {namespace} leave less of the \
             {MAX_NAMESPACE_BYTES} that all of a namespace may take: delete objects there, or make them smaller"
        ),
    ))
}

/// Present, but could not be parsed.
fn silent<S>(object: &Object) -> Option<Arc<Policy<S>>> {
    let Object::Unreadable(unreadable) = object else { return None };
    Some(Arc::new(Policy::unreadable(unreadable)))
}

impl Index {
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Whether the source must send the objects of the three kinds again, once.
    pub fn take_forgotten(&mut self) -> bool {
        std::mem::take(&mut self.policies.forgotten)
    }

    /// `None`: it is gone.
    pub(super) fn set_policy(&mut self, key: &Key, object: Option<Object>, stale: &mut Stale) {
        let changed = self.policies.put(key, object);
        if !changed.is_empty() {
            stale.scopes.insert(key.name.namespace.clone());
        }
        stale.policies.extend(changed);
    }
}
