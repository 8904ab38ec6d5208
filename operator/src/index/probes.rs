//! The probes' own pods that are alive: authentication reads them, and so does the status of policies.

use crate::index::{Index, Stale};
use crate::source::object::{Name, Pod};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// A ServiceAccount, as the API server names it: `system:serviceaccount:<namespace>:<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbePods {
    /// Until then a pod that is not listed may exist.
    pub synced: bool,
    /// UID of each pod to its node.
    pub nodes: HashMap<String, Arc<str>>,
    /// Nodes on which one is Ready.
    pub ready: BTreeSet<String>,
    /// Addresses of nodes, each with the nodes whose status has it.
    pub addresses: HashMap<IpAddr, BTreeSet<Arc<str>>>,
}

/// Addresses of one node that count: a node has one or two, and its kubelet writes them.
const ADDRESSES: usize = 8;

/// One of the probes' pods.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Probe {
    uid: String,
    node: Arc<str>,
    ready: bool,
}

/// Updated by the one writer.
#[derive(Debug)]
pub struct Probes {
    account: Account,
    /// What is known of each of the pods, so that one that is deleted is known by its name.
    known: BTreeMap<Name, Probe>,
    nodes: BTreeMap<Arc<str>, Vec<IpAddr>>,
    published: watch::Sender<ProbePods>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system:serviceaccount:{}:{}", self.namespace, self.name)
    }
}

impl Probes {
    #[must_use]
    pub fn new(account: Account) -> (Self, watch::Receiver<ProbePods>) {
        let (published, receiver) = watch::channel(ProbePods::default());
        (Self { account, known: BTreeMap::new(), nodes: BTreeMap::new(), published }, receiver)
    }

    /// Looks at the pods that may have changed. Wakes the streams if one of the probes' has.
    pub fn take(&mut self, index: &Index, stale: &Stale) {
        let mut changed = false;
        for name in stale.pods.iter().filter(|name| name.namespace == self.account.namespace) {
            let pod = index.pod(name).and_then(|pod| self.probe(pod));
            let former = match pod.clone() {
                Some(pod) => self.known.insert(name.clone(), pod),
                None => self.known.remove(name),
            };
            changed |= former != pod;
        }
        let moved = self.take_nodes(index, stale);
        self.published.send_if_modified(|published| {
            let became_synced = index.is_synced() && !published.synced;
            published.synced |= index.is_synced();
            if changed {
                let known = self.known.values();
                published.nodes = known.clone().map(|probe| (probe.uid.clone(), Arc::clone(&probe.node))).collect();
                published.ready = known.filter(|probe| probe.ready).map(|probe| probe.node.to_string()).collect();
            }
            if moved {
                published.addresses.clear();
                for (node, address) in self.nodes.iter().flat_map(|(node, own)| own.iter().map(move |own| (node, own)))
                {
                    published.addresses.entry(*address).or_default().insert(Arc::clone(node));
                }
            }
            changed || moved || became_synced
        });
    }

    /// Whether some node's addresses are others now.
    fn take_nodes(&mut self, index: &Index, stale: &Stale) -> bool {
        let mut moved = false;
        for name in &stale.nodes {
            let own = index.node(name).map(|node| node.addresses.iter().take(ADDRESSES).copied().collect::<Vec<_>>());
            let former = match own.clone() {
                Some(own) => self.nodes.insert(Arc::from(name.as_str()), own),
                None => self.nodes.remove(name.as_str()),
            };
            moved |= former != own;
        }
        moved
    }

    fn probe(&self, pod: &Pod) -> Option<Probe> {
        let node = pod.node.as_deref().filter(|_| !pod.ended && pod.service_account == self.account.name)?;
        Some(Probe { uid: pod.uid.clone(), node: Arc::from(node), ready: pod.ready })
    }
}
