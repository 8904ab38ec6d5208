//! Pods and Services as their peers see them.

use super::Settings;
use crate::index::Index;
use crate::index::select::{self, Chosen, Leading};
use crate::source::object::{self, Name};
use longwire_model::canonical::{canonical_revision, canonical_service};
use longwire_model::identity::{Backing, Frontend, Place, Pod, Service, Workload};
use std::collections::HashMap;
use std::sync::Arc;

/// Endpoints of one Service that are listed by address.
const MAX_ENDPOINTS: usize = 256;

#[derive(Debug)]
pub(super) struct Identities {
    settings: Settings,
    services: HashMap<Name, Arc<Service>>,
    /// By node.
    places: HashMap<String, Arc<Place>>,
}

impl Identities {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, services: HashMap::new(), places: HashMap::new() }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// With the labels that an expression reads; and how many Services that lead to it are left out.
    pub(super) fn pod(&mut self, index: &Index, pod: &object::Pod, is_read: impl Fn(&str) -> bool) -> (Pod, usize) {
        let Leading { chosen, more, left_out } = select::services(index, pod);
        let mut backing = |(target, Chosen { service, port }): (u16, Chosen<'_>)| Backing {
            target,
            port,
            service: self.service(&service.name),
        };
        let services = chosen.into_iter().map(&mut backing).collect();
        let more_services = more.into_iter().map(backing).collect();
        let labels = pod.labels.iter().filter(|(name, _)| is_read(name));
        let pod = Pod {
            uid: pod.node_uid().to_owned(),
            name: pod.name.name.clone(),
            addresses: pod.addresses.clone(),
            host_network: pod.host_network,
            workload: Arc::new(self.workload(pod)),
            services,
            more_services,
            service_account: pod.service_account.clone(),
            place: self.place(index, pod.node.as_deref().unwrap_or_default()),
            labels: labels.map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        (pod, left_out)
    }

    /// The Service at its addresses, and how many of its endpoints are left out.
    pub(super) fn frontend(&mut self, index: &Index, service: &object::Service) -> (Frontend, usize) {
        let (endpoints, left_out) = index.addressed_endpoints(&service.name, MAX_ENDPOINTS);
        let (ports, endpoints) = (service.numbers().into(), endpoints.into_iter().collect());
        (Frontend { service: self.service(&service.name), ports, endpoints, is_external: false }, left_out)
    }

    /// One for all who name it.
    pub(super) fn service(&mut self, name: &Name) -> Arc<Service> {
        let Settings { cluster_name, cluster_domain, .. } = &self.settings;
        let identity = || Service {
            namespace: name.namespace.clone(),
            name: name.name.clone(),
            host: format!("{}.{}.svc.{cluster_domain}", name.name, name.namespace),
            cluster: cluster_name.clone(),
        };
        Arc::clone(self.services.entry(name.clone()).or_insert_with(|| Arc::new(identity())))
    }

    pub(super) fn forget_service(&mut self, name: &Name) {
        self.services.remove(name);
    }

    /// What was known of the node is different now.
    pub(super) fn forget_place(&mut self, node: &str) {
        self.places.remove(node);
    }

    fn workload(&self, pod: &object::Pod) -> Workload {
        Workload {
            namespace: pod.name.namespace.clone(),
            name: pod.workload.clone(),
            canonical_service: canonical_service(&pod.labels, &pod.workload).to_owned(),
            canonical_revision: canonical_revision(&pod.labels).to_owned(),
            cluster: self.settings.cluster_name.clone(),
        }
    }

    fn place(&mut self, index: &Index, node: &str) -> Arc<Place> {
        if let Some(known) = self.places.get(node) {
            return Arc::clone(known);
        }
        let object = index.node(node);
        let label = |label: Option<&String>| label.cloned().unwrap_or_default();
        let place = Arc::new(Place {
            node: node.to_owned(),
            zone: label(object.and_then(|node| node.zone.as_ref())),
            region: label(object.and_then(|node| node.region.as_ref())),
        });
        // A node without an object is known only from pods, and there is no event when they stop naming it.
        if object.is_some() {
            self.places.insert(node.to_owned(), Arc::clone(&place));
        }
        place
    }
}
