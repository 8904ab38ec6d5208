//! What is known of a resolved connection: the edge, and what the series of a long connection have beyond it.

mod saved;

pub(crate) use saved::SavedResolution;

use super::end::{End, Endpoint, Host};
use super::requested::Requested;
use crate::labels::{Cluster, EnvoyLabels};
use crate::observation::{DestinationService, DestinationServiceRef, Edge, EdgeRef, Flow, Reporter, SharedId};
use crate::record::Role;
use longwire_model::expression::End as Side;
use longwire_model::identity::{Place, Pod, Service, UnixNanos, Workload};
use longwire_model::scope::Scope;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::Arc;

/// The other end.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// With its own address, behind any Service, and the requested Service, where that is known.
    Pod(Arc<Pod>, SocketAddr, Option<Arc<Service>>),
    /// Unknown, but this was requested.
    Unknown(DestinationService),
}

/// Kept by a live connection for its life: [`Flow`] without what the connection itself has, and what tags may read.
#[derive(Debug)]
pub(crate) struct Resolution {
    /// The edge, in parts, because an [`Edge`] takes 16 bytes more.
    reporter: Reporter,
    rule: Rule,
    /// The reporting pod's, as it was when the connection opened. The other end's is that of its pod.
    workload: Option<Arc<Workload>>,
    service: Option<Arc<Service>>,
    /// `None`: unknown.
    pub(super) source_pod: Option<Arc<Pod>>,
    pub(super) destination_pod: Option<Arc<Pod>>,
    /// Where the reporting pod ran when the connection opened, however its node is labelled since. The other pod stays as it was then.
    place: Option<Arc<Place>>,
    /// The requested Service, where that is known. The edge may name another.
    pub(super) requested_service: Option<Arc<Service>>,
    pub(super) source: Endpoint,
    pub(super) destination: Endpoint,
    pub(super) destination_pod_address: Host,
    /// With `destination_pod_address`, where the server itself is known to answer. `None`: not known.
    server_port: Option<NonZeroU16>,
    /// `None`: not known.
    id: Option<SharedId>,
}

/// The kind of the edge's [`DestinationService`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Service,
    Pod,
    Outside,
    Unknown,
}

/// What a resolution has beside its edge.
struct Ends {
    source_pod: Option<Arc<Pod>>,
    destination_pod: Option<Arc<Pod>>,
    requested_service: Option<Arc<Service>>,
    source: Endpoint,
    destination: Endpoint,
    destination_pod_address: Host,
}

impl Resolution {
    fn of(edge: Edge, ends: Ends) -> Self {
        let Edge { reporter, source: of_source, destination: of_destination, destination_service } = edge;
        let (rule, service) = match destination_service {
            DestinationService::Service(service) => (Rule::Service, Some(service)),
            DestinationService::Pod => (Rule::Pod, None),
            DestinationService::Outside => (Rule::Outside, None),
            DestinationService::Unknown => (Rule::Unknown, None),
        };
        let Ends { source_pod, destination_pod, requested_service, source, destination, destination_pod_address } =
            ends;
        let (workload, local) = match reporter {
            Reporter::Source => (of_source, &source_pod),
            Reporter::Destination => (of_destination, &destination_pod),
        };
        Self {
            place: local.as_ref().map(|local| Arc::clone(&local.place)),
            reporter,
            rule,
            workload,
            service,
            source_pod,
            destination_pod,
            requested_service,
            source,
            destination,
            destination_pod_address,
            server_port: None,
            id: None,
        }
    }

