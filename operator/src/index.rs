//! The objects of the cluster and the links between them. One task writes; nothing is derived here but links.

use crate::index::warning::{INVALID_ANNOTATION, On, Warning};
use crate::source::event::Event;
use crate::source::object::{Key, Kind, Name, Namespace, Node, Object, Pod, Service};
use links::Links;
pub(crate) use policies::Policies;
use slices::Slices;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

mod backends;
mod budget;
mod copy;
mod links;
mod policies;
pub mod probes;
pub mod seen;
pub(crate) mod select;
mod slice_budget;
mod slices;
#[cfg(test)]
mod tests;
pub mod warning;

#[derive(Debug, Default)]
pub struct Index {
    pods: BTreeMap<Name, Arc<Pod>>,
    services: BTreeMap<Name, Arc<Service>>,
    slices: Slices,
    nodes: BTreeMap<String, Arc<Node>>,
    namespaces: BTreeMap<String, Arc<Namespace>>,
    policies: Policies,
    pods_of_node: Links<String>,
    pods_of_address: Links<IpAddr>,
    slices_of_service: Links<Name>,
    slices_of_pod: Links<Name>,
    /// By namespace and address: a slice leads to pods of its own namespace only.
    slices_of_address: Links<(String, IpAddr)>,
    /// Services without a slice.
    unsliced: BTreeSet<Name>,
    synced: bool,
    /// Warnings about Namespaces that are not sent yet.
    warnings: Vec<Warning>,
}

/// What must be derived again; rather too much than too little.
#[derive(Debug, Default)]
pub struct Stale {
    pub pods: BTreeSet<Name>,
    pub services: BTreeSet<Name>,
    pub nodes: BTreeSet<String>,
    /// Nodes whose configuration may differ.
    pub configurations: BTreeSet<String>,
    /// Namespaces whose pods may have other settings than before.
    pub(crate) scopes: BTreeSet<String>,
    /// Objects of the three kinds that came, changed or went.
    pub policies: BTreeSet<Key>,
}

impl Index {
    /// Takes an event in and notes what it makes stale.
    pub fn apply(&mut self, event: Event, stale: &mut Stale) {
        match event {
            Event::Apply(Object::Pod(pod)) => self.set_pod(&pod.name.clone(), Some(pod), stale),
            Event::Apply(Object::Service(service)) => self.set_service(&service.name.clone(), Some(service), stale),
            Event::Apply(Object::EndpointSlice(slice)) => self.set_slice(&slice.name, Some(&slice), stale),
            Event::Apply(Object::Node(node)) => self.set_node(&node.name.clone(), Some(node), stale),
            Event::Apply(Object::Namespace(namespace)) => {
                self.set_namespace(&namespace.name.clone(), Some(namespace), stale);
            }
            Event::Delete(Key { kind: Kind::Pod, name }) => self.set_pod(&name, None, stale),
            Event::Delete(Key { kind: Kind::Service, name }) => self.set_service(&name, None, stale),
            Event::Delete(Key { kind: Kind::EndpointSlice, name }) => self.set_slice(&name, None, stale),
            Event::Delete(Key { kind: Kind::Node, name }) => self.set_node(&name.name, None, stale),
            Event::Delete(Key { kind: Kind::Namespace, name }) => self.set_namespace(&name.name, None, stale),
            Event::Delete(key) => self.set_policy(&key, None, stale),
            Event::Apply(policy) => self.set_policy(&policy.key(), Some(policy), stale),
            Event::Synced => self.synced = true,
        }
    }

    /// Everything that was there at the start has been taken in.
    #[must_use]
    pub(crate) fn is_synced(&self) -> bool {
        self.synced
    }

