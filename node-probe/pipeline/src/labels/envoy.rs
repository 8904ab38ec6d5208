//! Envoy's own labels: the pod whose proxy would count, and the cluster that it connects to.

use super::names::{self, PASSTHROUGH, PodNames};
use super::pairs::pairs;
use super::{Differences, LabelSet, Needs, OVERFLOW, or_unknown};
use crate::observation::{Edge, Reporter};
use longwire_model::identity::{Pod, Service};
use longwire_model::series::ENVOY_LABELS;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// One set a client's pod and cluster: [`ENVOY_LABELS`].
#[derive(Clone, Debug)]
pub(crate) struct EnvoyLabels {
    pub(super) edge: Edge,
    /// `None`: overflow.
    pub(super) route: Option<Route>,
}

#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) pod: Arc<Pod>,
    pub(super) cluster: Cluster,
}

/// Where a connection leads, as Istio cuts it up for Envoy.
#[derive(Clone, Debug)]
pub(crate) enum Cluster {
    /// A Service, on its own port.
    Outbound(u16, Arc<Service>),
    /// No known Service.
    Passthrough,
}

impl Cluster {
    /// `None`: passthrough.
    fn parts(&self) -> Option<(u16, &str)> {
        match self {
            Self::Outbound(port, service) => Some((*port, or_unknown(&service.host))),
            Self::Passthrough => None,
        }
    }

    /// As Istio names it.
    pub(crate) fn name(&self) -> String {
        self.parts().map_or_else(|| PASSTHROUGH.to_owned(), |(port, host)| format!("outbound|{port}||{host}"))
    }
}

impl EnvoyLabels {
    pub(crate) fn new(edge: Edge, pod: Arc<Pod>, cluster: Cluster) -> Self {
        Self { edge, route: Some(Route { pod, cluster }) }
    }

    /// `None`: overflow.
    pub(crate) fn pod(&self) -> Option<&Pod> {
        self.route.as_ref().map(|route| &*route.pod)
    }

    pub(crate) fn cluster(&self) -> String {
        self.route.as_ref().map_or_else(|| OVERFLOW.to_owned(), |route| route.cluster.name())
    }

    fn names(&self) -> (PodNames<'_>, Option<(u16, &str)>) {
        self.route
            .as_ref()
            .map_or((PodNames::OVERFLOW, None), |route| (PodNames::of(Some(&route.pod)), route.cluster.parts()))
    }
}

impl LabelSet for EnvoyLabels {
    /// Servers have no upstreams.
    const REPORTERS: &'static [Reporter] = &[Reporter::Source];

    const NAMESPACES: [Option<&'static str>; 2] = [Some("source_pod_namespace"), None];

    fn overflow(reporter: Reporter) -> Self {
        Self { edge: names::overflow(reporter), route: None }
    }

    fn edge(&self) -> &Edge {
        &self.edge
    }

    fn needs(&self) -> Needs<'_> {
        Needs::Pod(self.pod())
    }

    fn pairs(&self, differences: &Differences, to: &mut dyn FnMut(&str, &str)) {
        let (pod, _) = self.names();
        let cluster = self.cluster();
        pairs(&ENVOY_LABELS, [cluster.as_str(), pod.namespace, pod.name].into_iter(), differences, to);
    }
}

impl PartialEq for EnvoyLabels {
    fn eq(&self, other: &Self) -> bool {
        self.route.is_some() == other.route.is_some() && self.names() == other.names()
    }
}

impl Eq for EnvoyLabels {}

impl Hash for EnvoyLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.names().hash(state);
    }
}
