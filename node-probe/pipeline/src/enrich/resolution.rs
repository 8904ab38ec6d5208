//! What is known once an inquiry is over: the edge, and what a long connection says beyond it.

use super::end::{End, Endpoint};
use crate::observation::{Dialled, Edge, Flow, Reporter};
use crate::record::Role;
use crate::state::{Flaw, SavedResolution, Shared, Writer};
use longwire_model::identity::{Pod, UnixNanos};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The other end.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// And its own address, behind any Service.
    Pod(Arc<Pod>, SocketAddr),
    /// Unknown, but this was dialled.
    Unknown(Dialled),
}

/// Kept by a live connection for its life: [`Flow`], less what the connection itself has.
#[derive(Debug)]
pub(crate) struct Resolution {
    pub(crate) edge: Edge,
    destination_pod: Option<Arc<Pod>>,
    source: Endpoint,
    destination: Endpoint,
    destination_pod_address: IpAddr,
}

impl Resolution {
    /// Both ends use one rule for the service: destination pod and its own port. So their series name the same edge.
    pub(super) fn new(end: &End, local: &Arc<Pod>, peer: Peer) -> Self {
        match end.role {
            Role::Active => Self::of_client(end, local, peer),
            Role::Passive => Self::of_server(end, local, peer),
        }
    }

    fn of_client(end: &End, local: &Arc<Pod>, peer: Peer) -> Self {
        let (pod, target, dialled) = match peer {
            Peer::Pod(pod, target) => {
                let dialled = service(&pod, target.port());
                (Some(pod), target.ip(), dialled)
            }
            Peer::Unknown(dialled) => (None, end.remote.ip(), dialled),
        };
        Self {
            edge: Edge {
                reporter: Reporter::Source,
                source: Some(Arc::clone(&local.workload)),
                destination: pod.as_ref().map(|pod| Arc::clone(&pod.workload)),
                dialled,
            },
            destination_pod: pod,
            source: end.local.into(),
            destination: end.remote.into(),
            destination_pod_address: target,
        }
    }

    fn of_server(end: &End, local: &Arc<Pod>, peer: Peer) -> Self {
        let source = match peer {
            Peer::Pod(pod, _) => Some(Arc::clone(&pod.workload)),
            Peer::Unknown(_) => None,
        };
        Self {
            edge: Edge {
                reporter: Reporter::Destination,
                source,
                destination: Some(Arc::clone(&local.workload)),
                dialled: service(local, end.local.port()),
            },
            destination_pod: Some(Arc::clone(local)),
            source: end.remote.into(),
            destination: end.local.into(),
            destination_pod_address: end.local.ip(),
        }
    }

    pub(crate) fn flow(&self, start: UnixNanos) -> Flow {
        Flow {
            edge: self.edge.clone(),
            destination_pod: self.destination_pod.clone(),
            source_address: self.source.into(),
            destination_address: self.destination.into(),
            destination_pod_address: self.destination_pod_address,
            start,
        }
    }
}

impl Resolution {
    pub(crate) fn save(&self, to: &mut Writer<'_>) -> SavedResolution {
        SavedResolution {
            edge: to.edge(&self.edge),
            destination_pod: self.destination_pod.as_ref().map(|pod| to.pod(pod)),
            source: self.source,
            destination: self.destination,
            destination_pod_address: self.destination_pod_address,
        }
    }

    pub(crate) fn restore(saved: SavedResolution, shared: &Shared) -> Result<Self, Flaw> {
        let SavedResolution { edge, destination_pod, source, destination, destination_pod_address } = saved;
        let destination_pod = destination_pod.map(|pod| shared.pod(pod)).transpose()?;
        Ok(Self { edge: shared.edge(edge)?, destination_pod, source, destination, destination_pod_address })
    }
}

fn service(pod: &Pod, port: u16) -> Dialled {
    pod.service(port).map_or(Dialled::Pod, |service| Dialled::Service(Arc::clone(service)))
}
