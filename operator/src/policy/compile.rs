//! Compiles objects into each node's configuration and the owners of each address.

use crate::index::warning::Warning;
use crate::index::{Index, Stale};
use crate::policy::state::PolicyStates;
use crate::source::object::policy::TelemetryPolicy;
use crate::source::object::{self, Name};
use compiled::Compiled;
use identity::Identities;
use interval::Left;
use left_out::{LeftOut, OfService};
use longwire_model::identity::{Address, ObservedAddress, OwnerKind, Pod, UnixNanos};
use longwire_model::telemetry::NodeSettings;
use node_budget::{NodeBudgets, Wanted};
use observations::{ObservedAddresses, Ownership, Right};
use owners::{OwnerName, Owners};
use policies::Policies;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

mod claims;
mod compiled;
mod explain;
mod identity;
pub(crate) mod inspect;
mod intern;
mod interval;
mod left_out;
mod node_budget;
mod observations;
mod owners;
mod pod_warnings;
mod policies;
mod policy_warnings;
mod scope;
mod targets;
#[cfg(test)]
mod tests;
mod versioned;

pub use explain::Explained;
pub(crate) use explain::Shared;
pub use versioned::{Answer, NodeConfiguration};

/// Settings of the command line that no object has.
#[derive(Clone, Debug)]
pub struct Settings {
    pub cluster_name: String,
    pub cluster_domain: String,
    pub root_namespace: String,
}

/// Address observations that identify no owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unused {
    /// Of pods that are not on the node.
    pub(crate) not_on_node: u64,
    /// At addresses that are for no pod.
    pub outside: u64,
}

/// What changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Rises with every change of an object's settings.
    pub revision: u64,
    /// Of every node, those without a pod too.
    pub settings: NodeSettings,
    pub nodes: Vec<(String, NodeConfiguration)>,
    /// `None`: the address has no owner, and had none lately.
    pub answers: Vec<(IpAddr, Option<Answer>)>,
    /// `None`: as before.
    pub policy_states: Option<PolicyStates>,
    pub warnings: Vec<Warning>,
}

#[derive(Debug)]
pub struct Compiler {
    identities: Identities,
    policies: Policies,
    pods: HashMap<Name, Compiled>,
    owners: Owners,
    observations: ObservedAddresses,
    node_budgets: NodeBudgets,
    left_out: LeftOut,
    revision: u64,
}

