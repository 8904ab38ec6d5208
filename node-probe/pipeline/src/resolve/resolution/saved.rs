//! The saved form of a resolution, without the id and the server's port.

use super::{Ends, Resolution};
use crate::resolve::end::{Endpoint, Host};
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedResolution {
    edge: u32,
    source_pod: Option<u32>,
    destination_pod: Option<u32>,
    requested_service: Option<u32>,
    source: Endpoint,
    destination: Endpoint,
    destination_pod_address: Host,
}

impl Resolution {
    pub(crate) fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> SavedResolution {
        SavedResolution {
            edge: numbers.edge(self.edge()),
            source_pod: self.source_pod.as_ref().map(|pod| numbers.pod(pod)),
            destination_pod: self.destination_pod.as_ref().map(|pod| numbers.pod(pod)),
            requested_service: self.requested_service.as_ref().map(|service| numbers.service(service)),
            source: self.source,
            destination: self.destination,
            destination_pod_address: self.destination_pod_address,
        }
    }

    pub(crate) fn restore(saved: SavedResolution, shared: &Shared) -> Result<Self, Flaw> {
        let SavedResolution {
            edge,
            source_pod,
            destination_pod,
            requested_service,
            source,
            destination,
            destination_pod_address,
        } = saved;
        let ends = Ends {
            source_pod: source_pod.map(|pod| shared.pod(pod)).transpose()?,
            destination_pod: destination_pod.map(|pod| shared.pod(pod)).transpose()?,
            requested_service: requested_service.map(|service| shared.service(service)).transpose()?,
            source,
            destination,
            destination_pod_address,
        };
        Ok(Self::of(shared.edge(edge)?, ends))
    }
}
