//! Edges and flows for tests, those of other crates too.

use super::{Differences, LabelSet, ServiceLabels};
use crate::observation::{DestinationService, Edge, Flow, Reporter};
use longwire_model::identity::{Pod, Service, Workload};
use std::sync::Arc;

/// Canonical service `<name>-app`, revision `v1`, namespace `ns`, cluster `Kubernetes`.
#[must_use]
pub fn workload(name: &str) -> Arc<Workload> {
    Arc::new(Workload {
        namespace: "ns".to_owned(),
        name: name.to_owned(),
        canonical_service: format!("{name}-app"),
        canonical_revision: "v1".to_owned(),
        cluster: "Kubernetes".to_owned(),
    })
}

/// In namespace `shop` of cluster `far`.
#[must_use]
pub fn service(name: &str) -> Arc<Service> {
    Arc::new(Service {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        host: format!("{name}.shop.svc.cluster.local"),
        cluster: "far".to_owned(),
    })
}

#[must_use]
pub fn pod(name: &str, workload: &Arc<Workload>) -> Arc<Pod> {
    Arc::new(Pod {
        uid: format!("uid-{name}"),
        name: name.to_owned(),
        addresses: Vec::new(),
        host_network: false,
        workload: Arc::clone(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    })
}

/// Requested by its pod's address.
#[must_use]
pub fn edge(reporter: Reporter, source: &str, destination: &str) -> Edge {
    let (source, destination) = (Some(workload(source)), Some(workload(destination)));
    Edge { reporter, source, destination, destination_service: DestinationService::Pod }
}

/// From 10.0.0.1, port `port`, to a pod `<destination>-0` at 10.0.0.2:80.
#[must_use]
pub fn flow(reporter: Reporter, source: &str, destination: &str, port: u16) -> Flow {
    let edge = edge(reporter, source, destination);
    let destination_pod = edge.destination.as_ref().map(|workload| pod(&format!("{destination}-0"), workload));
    Flow {
        edge,
        destination_pod,
        source_address: ([10, 0, 0, 1], port).into(),
        destination_address: ([10, 0, 0, 2], 80).into(),
        destination_pod_address: [10, 0, 0, 2].into(),
        start: 1_746_675_514_000_000_000,
    }
}

/// The same between workloads of these namespaces, each a namespace and a name.
#[must_use]
pub fn edge_between(reporter: Reporter, source: [&str; 2], destination: [&str; 2]) -> Edge {
    let of = |[namespace, name]: [&str; 2]| {
        let workload = Workload { namespace: namespace.to_owned(), ..Workload::clone(&workload(name)) };
        Some(Arc::new(workload))
    };
    Edge { reporter, source: of(source), destination: of(destination), destination_service: DestinationService::Pod }
}

/// Of an edge's series.
#[must_use]
pub fn pairs(edge: Edge) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut push = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    ServiceLabels(edge).pairs(&Differences::default(), &mut push);
    pairs
}
