//! Connections that hold label sets, for tests, those of other crates too.

use super::{CONNECTION, LOCALITY, SERVICE, SeriesHandles, SeriesSpec, SeriesStore, WORKLOAD};
use crate::labels::{
    Cluster, ConnectionLabels, Differences, EnvoyLabels, LocalityLabels, ServiceLabels, WorkloadLabels,
};
use crate::observation::{Edge, Flow};
use crate::record::Monotonic;
use longwire_model::identity::{Pod, Service};
use longwire_model::matcher::StatsMatcher;
use longwire_model::scope::Scope;
use longwire_model::series::Metrics;
use longwire_model::tag::TagName;
use std::sync::Arc;

pub(crate) fn plain(metrics: Metrics) -> SeriesSpec {
    SeriesSpec { metrics, differences: Differences::default(), tag_source: None }
}

/// Of an edge alone, what is on of its metrics.
pub fn hold_edge(store: &mut SeriesStore, edge: &Edge, on: Metrics, now: Monotonic) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    store.acquire(ServiceLabels(edge.clone()), plain(on.intersection(SERVICE)), now, &mut held);
    held
}

/// Of a long connection between two zones, and of all that it is a part of.
pub fn hold_flow(store: &mut SeriesStore, flow: &Flow, on: Metrics, now: Monotonic) -> SeriesHandles {
    let mut held = hold_edge(store, &flow.edge, on, now);
    let locality = LocalityLabels::new(flow.edge.clone(), Scope::CrossZone);
    store.acquire(locality, plain(on.intersection(LOCALITY)), now, &mut held);
    store.acquire(WorkloadLabels::of(flow), plain(on.intersection(WORKLOAD)), now, &mut held);
    store.acquire(ConnectionLabels::of(flow), plain(on.intersection(CONNECTION)), now, &mut held);
    held
}

/// Of an edge with other labels than the table's, sorted by name; `None`: left out.
pub fn hold_customised(
    store: &mut SeriesStore,
    edge: &Edge,
    metrics: Metrics,
    labels: Vec<(TagName, Option<Box<str>>)>,
    now: Monotonic,
) -> SeriesHandles {
    let (mut held, differences) = (SeriesHandles::default(), Differences::new(labels));
    store.acquire(ServiceLabels(edge.clone()), SeriesSpec { metrics, differences, tag_source: None }, now, &mut held);
    held
}

/// Of a client's pod and a Service's port, with all of Envoy's statistics.
pub fn hold_cluster(
    store: &mut SeriesStore,
    (edge, pod): (Edge, Arc<Pod>),
    (port, service): (u16, Arc<Service>),
    now: Monotonic,
) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    let labels = EnvoyLabels::new(edge, pod, Cluster::Outbound(port, service));
    store.acquire_cluster(labels, (1, &StatsMatcher::Exclusion(Vec::new())), now, &mut held);
    held
}
