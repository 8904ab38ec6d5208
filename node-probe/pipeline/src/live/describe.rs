//! A resolution in the words of the operator.

use crate::observation::DestinationServiceRef;
use crate::record::Monotonic;
use crate::resolve::Resolution;
use longwire_model::identity::{Pod, UnixNanos, Workload};
use longwire_model::live::{Described, LiveEnd, LiveName, LivePod};
use std::sync::Arc;

/// What a connection has beside its resolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    pub(super) id: u64,
    pub(super) start: UnixNanos,
    pub(super) handshake: Option<Monotonic>,
    pub(super) adopted: bool,
}

pub(super) fn describe(resolution: &Resolution, lifetime: Lifetime) -> Described {
    let edge = resolution.edge();
    let Lifetime { id, start, handshake, adopted } = lifetime;
    let service = match edge.destination_service {
        DestinationServiceRef::Service(service) => Some(Arc::clone(service)),
        DestinationServiceRef::Pod | DestinationServiceRef::Outside | DestinationServiceRef::Unknown => None,
    };
    Described {
        reporter: resolution.reporter(),
        name: resolution.id().map_or(LiveName::Local(id), |shared| LiveName::Shared(shared.to_bytes())),
        source: end(edge.source, resolution.source_pod()),
        destination: end(edge.destination, resolution.destination_pod()),
        service,
        requested_service: resolution.requested_service().cloned(),
        source_address: resolution.source(),
        requested_address: resolution.destination(),
        answered: resolution.server(),
        start,
        handshake,
        adopted,
    }
}

fn end(workload: Option<&Arc<Workload>>, pod: Option<&Arc<Pod>>) -> LiveEnd {
    let named = |pod: &Arc<Pod>| {
        let Pod { uid, name, place, .. } = &**pod;
        Arc::new(LivePod { uid: uid.clone(), name: name.clone(), place: Arc::clone(place) })
    };
    LiveEnd { workload: workload.cloned(), pod: pod.map(named) }
}
