//! The exposed names of the two ends of a connection. No name is ever empty.

use super::OVERFLOW;
use crate::observation::{DestinationService, DestinationServiceRef, Edge, EdgeRef, Reporter};
use longwire_model::identity::{Pod, Service, Workload};
use std::mem;
use std::sync::Arc;

pub(crate) const UNKNOWN: &str = "unknown";
const LATEST: &str = "latest";
pub(super) const PASSTHROUGH: &str = "PassthroughCluster";

/// `request_protocol`, `response_flags` and `connection_security_policy`. The kernel does not see mTLS.
pub(super) const TAIL: [&str; 3] = ["tcp", "-", UNKNOWN];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EdgeNames<'a> {
    reporter: Reporter,
    pub(crate) source: WorkloadNames<'a>,
    pub(crate) destination: WorkloadNames<'a>,
    pub(crate) service: ServiceNames<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WorkloadNames<'a> {
    pub(crate) workload: &'a str,
    pub(crate) canonical_service: &'a str,
    pub(crate) canonical_revision: &'a str,
    pub(crate) namespace: &'a str,
    version: &'a str,
    pub(crate) cluster: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ServiceNames<'a> {
    pub(crate) host: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PodNames<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

impl<'a> EdgeNames<'a> {
    pub(crate) fn of(edge: impl Into<EdgeRef<'a>>) -> Self {
        let EdgeRef { reporter, source, destination, destination_service } = edge.into();
        let (source, destination) = (source.map(|source| &**source), destination.map(|destination| &**destination));
        // Where no workload has been found, the Service that was destination_service still has a cluster.
        let cluster = match destination_service {
            DestinationServiceRef::Service(service) => or_unknown(&service.cluster),
            DestinationServiceRef::Pod | DestinationServiceRef::Outside | DestinationServiceRef::Unknown => UNKNOWN,
        };
        Self {
            reporter,
            source: WorkloadNames::of(source, UNKNOWN),
            destination: WorkloadNames::of(destination, cluster),
            service: ServiceNames::of(destination_service, destination),
        }
    }

    pub(crate) fn reporter(&self) -> &'static str {
        self.reporter.name()
    }

    pub(super) fn ends(&self) -> (Reporter, WorkloadNames<'a>, WorkloadNames<'a>) {
        (self.reporter, self.source, self.destination)
    }
}

impl<'a> WorkloadNames<'a> {
    fn of(workload: Option<&'a Workload>, cluster: &'a str) -> Self {
        let Some(workload) = workload else { return Self::unknown(cluster) };
        let revision = or(&workload.canonical_revision, LATEST);
        Self {
            workload: or_unknown(&workload.name),
            canonical_service: or_unknown(&workload.canonical_service),
            canonical_revision: revision,
            namespace: or_unknown(&workload.namespace),
            version: revision,
            cluster: or_unknown(&workload.cluster),
        }
    }

    /// As in Istio: the revision of an unknown workload is `latest`, but its version is `unknown`.
    fn unknown(cluster: &'a str) -> Self {
        Self {
            workload: UNKNOWN,
            canonical_service: UNKNOWN,
            canonical_revision: LATEST,
            namespace: UNKNOWN,
            version: UNKNOWN,
            cluster,
        }
    }

    /// In the order of the table, the end's prefix left out: workload, canonical service and revision, namespace, principal,
    /// app, version, cluster.
    pub(super) fn labels(self) -> [&'a str; 8] {
        let Self { workload, canonical_service, canonical_revision, namespace, version, cluster } = self;
        [workload, canonical_service, canonical_revision, namespace, UNKNOWN, canonical_service, version, cluster]
    }
}

impl<'a> ServiceNames<'a> {
    fn of(destination_service: DestinationServiceRef<'a>, destination: Option<&'a Workload>) -> Self {
        let unknown = Self { host: UNKNOWN, namespace: UNKNOWN, name: UNKNOWN };
        match destination_service {
            DestinationServiceRef::Service(service) => Self::of_service(service),
            DestinationServiceRef::Pod => {
                Self { namespace: destination.map_or(UNKNOWN, |workload| or_unknown(&workload.namespace)), ..unknown }
            }
            DestinationServiceRef::Outside => Self { name: PASSTHROUGH, ..unknown },
            DestinationServiceRef::Unknown => unknown,
        }
    }

    pub(crate) fn of_service(service: &'a Service) -> Self {
        Self {
            host: or_unknown(&service.host),
            namespace: or_unknown(&service.namespace),
            name: or_unknown(&service.name),
        }
    }

    pub(super) fn labels(self) -> [&'a str; 3] {
        [self.host, self.namespace, self.name]
    }
}

impl<'a> PodNames<'a> {
    pub(super) const OVERFLOW: PodNames<'static> = PodNames { namespace: OVERFLOW, name: OVERFLOW };

    pub(super) fn of(pod: Option<&'a Pod>) -> Self {
        pod.map_or(Self { namespace: UNKNOWN, name: UNKNOWN }, |pod| Self {
            namespace: or_unknown(&pod.workload.namespace),
            name: or_unknown(&pod.name),
        })
    }
}

/// An edge like any other, so that a real one of these names shares its series instead of repeating them.
pub(super) fn overflow(reporter: Reporter) -> Edge {
    let name = || OVERFLOW.to_owned();
    let workload = Arc::new(Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: name(),
    });
    let service = Service { namespace: name(), name: name(), host: name(), cluster: name() };
    Edge {
        reporter,
        source: Some(Arc::clone(&workload)),
        destination: Some(workload),
        destination_service: DestinationService::Service(Arc::new(service)),
    }
}

/// Made of the same parts, so that nothing needs to be read: the common case.
pub(super) fn is_shared(one: &Edge, other: &Edge) -> bool {
    let is_same = |one: &Option<Arc<Workload>>, other: &Option<Arc<Workload>>| match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    };
    let is_same_service = match (&one.destination_service, &other.destination_service) {
        (DestinationService::Service(one), DestinationService::Service(other)) => Arc::ptr_eq(one, other),
        (one, other) => mem::discriminant(one) == mem::discriminant(other),
    };
    one.reporter == other.reporter
        && is_same_service
        && is_same(&one.source, &other.source)
        && is_same(&one.destination, &other.destination)
}

pub(crate) fn or_unknown(name: &str) -> &str {
    or(name, UNKNOWN)
}

fn or<'a>(name: &'a str, otherwise: &'a str) -> &'a str {
    if name.is_empty() { otherwise } else { name }
}
