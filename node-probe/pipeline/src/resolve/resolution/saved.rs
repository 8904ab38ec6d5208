//! The saved form of a resolution.

use super::{Ends, Resolution};
use crate::observation::SharedId;
use crate::resolve::end::{Endpoint, Host};
use crate::shared::{Numbers, Shared};
use crate::state::{Flaw, Late};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// Bytes of an id and a port.
const ID_AND_PORT: usize = 18;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedResolution {
    edge: u32,
    source_pod: Option<u32>,
    destination_pod: Option<u32>,
    requested_service: Option<u32>,
    source: Endpoint,
    destination: Endpoint,
    destination_pod_address: Host,
    /// The id, or zeros, and the server's port, or 0. Since version 5.
    id_and_port: Late<[u8; ID_AND_PORT]>,
    /// Since version 5.
    place: Late<Option<u32>>,
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
            id_and_port: Late(id_and_port(self.id, self.server_port)),
            place: Late(self.place.as_ref().map(|place| numbers.place(place))),
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
            id_and_port: Late(id_and_port),
            place: Late(place),
        } = saved;
        let ends = Ends {
            source_pod: source_pod.map(|pod| shared.pod(pod)).transpose()?,
            destination_pod: destination_pod.map(|pod| shared.pod(pod)).transpose()?,
            requested_service: requested_service.map(|service| shared.service(service)).transpose()?,
            source,
            destination,
            destination_pod_address,
        };
        let [id @ .., high, low] = id_and_port;
        let is_known = id != [0; 16];
        let id = is_known.then(|| SharedId::from_bytes(id).ok_or(Flaw::Implausible("id"))).transpose()?;
        let server_port = NonZeroU16::new(u16::from_be_bytes([high, low]));
        let restored = Self::of(shared.edge(edge)?, ends);
        // A state of version 4 does not say it, and its pod is what was known last.
        let place = place.map(|place| shared.place(place)).transpose()?.or_else(|| restored.place.clone());
        Ok(Self { id, server_port, place, ..restored })
    }
}

fn id_and_port(id: Option<SharedId>, port: Option<NonZeroU16>) -> [u8; ID_AND_PORT] {
    let mut bytes = [0; ID_AND_PORT];
    let (of_id, of_port) = bytes.split_at_mut(ID_AND_PORT - 2);
    of_id.copy_from_slice(&id.map_or([0; 16], SharedId::to_bytes));
    of_port.copy_from_slice(&port.map_or(0, NonZeroU16::get).to_be_bytes());
    bytes
}