impl Compiler {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            policies: Policies::new(&settings.root_namespace),
            identities: Identities::new(settings),
            pods: HashMap::new(),
            owners: Owners::default(),
            observations: ObservedAddresses::default(),
            node_budgets: NodeBudgets::default(),
            left_out: LeftOut::default(),
            revision: 0,
        }
    }

    /// Another one with the same settings and defaults, before its first object.
    #[must_use]
    pub(crate) fn anew(&self) -> Self {
        Self { policies: self.policies.anew(), ..Self::new(self.identities.settings().clone()) }
    }

    /// Its objects are for the whole cluster.
    #[must_use]
    pub(crate) fn root_namespace(&self) -> &str {
        &self.identities.settings().root_namespace
    }

    /// The settings that apply where no object overrides them; called before the first object.
    #[must_use]
    pub fn with_defaults(mut self, defaults: TelemetryPolicy) -> Self {
        self.policies.default_to(defaults);
        self
    }

    /// Compiles again what is stale.
    pub fn compile(&mut self, index: &Index, mut stale: Stale, now: UnixNanos) -> Changes {
        self.revision += u64::from(!stale.scopes.is_empty());
        let rebound = self.take_policies(index, &mut stale);
        let Stale { pods, services, nodes, mut configurations, .. } = stale;
        let (mut changed, mut warnings) = (BTreeSet::new(), Vec::new());
        services.iter().for_each(|name| self.compile_service(index, name, now, &mut changed));
        nodes.iter().for_each(|name| self.compile_node(index, name, now, &mut changed));
        pods.iter().for_each(|name| self.compile_pod(index, name, now, &mut changed, &mut warnings));
        rebound.iter().for_each(|name| self.rebind(index, name, &mut configurations, &mut warnings));
        let touched: BTreeSet<&str> = pods.iter().chain(&rebound).map(|name| name.namespace.as_str()).collect();
        self.policies.tidy(touched);
        configurations.extend(pods.iter().filter_map(|name| index.pod(name)?.node.clone()));
        let configured = |node| self.configuration(index, node, &mut warnings);
        let nodes = configurations.into_iter().map(configured).collect();
        Changes {
            revision: self.revision,
            settings: self.policies.settings(),
            nodes,
            answers: self.answers(changed),
            policy_states: self.policies.policy_states(index.policies()),
            warnings,
        }
    }

    /// Forgets owners that left long ago.
    pub(crate) fn expire(&mut self, now: UnixNanos) -> Changes {
        let mut changed = BTreeSet::new();
        self.owners.expire(now, &mut changed);
        self.addresses_alone(changed)
    }

    /// Takes the address observations of a node's probe. Observations of pods of other nodes, or of pods that are gone, do
    /// not count.
    pub(crate) fn observe(
        &mut self,
        index: &Index,
        node: &str,
        observations: &[ObservedAddress],
        now: UnixNanos,
    ) -> (Changes, Unused) {
        let (mut changed, mut unused) = (BTreeSet::new(), Unused::default());
        for observation in observations {
            let Some(pod) = index.pod_by_node_uid(node, &observation.uid) else {
                unused.not_on_node += 1;
                continue;
            };
            let ObservedAddress { address, since, gone, .. } = observation;
            if pod.addresses.is_empty() && !self.is_for_pods(index, *address) {
                unused.outside += 1;
            } else {
                if self.observations.take(pod, observation) {
                    self.locate(index, pod, now, &mut changed);
                }
                // A repeated observation may name more pods: those whose status came late.
                self.owners.vacate(*address, node, gone, *since, &mut changed);
            }
        }
        (self.addresses_alone(changed), unused)
    }

    /// Whether the address is known to be one that nodes give to pods. Any other may belong to another host, and a pod with a
    /// second network or with its own rules can send from any address.
    fn is_for_pods(&self, index: &Index, address: IpAddr) -> bool {
        index.is_in_pod_range(address) || self.owners.is_pods(address)
    }

    /// Adds what policies make stale. Returns the pods for which only policies may have changed.
    fn take_policies(&mut self, index: &Index, stale: &mut Stale) -> BTreeSet<Name> {
        let effects = self.policies.take(index, stale, self.revision);
        if effects.settings {
            stale.configurations.extend(index.node_names());
        }
        if !effects.labels.is_empty() {
            let reads = |pod: &&Arc<object::Pod>| effects.labels.iter().any(|label| pod.labels.contains_key(label));
            stale.pods.extend(index.pods().filter(reads).map(|pod| pod.name.clone()));
        }
        let mut rebound = BTreeSet::new();
        if effects.all_namespaces {
            rebound.extend(index.pods().map(|pod| pod.name.clone()));
        } else {
            let pods = effects.namespaces.iter().flat_map(|namespace| index.pods_of_namespace(namespace));
            rebound.extend(pods.map(|pod| pod.name.clone()));
        }
        rebound.retain(|name| !stale.pods.contains(name));
        rebound
    }

    fn compile_service(&mut self, index: &Index, name: &Name, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        let owner = OwnerName::Service(name.clone());
        let Some(service) = index.service(name) else {
            self.identities.forget_service(name);
            self.left_out.of_service(name, OfService::default());
            return self.owners.release(&owner, Left::at(now), now, changed);
        };
        let (frontend, endpoints) = self.identities.frontend(index, service);
        let (ownerships, claims) = claims::ownerships(service, frontend.ports.len());
        self.left_out.of_service(name, OfService { claims, ports: service.ports_left_out, endpoints });
        self.owners.hold(owner, &OwnerKind::Service(frontend), &ownerships, now, changed);
    }

    fn compile_node(&mut self, index: &Index, name: &str, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        self.identities.forget_place(name);
        let owner = OwnerName::Node(name.to_owned());
        match index.node(name) {
            None => self.owners.release(&owner, Left::at(now), now, changed),
            Some(node) => {
                let ownerships = Ownership::since(0, &node.addresses, Right::Own);
                self.owners.hold(owner, &OwnerKind::Node(name.to_owned()), &ownerships, now, changed);
            }
        }
    }

    fn compile_pod(
        &mut self,
        index: &Index,
        name: &Name,
        now: UnixNanos,
        changed: &mut BTreeSet<IpAddr>,
        warnings: &mut Vec<Warning>,
    ) {
        let object = index.pod(name);
        // A pod without an address too: its node's probe finds its sockets by their cgroup before the kubelet has reported an
        // address.
        let living = object.filter(|pod| !pod.ended);
        let former = self.pods.remove(name);
        if let Some(former) = &former {
            self.policies.unbind(&former.bound);
            let uid = &former.local.pod.uid;
            if living.is_none_or(|pod| pod.node_uid() != uid) {
                let left = object.filter(|pod| pod.node_uid() == uid).map_or(Left::at(now), |pod| Left::of(pod, now));
                self.owners.release(&OwnerName::Pod(name.clone(), uid.clone()), left, now, changed);
            }
        }
        if let Some(pod) = living {
            let identity = self.identity(index, pod);
            let compiled = Compiled::new(Arc::clone(&identity), self.policies.bind(index, pod, identity));
            pod_warnings::collect(pod, &compiled.bound, former.as_ref().map(|former| &former.bound), warnings);
            self.pods.insert(name.clone(), compiled);
        }
        match object {
            Some(pod) => self.locate(index, pod, now, changed),
            None => {
                self.observations.forget(name);
                self.left_out.of_pod(name, 0);
            }
        }
    }

    /// Notes the pod's addresses, present or past: a pod may have come and gone between two status updates of its kubelet.
    fn locate(&mut self, index: &Index, pod: &object::Pod, now: UnixNanos, changed: &mut BTreeSet<IpAddr>) {
        let name = OwnerName::Pod(pod.name.clone(), pod.node_uid().to_owned());
        let mut ownerships = self.observations.ownerships(pod);
        ownerships.retain(|ownership| ownership.right != Right::Observed || self.is_for_pods(index, ownership.address));
        if let Some(compiled) = self.pods.get(&pod.name) {
            let kind = OwnerKind::Pod(Arc::clone(&compiled.local.pod));
            return self.owners.hold(name, &kind, &ownerships, now, changed);
        }
        let left = Left::of(pod, now);
        if !ownerships.is_empty() && left.at.saturating_add(owners::KEPT) > now {
            let kind = OwnerKind::Pod(self.identity(index, pod));
            self.owners.recall(&name, &kind, &ownerships, left, now, changed);
        }
    }

    fn identity(&mut self, index: &Index, pod: &object::Pod) -> Arc<Pod> {
        let policies = &self.policies;
        let (identity, left_out) = self.identities.pod(index, pod, |label| policies.names(label));
        self.left_out.of_pod(&pod.name, left_out);
        Arc::new(identity)
    }

    /// The pod is unchanged; its configuration may not be.
    fn rebind(
        &mut self,
        index: &Index,
        name: &Name,
        configurations: &mut BTreeSet<String>,
        warnings: &mut Vec<Warning>,
    ) {
        let (Some(pod), Some(former)) = (index.pod(name), self.pods.remove(name)) else { return };
        self.policies.unbind(&former.bound);
        let bound = self.policies.bind(index, pod, Arc::clone(&former.local.pod));
        pod_warnings::collect(pod, &bound, Some(&former.bound), warnings);
        let Compiled { version, local, .. } = former;
        let compiled = if Arc::ptr_eq(&bound.outcome.telemetry, &local.telemetry) {
            Compiled { version, local, bound }
        } else {
            configurations.extend(pod.node.clone());
            Compiled::new(local.pod, bound)
        };
        self.pods.insert(name.clone(), compiled);
    }

    fn configuration(
        &mut self,
        index: &Index,
        node: String,
        warnings: &mut Vec<Warning>,
    ) -> (String, NodeConfiguration) {
        let mut compiled: Vec<(&object::Pod, &Compiled)> = Vec::new();
        for pod in index.pods_of_node(&node) {
            let is_known_by_it = pod.mirrors.is_none() || index.pod_by_node_uid(&node, pod.node_uid()) == Some(pod);
            compiled.extend(self.pods.get(&pod.name).filter(|_| is_known_by_it).map(|known| (&**pod, known)));
        }
        let mut wanted = Vec::with_capacity(compiled.len());
        for (pod, Compiled { bound, .. }) in &compiled {
            wanted.push(Wanted {
                uid: pod.node_uid(),
                telemetry: &bound.outcome.telemetry,
                bytes: bound.outcome.bytes,
            });
        }
        let over = node_budget::without_room(&wanted);
        let (mut pods, mut reduced) = (BTreeMap::new(), Vec::new());
        for (pod, known) in compiled {
            let has_room = !over.contains(pod.node_uid());
            pods.insert(pod.node_uid().to_owned(), known.local_pod(has_room));
            reduced.extend((!has_room).then_some((pod, known.bound.outcome.bytes)));
        }
        self.node_budgets.note(&node, reduced, warnings);
        (node, NodeConfiguration::of(self.policies.settings(), pods))
    }

    /// Pods that run with less than is configured for them, because it is more than they, or their node, may have.
    #[must_use]
    pub(crate) fn reduced_pods(&self) -> [(&'static str, usize); 2] {
        [("pod", self.policies.reduced_pods()), ("node", self.node_budgets.reduced())]
    }

    /// Items that are not sent to probes because there are too many, by kind.
    #[must_use]
    pub(crate) fn left_out(&self) -> [(&'static str, usize); 4] {
        self.left_out.counts()
    }

    /// Nothing else is different.
    fn addresses_alone(&mut self, changed: BTreeSet<IpAddr>) -> Changes {
        let (revision, settings) = (self.revision, self.policies.settings());
        Changes { revision, settings, answers: self.answers(changed), ..Changes::default() }
    }

    fn answers(&mut self, changed: BTreeSet<IpAddr>) -> Vec<(IpAddr, Option<Answer>)> {
        let answer = |address| {
            let (owners, left_out) = self.owners.owners_at(address);
            self.left_out.of_address(address, left_out);
            (address, (!owners.is_empty()).then(|| Answer::new(Address { address, owners })))
        };
        changed.into_iter().map(answer).collect()
    }
}
