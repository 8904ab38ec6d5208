//! Items to bytes.

use super::item::{Item, SavedDialled, SavedEdge, SavedPod};
use super::names::{Names, number};
use crate::observation::{Dialled, Edge};
use longwire_model::identity::{Backing, Place, Pod, Service, Workload};
use longwire_model::telemetry::Telemetry;
use postcard::ser_flavors::Flavor;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) names: &'a mut Names,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    pub(crate) fn write(&mut self, item: &Item<'_>) {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        postcard::serialize_with_flavor(item, Append(self.out)).expect("items have lengths, and a vector has room");
        let length = u32::try_from(self.out.len() - start - 4).expect("an item far below 4 GiB");
        self.out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        self.names.items += 1;
    }

    /// The last one. It counts those before it.
    pub(crate) fn end(&mut self) {
        self.write(&Item::End { items: self.names.items });
    }

    pub(crate) fn workload(&mut self, workload: &Arc<Workload>) -> u32 {
        let place = place(workload);
        if let Some(number) = self.names.workloads.get(&place) {
            return *number;
        }
        self.write(&Item::Workload(Cow::Borrowed(workload)));
        number(&mut self.names.workloads, place)
    }

    pub(crate) fn service(&mut self, service: &Arc<Service>) -> u32 {
        let place = place(service);
        if let Some(number) = self.names.services.get(&place) {
            return *number;
        }
        self.write(&Item::Service(Cow::Borrowed(service)));
        number(&mut self.names.services, place)
    }

    pub(crate) fn pod(&mut self, pod: &Arc<Pod>) -> u32 {
        let place = place(pod);
        if let Some(number) = self.names.pods.get(&place) {
            return *number;
        }
        let Pod {
            uid,
            name,
            addresses,
            host_network,
            workload,
            services,
            more_services,
            service_account,
            place: on,
            labels,
        } = &**pod;
        let saved = SavedPod {
            uid: uid.into(),
            name: name.into(),
            addresses: addresses.into(),
            host_network: *host_network,
            workload: self.workload(workload),
            services: services.iter().map(|backing| self.backing(backing)).collect(),
            more_services: more_services.iter().map(|backing| self.backing(backing)).collect(),
            service_account: service_account.into(),
            place: self.place(on),
            labels: labels.into(),
        };
        self.write(&Item::Pod(saved));
        number(&mut self.names.pods, place)
    }

    pub(crate) fn telemetry(&mut self, telemetry: &Arc<Telemetry>) -> u32 {
        let place = place(telemetry);
        if let Some(number) = self.names.telemetries.get(&place) {
            return *number;
        }
        self.write(&Item::Telemetry(Cow::Borrowed(telemetry)));
        number(&mut self.names.telemetries, place)
    }

    fn place(&mut self, on: &Arc<Place>) -> u32 {
        let place = place(on);
        if let Some(number) = self.names.places.get(&place) {
            return *number;
        }
        self.write(&Item::Place(Cow::Borrowed(on)));
        number(&mut self.names.places, place)
    }

    fn backing(&mut self, backing: &Backing) -> (u16, u16, u32) {
        let Backing { target, port, service } = backing;
        (*target, *port, self.service(service))
    }

    pub(crate) fn edge(&mut self, edge: &Edge) -> u32 {
        let Edge { reporter, source, destination, dialled } = edge;
        let of = |workload: &Option<Arc<Workload>>| workload.as_ref().map_or(0, place);
        let (what, service) = match dialled {
            Dialled::Service(service) => (0, place(service)),
            Dialled::Pod => (1, 0),
            Dialled::Outside => (2, 0),
            Dialled::Unknown => (3, 0),
        };
        let place = [*reporter as usize, of(source), of(destination), what, service];
        if let Some(number) = self.names.edges.get(&place) {
            return *number;
        }
        let saved = SavedEdge {
            reporter: *reporter,
            source: source.as_ref().map(|source| self.workload(source)),
            destination: destination.as_ref().map(|destination| self.workload(destination)),
            dialled: match dialled {
                Dialled::Service(service) => SavedDialled::Service(self.service(service)),
                Dialled::Pod => SavedDialled::Pod,
                Dialled::Outside => SavedDialled::Outside,
                Dialled::Unknown => SavedDialled::Unknown,
            },
        };
        self.write(&Item::Edge(saved));
        number(&mut self.names.edges, place)
    }
}

/// Where a shared value is; never 0.
fn place<T>(shared: &Arc<T>) -> usize {
    Arc::as_ptr(shared).addr()
}

/// Straight to the end of the bytes.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
