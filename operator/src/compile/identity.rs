//! Pods and Services as their peers see them.

use super::Settings;
use crate::index::Index;
use crate::object::{self, Name};
use crate::select::{self, Chosen};
use longwire_model::canonical::{canonical_revision, canonical_service};
use longwire_model::identity::{Backing, Place, Pod, Service, Workload};
use std::collections::HashMap;
use std::sync::Arc;

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

    /// With those labels that somebody reads.
    pub(super) fn pod(&mut self, index: &Index, pod: &object::Pod, is_read: impl Fn(&str) -> bool) -> Pod {
        let services = select::services(index, pod).into_iter();
        let labels = pod.labels.iter().filter(|(name, _)| is_read(name));
        Pod {
            uid: pod.uid.clone(),
            name: pod.name.name.clone(),
            addresses: pod.addresses.clone(),
            host_network: pod.host_network,
            workload: Arc::new(self.workload(pod)),
            services: services
                .map(|(target, Chosen { service, port })| Backing {
                    target,
                    port,
                    service: self.service(&service.name),
                })
                .collect(),
            service_account: pod.service_account.clone(),
            place: self.place(index, pod.node.as_deref().unwrap_or_default()),
            labels: labels.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
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
        // Without its object a node is one that pods name, and nothing would tell that they do no more.
        if object.is_some() {
            self.places.insert(node.to_owned(), Arc::clone(&place));
        }
        place
    }
}
