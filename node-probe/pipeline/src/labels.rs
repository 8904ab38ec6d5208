//! From edges and flows to labels, as pairs of name and value. Two label sets are equal when they read the same, whatever they were
//! made of: else a scrape would name one series twice.

mod differences;
mod envoy;
mod line_names;
mod locality;
mod names;
mod pairs;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod saved;
mod start_time;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use differences::Differences;
pub(crate) use envoy::{Cluster, EnvoyLabels};
#[cfg(any(test, feature = "samples"))]
pub use line_names::sample_id;
pub use line_names::{LineEnd, LineNames, LineService, end_name, line_names};
pub(crate) use locality::LocalityLabels;
pub(crate) use names::{EdgeNames, ServiceNames, UNKNOWN, or_unknown};
pub(crate) use saved::SavedLabels;
pub(crate) use text::LabelText;

use crate::observation::{Edge, Flow, Reporter};
use longwire_model::identity::{Pod, UnixNanos};
use longwire_model::series::{CONNECTION_LABELS, OVERFLOW, SERVICE_LABELS, WORKLOAD_LABELS};
use names::{PodNames, TAIL};
use pairs::pairs;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The labels of one set of series.
pub(crate) trait LabelSet: Hash + Eq + Debug {
    /// Reporters with an overflow set of their own.
    const REPORTERS: &'static [Reporter] = &[Reporter::Source, Reporter::Destination];

    /// The labels with the namespaces of source and destination, if there are such.
    const NAMESPACES: [Option<&'static str>; 2] =
        [Some("source_workload_namespace"), Some("destination_workload_namespace")];

    /// The overflow set, for connections whose label set has no room.
    fn overflow(reporter: Reporter) -> Self;

    fn edge(&self) -> &Edge;

    /// What an idle set of these labels stays for.
    fn needs(&self) -> Needs<'_> {
        Needs::Workloads
    }

    /// Passes each label on with its value, in the order in which encoders write them.
    fn pairs(&self, differences: &Differences, to: &mut dyn FnMut(&str, &str));
}

/// What an idle label set stays for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Needs<'a> {
    /// Both workloads of its edge.
    Workloads,
    /// Those and the destination pod. `None`: the set is of a mere address and stays for nothing, because addresses are unbounded.
    PodAndWorkloads(Option<&'a Pod>),
    /// A pod alone.
    Pod(Option<&'a Pod>),
    /// One connection, whose last values must have been shown.
    Connection,
}

/// One set an edge and reporter: [`SERVICE_LABELS`].
#[derive(Clone, Debug)]
pub(crate) struct ServiceLabels(pub(crate) Edge);

/// One set a source workload, destination pod and reporter: [`WORKLOAD_LABELS`].
#[derive(Clone, Debug)]
pub(crate) struct WorkloadLabels {
    edge: Edge,
    /// `None`: overflow, which no pod can be mistaken for.
    target: Option<Target>,
}

#[derive(Clone, Debug)]
struct Target {
    pod: Option<Arc<Pod>>,
    address: IpAddr,
}

/// One set a connection: [`CONNECTION_LABELS`].
#[derive(Clone, Debug)]
pub(crate) struct ConnectionLabels {
    target: WorkloadLabels,
    /// `None`: overflow.
    course: Option<Course>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Course {
    source: SocketAddr,
    destination: SocketAddr,
    start: UnixNanos,
}

impl LabelSet for ServiceLabels {
    fn overflow(reporter: Reporter) -> Self {
        Self(names::overflow(reporter))
    }

    fn edge(&self) -> &Edge {
        &self.0
    }

    fn pairs(&self, differences: &Differences, to: &mut dyn FnMut(&str, &str)) {
        let names = EdgeNames::of(&self.0);
        let values = iter::once(names.reporter())
            .chain(names.source.labels())
            .chain(names.service.labels())
            .chain(names.destination.labels())
            .chain(TAIL);
        pairs(&SERVICE_LABELS, values, differences, to);
    }
}

impl PartialEq for ServiceLabels {
    fn eq(&self, other: &Self) -> bool {
        names::is_shared(&self.0, &other.0) || EdgeNames::of(&self.0) == EdgeNames::of(&other.0)
    }
}

impl Eq for ServiceLabels {}

impl Hash for ServiceLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        EdgeNames::of(&self.0).hash(state);
    }
}

