//! Numbers of shared values while a state is saved. A value is known by its address: nothing moves between the first call and
//! the last.

use super::saved::{SavedDestinationService, SavedEdge, SavedPod, SavedTelemetry, SharedCounts, SharedValue};
use crate::observation::{DestinationServiceRef, EdgeRef};
use crate::state::Late;
use hashbrown::HashMap;
use longwire_model::identity::{Backing, Place, Pod, Service, Workload};
use longwire_model::telemetry::Telemetry;
use std::borrow::Cow;
use std::hash::Hash;
use std::sync::Arc;

/// Values that have a number already.
#[derive(Debug, Default)]
pub(crate) struct Numbered {
    workloads: HashMap<usize, u32>,
    services: HashMap<usize, u32>,
    places: HashMap<usize, u32>,
    pods: HashMap<usize, u32>,
    telemetries: HashMap<usize, u32>,
    /// Reporter, both workloads, kind of destination and Service; 0 where there is none.
    edges: HashMap<[usize; 5], u32>,
}

/// Gives the values of an entry their numbers, and collects those that are new.
#[derive(Debug)]
pub(crate) struct Numbers<'n, 'v> {
    numbered: &'n mut Numbered,
    /// To be written before the entry, in this order.
    pub(crate) new: Vec<SharedValue<'v>>,
}

impl<'n, 'v> Numbers<'n, 'v> {
    pub(crate) fn new(numbered: &'n mut Numbered) -> Self {
        Self { numbered, new: Vec::new() }
    }

    /// Of the values that have a number.
    pub(crate) fn counts(&self) -> SharedCounts {
        let Numbered { workloads, services, places, pods, telemetries, edges } = &*self.numbered;
        [workloads.len(), services.len(), places.len(), pods.len(), edges.len(), telemetries.len()]
            .map(|len| len as u64)
    }

    pub(crate) fn workload(&mut self, workload: &'v Arc<Workload>) -> u32 {
        let address = address(workload);
        if let Some(number) = self.numbered.workloads.get(&address) {
            return *number;
        }
        self.new.push(SharedValue::Workload(Cow::Borrowed(workload)));
        number(&mut self.numbered.workloads, address)
    }

    pub(crate) fn service(&mut self, service: &'v Arc<Service>) -> u32 {
        let address = address(service);
        if let Some(number) = self.numbered.services.get(&address) {
            return *number;
        }
        self.new.push(SharedValue::Service(Cow::Borrowed(service)));
        number(&mut self.numbered.services, address)
    }

    pub(crate) fn pod(&mut self, pod: &'v Arc<Pod>) -> u32 {
        let address = address(pod);
        if let Some(number) = self.numbered.pods.get(&address) {
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
            place,
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
            place: self.place(place),
            labels: labels.into(),
        };
        self.new.push(SharedValue::Pod(saved));
        number(&mut self.numbered.pods, address)
    }

    pub(crate) fn telemetry(&mut self, telemetry: &'v Arc<Telemetry>) -> u32 {
        let address = address(telemetry);
        if let Some(number) = self.numbered.telemetries.get(&address) {
            return *number;
        }
        let log = telemetry.access_log.as_ref();
        self.new.push(SharedValue::Telemetry(Box::new(SavedTelemetry {
            telemetry: Cow::Borrowed(telemetry),
            access_log: Late(log.map(Cow::Borrowed)),
            outputs: Late(log.map(|log| Cow::Borrowed(&log.outputs))),
        })));
        number(&mut self.numbered.telemetries, address)
    }

    pub(crate) fn edge(&mut self, edge: impl Into<EdgeRef<'v>>) -> u32 {
        let EdgeRef { reporter, source, destination, destination_service } = edge.into();
        let of = |workload: Option<&Arc<Workload>>| workload.map_or(0, address);
        let (kind, service) = match destination_service {
            DestinationServiceRef::Service(service) => (0, address(service)),
            DestinationServiceRef::Pod => (1, 0),
            DestinationServiceRef::Outside => (2, 0),
            DestinationServiceRef::Unknown => (3, 0),
        };
        let parts = [reporter as usize, of(source), of(destination), kind, service];
        if let Some(number) = self.numbered.edges.get(&parts) {
            return *number;
        }
        let saved = SavedEdge {
            reporter,
            source: source.map(|source| self.workload(source)),
            destination: destination.map(|destination| self.workload(destination)),
            destination_service: match destination_service {
                DestinationServiceRef::Service(service) => SavedDestinationService::Service(self.service(service)),
                DestinationServiceRef::Pod => SavedDestinationService::Pod,
                DestinationServiceRef::Outside => SavedDestinationService::Outside,
                DestinationServiceRef::Unknown => SavedDestinationService::Unknown,
            },
        };
        self.new.push(SharedValue::Edge(saved));
        number(&mut self.numbered.edges, parts)
    }

    pub(crate) fn place(&mut self, place: &'v Arc<Place>) -> u32 {
        let address = address(place);
        if let Some(number) = self.numbered.places.get(&address) {
            return *number;
        }
        self.new.push(SharedValue::Place(Cow::Borrowed(place)));
        number(&mut self.numbered.places, address)
    }

    fn backing(&mut self, backing: &'v Backing) -> (u16, u16, u32) {
        let Backing { target, port, service } = backing;
        (*target, *port, self.service(service))
    }
}

/// The next number of a kind.
fn number<K: Eq + Hash>(numbers: &mut HashMap<K, u32>, key: K) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "every kind of value is bounded far below 2^32")]
    let next = numbers.len() as u32;
    numbers.insert(key, next);
    next
}

/// Of a value in memory; never 0.
fn address<T>(value: &Arc<T>) -> usize {
    Arc::as_ptr(value).addr()
}
