//! The node of an end in a graph.

use super::GraphType;
use super::telemetry::{End, UNKNOWN, is_ok};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// All unknown clients of one cluster.
    Unknown {
        cluster: String,
    },
    Service(Name),
    Workload(Name),
    /// In a versioned app graph with the workload's name.
    App(Name),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub cluster: String,
    pub namespace: String,
    pub name: String,
}

impl Name {
    pub fn new(cluster: &str, namespace: &str, name: &str) -> Self {
        let [cluster, namespace, name] = [cluster, namespace, name].map(str::to_owned);
        Self { cluster, namespace, name }
    }
}

impl Node {
    /// `None`: Kiali fails on this end.
    pub(super) fn of(end: &End, graph: GraphType) -> Option<Self> {
        let named = |name: &str| Name::new(&end.cluster, end.namespace(), name);
        let is_nameless = end.workload == UNKNOWN && end.app == UNKNOWN;
        if is_nameless && end.namespace() == UNKNOWN && end.service.is_empty() {
            return Some(Self::Unknown { cluster: end.cluster.clone() });
        }
        if is_nameless && end.service == UNKNOWN {
            return Some(Self::Service(named(UNKNOWN)));
        }
        let by_service = || is_ok(&end.service).then(|| Self::Service(named(&end.service)));
        let by_workload = || Some(Self::Workload(named(&end.workload)));
        match graph {
            GraphType::Workload | GraphType::Service if is_ok(&end.workload) => by_workload(),
            GraphType::Workload | GraphType::Service => by_service(),
            GraphType::VersionedApp if is_ok(&end.app) && is_ok(&end.workload) => Some(Self::App(named(&end.workload))),
            GraphType::App | GraphType::VersionedApp if is_ok(&end.app) => Some(Self::App(named(&end.app))),
            _ if is_ok(&end.workload) => by_workload(),
            _ => by_service(),
        }
    }

    pub fn is_service(&self) -> bool {
        matches!(self, Self::Service(_))
    }
}