impl WorkloadLabels {
    pub(crate) fn of(flow: &Flow) -> Self {
        let target = Target { pod: flow.destination_pod.clone(), address: flow.destination_pod_address };
        Self { edge: flow.edge.clone(), target: Some(target) }
    }

    /// `None`: it is not known.
    pub(crate) fn pod(&self) -> Option<&Pod> {
        self.target.as_ref()?.pod.as_deref()
    }

    fn pod_names(&self) -> PodNames<'_> {
        self.target.as_ref().map_or(PodNames::OVERFLOW, |target| PodNames::of(target.pod.as_deref()))
    }

    fn address(&self) -> Option<IpAddr> {
        self.target.as_ref().map(|target| target.address)
    }
}

impl LabelSet for WorkloadLabels {
    fn overflow(reporter: Reporter) -> Self {
        Self { edge: names::overflow(reporter), target: None }
    }

    fn edge(&self) -> &Edge {
        &self.edge
    }

    fn needs(&self) -> Needs<'_> {
        Needs::PodAndWorkloads(self.pod())
    }

    fn pairs(&self, differences: &Differences, to: &mut dyn FnMut(&str, &str)) {
        let (names, pod, address) = (EdgeNames::of(&self.edge), self.pod_names(), written(self.address()));
        let values = iter::once(names.reporter())
            .chain(names.source.labels())
            .chain([address.as_str(), pod.namespace, pod.name])
            .chain(names.destination.labels())
            .chain(TAIL);
        pairs(&WORKLOAD_LABELS, values, differences, to);
    }
}

/// The service is no label here.
impl PartialEq for WorkloadLabels {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
            && self.pod_names() == other.pod_names()
            && EdgeNames::of(&self.edge).ends() == EdgeNames::of(&other.edge).ends()
    }
}

impl Eq for WorkloadLabels {}

impl Hash for WorkloadLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.address(), self.pod_names(), EdgeNames::of(&self.edge).ends()).hash(state);
    }
}

impl ConnectionLabels {
    pub(crate) fn of(flow: &Flow) -> Self {
        let Flow { source_address: source, destination_address: destination, start, .. } = *flow;
        Self { target: WorkloadLabels::of(flow), course: Some(Course { source, destination, start }) }
    }
}

impl LabelSet for ConnectionLabels {
    fn overflow(reporter: Reporter) -> Self {
        Self { target: WorkloadLabels::overflow(reporter), course: None }
    }

    fn edge(&self) -> &Edge {
        &self.target.edge
    }

    fn needs(&self) -> Needs<'_> {
        Needs::Connection
    }

    fn pairs(&self, differences: &Differences, to: &mut dyn FnMut(&str, &str)) {
        let Self { target, course } = self;
        let (names, pod, address) = (EdgeNames::of(&target.edge), target.pod_names(), written(target.address()));
        let start = course.map_or_else(|| OVERFLOW.to_owned(), |course| start_time::written(course.start));
        let source = written(course.map(|course| course.source));
        let destination = written(course.map(|course| course.destination));
        let values = [names.reporter(), &start]
            .into_iter()
            .chain(names.source.labels())
            .chain([source.as_str(), &destination, &address, pod.namespace, pod.name])
            .chain(names.service.labels())
            .chain(names.destination.labels())
            .chain(TAIL);
        pairs(&CONNECTION_LABELS, values, differences, to);
    }
}

impl PartialEq for ConnectionLabels {
    fn eq(&self, other: &Self) -> bool {
        self.course == other.course
            && self.target == other.target
            && EdgeNames::of(self.edge()).service == EdgeNames::of(other.edge()).service
    }
}

impl Eq for ConnectionLabels {}

impl Hash for ConnectionLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.course, &self.target, EdgeNames::of(self.edge()).service).hash(state);
    }
}

/// Sockets' addresses as `ip:port`, IPv6 in brackets, so that it is clear where the port begins.
fn written(address: Option<impl ToString>) -> String {
    address.map_or_else(|| OVERFLOW.to_owned(), |address| address.to_string())
}