    pub(crate) fn edge(&self) -> EdgeRef<'_> {
        let destination_service = match (self.rule, &self.service) {
            (Rule::Service, Some(service)) => DestinationServiceRef::Service(service),
            (Rule::Pod, _) => DestinationServiceRef::Pod,
            (Rule::Outside, _) => DestinationServiceRef::Outside,
            (Rule::Service | Rule::Unknown, _) => DestinationServiceRef::Unknown,
        };
        let (own, peer) = (self.workload.as_ref(), self.peer_pod().map(|pod| &pod.workload));
        let (source, destination) = match self.reporter {
            Reporter::Source => (own, peer),
            Reporter::Destination => (peer, own),
        };
        EdgeRef { reporter: self.reporter, source, destination, destination_service }
    }

    pub(crate) fn reporter(&self) -> Reporter {
        self.reporter
    }

    /// Both ends use one rule for the service: the requested one, if both know it, else that of the destination pod and its port. So
    /// their series name the same edge.
    pub(super) fn new(end: &End, local: &Arc<Pod>, peer: Peer, requested: Option<&Requested>) -> Self {
        match end.role {
            Role::Active => Self::of_client(end, local, peer, requested),
            Role::Passive => Self::of_server(end, local, peer, requested),
        }
    }

    fn of_client(end: &End, local: &Arc<Pod>, peer: Peer, requested: Option<&Requested>) -> Self {
        let (pod, target, rule, requested_service) = match peer {
            Peer::Pod(pod, target, requested_service) => {
                let rule = service(&pod, target, requested);
                let requested_service =
                    requested.map(|requested| Arc::clone(requested.service())).or(requested_service);
                (Some(pod), target.ip(), rule, requested_service)
            }
            Peer::Unknown(DestinationService::Service(service)) => {
                (None, end.remote.ip(), DestinationService::Service(Arc::clone(&service)), Some(service))
            }
            Peer::Unknown(destination_service) => (None, end.remote.ip(), destination_service, None),
        };
        let edge = Edge {
            reporter: Reporter::Source,
            source: Some(Arc::clone(&local.workload)),
            destination: pod.as_ref().map(|pod| Arc::clone(&pod.workload)),
            destination_service: rule,
        };
        let ends = Ends {
            source_pod: Some(Arc::clone(local)),
            destination_pod: pod,
            requested_service,
            source: end.local.into(),
            destination: end.remote.into(),
            destination_pod_address: target.into(),
        };
        Self::of(edge, ends)
    }

    fn of_server(end: &End, local: &Arc<Pod>, peer: Peer, requested: Option<&Requested>) -> Self {
        let source = match peer {
            Peer::Pod(pod, ..) => Some(pod),
            Peer::Unknown(_) => None,
        };
        let edge = Edge {
            reporter: Reporter::Destination,
            source: source.as_ref().map(|pod| Arc::clone(&pod.workload)),
            destination: Some(Arc::clone(&local.workload)),
            destination_service: service(local, end.local, requested),
        };
        let ends = Ends {
            source_pod: source,
            destination_pod: Some(Arc::clone(local)),
            requested_service: None,
            source: end.remote.into(),
            destination: end.local.into(),
            destination_pod_address: end.local.ip().into(),
        };
        Self::of(edge, ends)
    }

    /// The same with the server's own address, and the id that follows from it.
    pub(super) fn identified(self, id: Option<SharedId>, server: Option<SocketAddr>) -> Self {
        let known = server.filter(|server| server.ip() == IpAddr::from(self.destination_pod_address));
        Self { id, server_port: known.and_then(|server| NonZeroU16::new(server.port())), ..self }
    }

    /// `None`: this end cannot compute it.
    pub(crate) fn id(&self) -> Option<SharedId> {
        self.id
    }

    pub(crate) fn source_pod(&self) -> Option<&Arc<Pod>> {
        self.source_pod.as_ref()
    }

    pub(crate) fn destination_pod(&self) -> Option<&Arc<Pod>> {
        self.destination_pod.as_ref()
    }

    /// `None`: not known.
    pub(crate) fn requested_service(&self) -> Option<&Arc<Service>> {
        self.requested_service.as_ref()
    }

    /// The client's address, as the observing socket has it.
    pub(crate) fn source(&self) -> SocketAddr {
        self.source.into()
    }

    /// The server's address, as the observing socket has it.
    pub(crate) fn destination(&self) -> SocketAddr {
        self.destination.into()
    }

    /// The server's own address, behind any Service. `None`: not known.
    pub(crate) fn server(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.destination_pod_address.into(), self.server_port?.get()))
    }

    /// The reporting pod was edited. The names of the edge stay.
    pub(crate) fn renew(&mut self, local: Arc<Pod>) {
        match self.reporter {
            Reporter::Source => self.source_pod = Some(local),
            Reporter::Destination => self.destination_pod = Some(local),
        }
    }

    /// The pod of the end that does not report.
    pub(crate) fn peer_pod(&self) -> Option<&Arc<Pod>> {
        match self.reporter {
            Reporter::Source => self.destination_pod.as_ref(),
            Reporter::Destination => self.source_pod.as_ref(),
        }
    }

    /// Where the pod of an end runs. `None`: no pod is known.
    pub(super) fn place(&self, side: Side) -> Option<&Place> {
        match (side, self.reporter) {
            (Side::Source, Reporter::Source) | (Side::Destination, Reporter::Destination) => self.place.as_deref(),
            (Side::Source, Reporter::Destination) | (Side::Destination, Reporter::Source) => {
                self.peer_pod().map(|pod| &*pod.place)
            }
        }
    }

    /// How far apart the ends are.
    pub(crate) fn scope(&self) -> Scope {
        match (self.place(Side::Source), self.place(Side::Destination)) {
            (Some(source), Some(destination)) => Scope::between(source, destination),
            _ if self.rule == Rule::Outside => Scope::External,
            _ => Scope::Unknown,
        }
    }

    /// The client's pod and its destination, as an Envoy beside it would name them. `None`: this end is the server.
    pub(crate) fn cluster(&self) -> Option<EnvoyLabels> {
        let pod = self.source_pod.as_ref().filter(|_| self.reporter == Reporter::Source)?;
        let cluster = match (&self.requested_service, self.edge().destination_service) {
            (Some(service), _) => Cluster::Outbound(self.destination.port(), Arc::clone(service)),
            (None, DestinationServiceRef::Service(service)) => {
                Cluster::Outbound(self.service_port(), Arc::clone(service))
            }
            (None, DestinationServiceRef::Pod | DestinationServiceRef::Outside | DestinationServiceRef::Unknown) => {
                Cluster::Passthrough
            }
        };
        Some(EnvoyLabels::new(self.edge().into(), Arc::clone(pod), cluster))
    }

    /// The port of the edge's Service.
    fn service_port(&self) -> u16 {
        let backings = self.destination_pod.iter().flat_map(|pod| &pod.services);
        let mut of_service = backings
            .filter(|backing| self.edge().destination_service == DestinationServiceRef::Service(&backing.service));
        of_service.next().map_or(self.destination.port(), |backing| backing.port)
    }

    pub(crate) fn flow(&self, start: UnixNanos) -> Flow {
        Flow {
            edge: self.edge().into(),
            destination_pod: self.destination_pod.clone(),
            source_address: self.source.into(),
            destination_address: self.destination.into(),
            destination_pod_address: self.destination_pod_address.into(),
            start,
        }
    }
}

fn service(pod: &Pod, at: SocketAddr, requested: Option<&Requested>) -> DestinationService {
    let requested = requested.and_then(|requested| requested.leading_to(pod, at));
    let service = requested.or_else(|| pod.backing(at.port()).map(|backing| &backing.service));
    service.map_or(DestinationService::Pod, |service| DestinationService::Service(Arc::clone(service)))
}