    /// Objects of each kind.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, usize); 5] {
        [
            ("pods", self.pods.len()),
            ("services", self.services.len()),
            ("endpointslices", self.slices.len()),
            ("nodes", self.nodes.len()),
            ("namespaces", self.namespaces.len()),
        ]
    }

    #[must_use]
    pub fn pod(&self, name: &Name) -> Option<&Arc<Pod>> {
        self.pods.get(name)
    }

    pub fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.values()
    }

    pub(crate) fn pods_of_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Pod>> {
        in_namespace(&self.pods, namespace)
    }

    /// In the order of namespace and name; `namespace`: of this one alone.
    pub(crate) fn pods_after<'a>(
        &'a self,
        namespace: Option<&'a str>,
        after: Option<&Name>,
    ) -> impl Iterator<Item = &'a Arc<Pod>> {
        let first = Name::new(namespace.unwrap_or_default(), "");
        let begin = after.filter(|after| **after >= first).map_or(Included(first), |after| Excluded(after.clone()));
        let later = self.pods.range((begin, Unbounded));
        let is_there = move |name: &Name| namespace.is_none_or(|namespace| name.namespace == namespace);
        later.take_while(move |(name, _)| is_there(name)).map(|(_, pod)| pod)
    }

    pub(crate) fn pods_of_node<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.pods_of_node.get(node).filter_map(|name| self.pods.get(name))
    }

    /// Of two pods that mirror one static pod, whether the first is the one that the node runs: it has been started, and
    /// before any other.
    #[must_use]
    pub(crate) fn pod_by_node_uid(&self, node: &str, uid: &str) -> Option<&Arc<Pod>> {
        let named = self.pods_of_node(node).filter(|pod| pod.node_uid() == uid);
        named.min_by_key(|pod| (pod.started == 0, pod.started, &pod.name))
    }

    /// Nodes that have an object or a pod.
    #[must_use]
    pub(crate) fn node_names(&self) -> BTreeSet<String> {
        self.nodes.keys().chain(self.pods_of_node.keys()).cloned().collect()
    }

    /// Whether it has an object or a pod.
    #[must_use]
    pub(crate) fn has_node(&self, name: &str) -> bool {
        self.nodes.contains_key(name) || self.pods_of_node(name).next().is_some()
    }

    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(name)
    }

    /// Some node gives its pods addresses of a range that contains this one.
    #[must_use]
    pub(crate) fn is_in_pod_range(&self, address: IpAddr) -> bool {
        self.nodes.values().flat_map(|node| &node.pod_ranges).any(|range| range.contains(&address))
    }

    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Arc<Namespace>> {
        self.namespaces.get(name)
    }

    #[must_use]
    pub fn service(&self, name: &Name) -> Option<&Arc<Service>> {
        self.services.get(name)
    }

    fn set_pod(&mut self, name: &Name, pod: Option<Arc<Pod>>, stale: &mut Stale) {
        if let Some(former) = self.pods.remove(name) {
            self.pods_of_node.unlink(former.node.as_ref(), name);
            self.pods_of_address.unlink(former.living_addresses(), name);
            stale.configurations.extend(former.node.clone());
        }
        stale.pods.insert(name.clone());
        if let Some(pod) = pod {
            self.pods_of_node.link(pod.node.as_ref(), name);
            self.pods_of_address.link(pod.living_addresses(), name);
            stale.configurations.extend(pod.node.clone());
            self.pods.insert(name.clone(), pod);
        }
    }

    fn set_service(&mut self, name: &Name, service: Option<Arc<Service>>, stale: &mut Stale) {
        stale.services.insert(name.clone());
        stale.pods.extend(self.pods_behind_slices_of(name));
        if !self.is_sliced(name) {
            let both = self.services.get(name).into_iter().chain(&service);
            stale.pods.extend(both.flat_map(|service| self.pods_selected_by(service)).cloned());
        }
        put(&mut self.services, name, service);
        self.note_unsliced(name);
    }

    fn set_node(&mut self, name: &String, node: Option<Arc<Node>>, stale: &mut Stale) {
        let place = |node: &Arc<Node>| (node.zone.clone(), node.region.clone());
        let former = self.nodes.get(name).map(place).unwrap_or_default();
        if former != node.as_ref().map(place).unwrap_or_default() {
            stale.pods.extend(self.pods_of_node.get(name).cloned());
        }
        put(&mut self.nodes, name, node);
        stale.nodes.insert(name.clone());
        stale.configurations.insert(name.clone());
    }

    fn set_namespace(&mut self, name: &String, namespace: Option<Arc<Namespace>>, stale: &mut Stale) {
        let former = self.namespaces.get(name).map(|former| former.series.clone());
        let series = namespace.as_ref().map(|namespace| namespace.series.clone());
        // Once, not at every edit of the object. A pod's warning is sent where its other annotations are read.
        let notes = series.as_ref().map(|series| series.warnings(former.as_ref())).unwrap_or_default();
        let uid = namespace.as_ref().map(|namespace| namespace.uid.clone()).unwrap_or_default();
        self.warnings.extend(notes.into_iter().map(|note| Warning {
            on: On::Namespace,
            namespace: name.clone(),
            name: name.clone(),
            uid: uid.clone(),
            reason: INVALID_ANNOTATION,
            note,
            occasion: String::new(),
        }));
        if former.unwrap_or_default() != series.unwrap_or_default() {
            stale.scopes.insert(name.clone());
        }
        put(&mut self.namespaces, name, namespace);
    }
}

fn in_namespace<'a, T>(map: &'a BTreeMap<Name, Arc<T>>, namespace: &'a str) -> impl Iterator<Item = &'a Arc<T>> {
    let from = Name::new(namespace, "");
    map.range(from..).take_while(move |(name, _)| name.namespace == namespace).map(|(_, object)| object)
}

fn put<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, key: &K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key.clone(), value),
        None => map.remove(key),
    };
}
