//! The node of an end in a graph.

use super::GraphType;
use super::telemetry::{End, UNKNOWN, is_ok};

/// Cluster, namespace and name. In a versioned app graph the name is the workload's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// All unknown clients of one cluster.
    Unknown {
        cluster: String,
    },
    Service {
        cluster: String,
        namespace: String,
        name: String,
    },
    Workload {
        cluster: String,
        namespace: String,
        name: String,
    },
    App {
        cluster: String,
        namespace: String,
        name: String,
    },
}

impl Node {
    /// `None`: Kiali fails on this end.
    pub(super) fn of(end: &End, graph: GraphType) -> Option<Self> {
        let (cluster, namespace) = (end.cluster.clone(), end.namespace().to_owned());
        let named = |name: &str| (cluster.clone(), namespace.clone(), name.to_owned());
        let service = |name: &str| {
            let (cluster, namespace, name) = named(name);
            Self::Service { cluster, namespace, name }
        };
        let workload = |name: &str| {
            let (cluster, namespace, name) = named(name);
            Self::Workload { cluster, namespace, name }
        };
        let app = |name: &str| {
            let (cluster, namespace, name) = named(name);
            Self::App { cluster, namespace, name }
        };
        let is_nameless = end.workload == UNKNOWN && end.app == UNKNOWN;
        if is_nameless && namespace == UNKNOWN && end.service.is_empty() {
            return Some(Self::Unknown { cluster });
        }
        if is_nameless && end.service == UNKNOWN {
            return Some(service(UNKNOWN));
        }
        let by_service = || is_ok(&end.service).then(|| service(&end.service));
        match graph {
            GraphType::Workload | GraphType::Service if is_ok(&end.workload) => Some(workload(&end.workload)),
            GraphType::Workload | GraphType::Service => by_service(),
            GraphType::VersionedApp if is_ok(&end.app) && is_ok(&end.workload) => Some(app(&end.workload)),
            GraphType::App | GraphType::VersionedApp if is_ok(&end.app) => Some(app(&end.app)),
            _ if is_ok(&end.workload) => Some(workload(&end.workload)),
            _ => by_service(),
        }
    }

    pub fn is_service(&self) -> bool {
        matches!(self, Self::Service { .. })
    }
}
