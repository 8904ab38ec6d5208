//! Objects to what probes are told: each node's configuration, and who stands behind each address.

use crate::index::{Index, Stale};
use crate::object::{self, Name};
use crate::select;
use longwire_model::canonical::{canonical_revision, canonical_service};
use longwire_model::identity::{Address, Backing, Holder, Place, Pod, Service, UnixNanos, Workload};
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::LocalPod;
use longwire_wire::version;
use owners::{HolderName, Owners};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

mod owners;
#[cfg(test)]
mod tests;

/// What no object says.
#[derive(Clone, Debug)]
pub struct Settings {
    pub cluster_name: String,
    pub cluster_domain: String,
    pub root_namespace: String,
}

/// All that a node's probe is told without asking.
#[derive(Debug, PartialEq)]
pub struct NodeConfiguration {
    pub version: u64,
    pub settings: NodeSettings,
    /// By UID, with their versions.
    pub pods: BTreeMap<String, (u64, LocalPod)>,
}

/// Who stands behind an address.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub version: u64,
    pub address: Address,
}

/// What is different from before.
#[derive(Debug, Default)]
pub struct Changes {
    pub nodes: Vec<(String, NodeConfiguration)>,
    /// `None`: nobody stands behind it, and nobody did lately.
    pub answers: Vec<(IpAddr, Option<Answer>)>,
}

#[derive(Debug)]
pub struct Compiler {
    settings: Settings,
    pods: HashMap<Name, Arc<Pod>>,
    services: HashMap<Name, Arc<Service>>,
    owners: Owners,
}

impl NodeConfiguration {
    #[must_use]
    pub fn new(settings: NodeSettings, pods: impl IntoIterator<Item = LocalPod>) -> Self {
        let versioned = |local: LocalPod| (local.pod.uid.clone(), (version::of_local_pod(&local), local));
        let pods: BTreeMap<_, _> = pods.into_iter().map(versioned).collect();
        let version = version::of_node(&settings, pods.iter().map(|(uid, (version, _))| (uid.as_str(), *version)));
        Self { version, settings, pods }
    }
}

impl Answer {
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self { version: version::of_address(&address), address }
    }

    /// Outside the cluster.
    #[must_use]
    pub fn nobody(address: IpAddr) -> Self {
        Self::new(Address { address, owners: Vec::new() })
    }
}

impl Compiler {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, pods: HashMap::new(), services: HashMap::new(), owners: Owners::default() }
    }

    /// Derives again what is stale.
    pub fn compile(&mut self, index: &Index, stale: Stale, now: UnixNanos) -> Changes {
        let Stale { pods, services, nodes, mut configurations, all_configurations } = stale;
        let mut changed = BTreeSet::new();
        services.iter().for_each(|name| self.compile_service(index, name, now, &mut changed));
        nodes.iter().for_each(|name| self.compile_node(index, name, now, &mut changed));
        pods.iter().for_each(|name| self.compile_pod(index, name, now, &mut changed));
        configurations.extend(pods.iter().filter_map(|name| index.pod(name)?.node.clone()));
        if all_configurations {
            configurations.extend(index.node_names());
        }
        let nodes = configurations.into_iter().map(|node| self.configuration(index, node)).collect();
        Changes { nodes, answers: self.answers(changed) }
    }

    /// Forgets owners that left long ago.
    pub fn expire(&mut self, now: UnixNanos) -> Changes {
        let mut changed = BTreeSet::new();
        self.owners.expire(now, &mut changed);
        Changes { nodes: Vec::new(), answers: self.answers(changed) }
    }

    fn compile_service(&mut self, index: &Index, name: &Name, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        let holder = HolderName::Service(name.clone());
        let Some(service) = index.service(name) else {
            self.services.remove(name);
            return self.owners.release(&holder, now, changed);
        };
        let identity = self.service(name);
        self.owners.hold(holder, &Holder::Service(identity), service.created, &service.addresses, now, changed);
    }

    fn compile_node(&mut self, index: &Index, name: &str, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        let holder = HolderName::Node(name.to_owned());
        match index.node(name) {
            None => self.owners.release(&holder, now, changed),
            Some(node) => {
                self.owners.hold(holder, &Holder::Node(name.to_owned()), 0, &node.addresses, now, changed);
            }
        }
    }

    fn compile_pod(&mut self, index: &Index, name: &Name, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        // Without an address too: its node's probe knows its sockets by their cgroup before the kubelet has told of one.
        let pod = index.pod(name).filter(|pod| !pod.ended);
        let former = self.pods.remove(name).filter(|former| pod.is_none_or(|pod| pod.uid != former.uid));
        if let Some(former) = former {
            self.owners.release(&HolderName::Pod(name.clone(), former.uid.clone()), now, changed);
        }
        if let Some(pod) = pod {
            let identity = Arc::new(self.identity(index, pod));
            let (holder, own) = (HolderName::Pod(name.clone(), pod.uid.clone()), pod.own_addresses());
            self.owners.hold(holder, &Holder::Pod(Arc::clone(&identity)), pod.started, own, now, changed);
            self.pods.insert(name.clone(), identity);
        }
    }

    fn identity(&mut self, index: &Index, pod: &object::Pod) -> Pod {
        let services = select::services(index, pod).into_iter();
        Pod {
            uid: pod.uid.clone(),
            name: pod.name.name.clone(),
            addresses: pod.addresses.clone(),
            host_network: pod.host_network,
            workload: Arc::new(self.workload(pod)),
            services: services
                .map(|(port, service)| Backing { target: port, port, service: self.service(&service.name) })
                .collect(),
            service_account: String::new(),
            place: Arc::new(Place::default()),
            labels: Vec::new(),
        }
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

    /// One for all who name it.
    fn service(&mut self, name: &Name) -> Arc<Service> {
        let Settings { cluster_name, cluster_domain, .. } = &self.settings;
        let identity = || Service {
            namespace: name.namespace.clone(),
            name: name.name.clone(),
            host: format!("{}.{}.svc.{cluster_domain}", name.name, name.namespace),
            cluster: cluster_name.clone(),
        };
        Arc::clone(self.services.entry(name.clone()).or_insert_with(|| Arc::new(identity())))
    }

    fn configuration(&self, index: &Index, node: String) -> (String, NodeConfiguration) {
        let local = |pod: &Arc<object::Pod>| {
            let identity = Arc::clone(self.pods.get(&pod.name)?);
            let series = select::series(index, &self.settings.root_namespace, pod);
            Some(LocalPod { pod: identity, telemetry: Arc::new(Telemetry::plain(series)) })
        };
        let pods = NodeConfiguration::new(NodeSettings::default(), index.pods_of_node(&node).filter_map(local));
        (node, pods)
    }

    fn answers(&self, changed: BTreeSet<IpAddr>) -> Vec<(IpAddr, Option<Answer>)> {
        let answer = |address| {
            let owners = self.owners.of(address);
            (address, (!owners.is_empty()).then(|| Answer::new(Address { address, owners })))
        };
        changed.into_iter().map(answer).collect()
    }
}
