//! Pods by the UIDs by which their nodes know them: those that exist, and those that went lately. What a probe says of a connection may
//! be older than the last event about its pod.

#[cfg(test)]
mod tests;

use crate::index::{Index, Stale};
use crate::source::object::{Name, Pod};
use longwire_model::canonical::Labels;
use longwire_model::identity::UnixNanos;
use parking_lot::RwLock;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How long a pod that went is known.
const KEPT: UnixNanos = 600_000_000_000;
/// Most pods that went and are known.
const MAX_GONE: usize = 8_192;

/// A pod as it was last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPod {
    object: Arc<Pod>,
    zone: Option<Arc<str>>,
}

impl SeenPod {
    #[must_use]
    pub fn new(object: Arc<Pod>, zone: Option<Arc<str>>) -> Self {
        Self { object, zone }
    }

    /// As its node knows it.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.object.node_uid()
    }

    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.object.name.namespace
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.object.name.name
    }

    #[must_use]
    pub fn workload(&self) -> &str {
        &self.object.workload
    }

    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.object.node.as_deref()
    }

    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.object.labels
    }
}

/// For those who only read.
#[derive(Clone, Debug, Default)]
pub struct SeenPods(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    /// By node and UID.
    pods: HashMap<Arc<str>, HashMap<String, Known>>,
    zones: HashMap<Arc<str>, Arc<str>>,
    /// Oldest first. One that has come back since is passed over.
    gone: VecDeque<(UnixNanos, Arc<str>, String)>,
}

#[derive(Debug)]
struct Known {
    pod: Arc<Pod>,
    gone: Option<UnixNanos>,
}

impl SeenPods {
    /// The pod of this node with this UID.
    #[must_use]
    pub fn get(&self, node: &str, uid: &str) -> Option<SeenPod> {
        let state = self.0.read();
        let object = Arc::clone(&state.pods.get(node)?.get(uid)?.pod);
        Some(SeenPod { object, zone: state.zones.get(node).cloned() })
    }
}

/// Updated by the one writer.
#[derive(Debug, Default)]
pub struct Seen {
    /// By name, so that one that is deleted is known by its UID.
    named: HashMap<Name, Arc<Pod>>,
    shared: SeenPods,
}

impl Seen {
    #[must_use]
    pub fn pods(&self) -> SeenPods {
        self.shared.clone()
    }

    /// Looks at the pods and nodes that may have changed.
    pub fn take(&mut self, index: &Index, stale: &Stale, now: UnixNanos) {
        let mut state = self.shared.0.write();
        for name in &stale.pods {
            let pod = index.pod(name);
            let former = match pod {
                Some(pod) => self.named.insert(name.clone(), Arc::clone(pod)),
                None => self.named.remove(name),
            };
            // Two pods may mirror one static pod, so what is left under a UID is asked for.
            for pod in former.iter().chain(pod) {
                if let Some(node) = &pod.node {
                    state.put(node, pod.node_uid(), index.pod_by_node_uid(node, pod.node_uid()), now);
                }
            }
        }
        for name in &stale.nodes {
            match index.node(name).and_then(|node| node.zone.as_deref()) {
                Some(zone) => state.zones.insert(name.as_str().into(), zone.into()),
                None => state.zones.remove(name.as_str()),
            };
        }
        state.expire(now);
    }

    /// Forgets pods that went long ago.
    pub fn expire(&mut self, now: UnixNanos) {
        self.shared.0.write().expire(now);
    }
}

impl State {
    fn put(&mut self, node: &str, uid: &str, pod: Option<&Arc<Pod>>, now: UnixNanos) {
        let (node, mut pods) = self.pods.remove_entry(node).unwrap_or_else(|| (Arc::from(node), HashMap::new()));
        match pod {
            Some(pod) => {
                pods.insert(uid.to_owned(), Known { pod: Arc::clone(pod), gone: None });
            }
            None => {
                if let Some(known) = pods.get_mut(uid).filter(|known| known.gone.is_none()) {
                    known.gone = Some(now);
                    self.gone.push_back((now, Arc::clone(&node), uid.to_owned()));
                }
            }
        }
        if !pods.is_empty() {
            self.pods.insert(node, pods);
        }
    }

    fn expire(&mut self, now: UnixNanos) {
        while let Some((at, ..)) = self.gone.front()
            && (self.gone.len() > MAX_GONE || now.saturating_sub(*at) >= KEPT)
        {
            let Some((at, node, uid)) = self.gone.pop_front() else { return };
            let Some(pods) = self.pods.get_mut(&node) else { continue };
            if pods.get(&uid).is_some_and(|known| known.gone == Some(at)) {
                pods.remove(&uid);
            }
            if pods.is_empty() {
                self.pods.remove(&node);
            }
        }
    }
}
