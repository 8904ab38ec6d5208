//! Bytes to items. They may come from a disk that was full: nothing in them is believed.

use super::item::{Item, SavedDialled, SavedEdge, SavedHead, SavedPod};
use super::{Flaw, InvalidState, STATE_VERSION};
use crate::observation::{Dialled, Edge};
use longwire_model::identity::{Backing, Place, Pod, Service, Workload};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_model::telemetry::Telemetry;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
    /// The item that was read last, counted from 1.
    items: u64,
    pub(crate) shared: Shared,
}

/// Values that entries name by number.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    workloads: Vec<Arc<Workload>>,
    services: Vec<Arc<Service>>,
    places: Vec<Arc<Place>>,
    pods: Vec<Arc<Pod>>,
    telemetries: Vec<Arc<Telemetry>>,
    edges: Vec<Edge>,
}

impl<'a> Reader<'a> {
    /// Reads as far as the head.
    pub(crate) fn new(state: &'a [u8]) -> Result<(Self, SavedHead), InvalidState> {
        let mut reader = Self { left: state, items: 0, shared: Shared::default() };
        match reader.item()? {
            Item::Head(SavedHead { version, .. }) if version != STATE_VERSION => {
                Err(reader.invalid(Flaw::Version(version)))
            }
            Item::Head(head) => Ok((reader, head)),
            _ => Err(reader.invalid(Flaw::Misplaced)),
        }
    }

    /// The next entry; `None`: that was the last.
    pub(crate) fn next(&mut self) -> Result<Option<Item<'a>>, InvalidState> {
        loop {
            let learned = match self.item()? {
                Item::Workload(workload) => {
                    self.shared.workloads.push(Arc::new(workload.into_owned()));
                    Ok(())
                }
                Item::Service(service) => {
                    self.shared.services.push(Arc::new(service.into_owned()));
                    Ok(())
                }
                Item::Place(place) => {
                    self.shared.places.push(Arc::new(place.into_owned()));
                    Ok(())
                }
                Item::Telemetry(telemetry) => self.shared.learn_telemetry(telemetry.into_owned()),
                Item::Pod(pod) => self.shared.learn_pod(pod),
                Item::Edge(edge) => self.shared.learn_edge(edge),
                Item::End { items } if items != self.items - 1 => Err(Flaw::Implausible("number of items")),
                Item::End { .. } if !self.left.is_empty() => Err(Flaw::Trailing),
                Item::End { .. } => return Ok(None),
                entry => return Ok(Some(entry)),
            };
            learned.map_err(|flaw| self.invalid(flaw))?;
        }
    }

    /// Something is wrong with the item that was read last.
    pub(crate) fn invalid(&self, flaw: Flaw) -> InvalidState {
        InvalidState { item: self.items.saturating_sub(1), flaw }
    }

    fn item(&mut self) -> Result<Item<'a>, InvalidState> {
        self.items += 1;
        let (length, rest) = self.left.split_first_chunk().ok_or_else(|| self.invalid(Flaw::Cut))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (bytes, rest) = rest.split_at_checked(length).ok_or_else(|| self.invalid(Flaw::Cut))?;
        self.left = rest;
        match postcard::take_from_bytes(bytes) {
            Ok((item, [])) => Ok(item),
            Ok(_) | Err(_) => Err(self.invalid(Flaw::Unreadable)),
        }
    }
}

impl Shared {
    pub(crate) fn workload(&self, number: u32) -> Result<Arc<Workload>, Flaw> {
        self.workloads.get(number as usize).map(Arc::clone).ok_or(Flaw::Dangling("workload"))
    }

    pub(crate) fn service(&self, number: u32) -> Result<Arc<Service>, Flaw> {
        self.services.get(number as usize).map(Arc::clone).ok_or(Flaw::Dangling("service"))
    }

    pub(crate) fn pod(&self, number: u32) -> Result<Arc<Pod>, Flaw> {
        self.pods.get(number as usize).map(Arc::clone).ok_or(Flaw::Dangling("pod"))
    }

    pub(crate) fn telemetry(&self, number: u32) -> Result<Arc<Telemetry>, Flaw> {
        self.telemetries.get(number as usize).map(Arc::clone).ok_or(Flaw::Dangling("telemetry"))
    }

    pub(crate) fn edge(&self, number: u32) -> Result<Edge, Flaw> {
        self.edges.get(number as usize).cloned().ok_or(Flaw::Dangling("edge"))
    }

    fn learn_pod(&mut self, pod: SavedPod<'_>) -> Result<(), Flaw> {
        let SavedPod { uid, name, addresses, host_network, workload, services, service_account, place, labels } = pod;
        let backing = |(target, port, service)| Ok(Backing { target, port, service: self.service(service)? });
        let place = self.places.get(place as usize).ok_or(Flaw::Dangling("place"))?;
        let pod = Pod {
            uid: uid.into_owned(),
            name: name.into_owned(),
            addresses: addresses.into_owned(),
            host_network,
            workload: self.workload(workload)?,
            services: services.into_iter().map(backing).collect::<Result<_, _>>()?,
            service_account: service_account.into_owned(),
            place: Arc::clone(place),
            labels: labels.into_owned(),
        };
        self.pods.push(Arc::new(pod));
        Ok(())
    }

    /// A metric that is in two groups would count twice.
    fn learn_telemetry(&mut self, telemetry: Telemetry) -> Result<(), Flaw> {
        for groups in [&telemetry.source, &telemetry.destination] {
            let mut metrics = Metrics::of(SeriesSet::Envoy);
            for group in groups {
                let is_sorted = group.tags.is_sorted_by(|one, next| one.name.as_str() < next.name.as_str());
                if !is_sorted || !metrics.intersection(group.metrics).is_empty() {
                    return Err(Flaw::Implausible("group of metrics"));
                }
                metrics = metrics.union(group.metrics);
            }
        }
        self.telemetries.push(Arc::new(telemetry));
        Ok(())
    }

    fn learn_edge(&mut self, edge: SavedEdge) -> Result<(), Flaw> {
        let SavedEdge { reporter, source, destination, dialled } = edge;
        let edge = Edge {
            reporter,
            source: source.map(|source| self.workload(source)).transpose()?,
            destination: destination.map(|destination| self.workload(destination)).transpose()?,
            dialled: match dialled {
                SavedDialled::Service(service) => Dialled::Service(self.service(service)?),
                SavedDialled::Pod => Dialled::Pod,
                SavedDialled::Outside => Dialled::Outside,
                SavedDialled::Unknown => Dialled::Unknown,
            },
        };
        self.edges.push(edge);
        Ok(())
    }
}
