//! Shared values of a state that is read. A value that is left out keeps its number, and every entry that refers to it is left
//! out too.

use super::saved::{
    SavedDestinationService, SavedEdge, SavedPod, SavedTelemetry, SharedCounts, SharedKind, SharedValue,
};
use crate::observation::{DestinationService, Edge};
use crate::state::{Flaw, Late};
use longwire_model::access_log::{AccessLog, LogOutputs};
use longwire_model::identity::{Backing, Place, Pod, Service, Workload};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_model::telemetry::Telemetry;
use std::borrow::Cow;
use std::sync::Arc;

/// By number. `None`: it was left out.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    workloads: Vec<Option<Arc<Workload>>>,
    services: Vec<Option<Arc<Service>>>,
    places: Vec<Option<Arc<Place>>>,
    pods: Vec<Option<Arc<Pod>>>,
    telemetries: Vec<Option<Arc<Telemetry>>>,
    edges: Vec<Option<Edge>>,
}

impl Shared {
    /// The next value of its kind. One with a flaw is left out.
    pub(crate) fn learn(&mut self, value: SharedValue<'_>) -> Result<(), Flaw> {
        match value {
            SharedValue::Workload(workload) => push(&mut self.workloads, Ok(Arc::new(workload.into_owned()))),
            SharedValue::Service(service) => push(&mut self.services, Ok(Arc::new(service.into_owned()))),
            SharedValue::Place(place) => push(&mut self.places, Ok(Arc::new(place.into_owned()))),
            SharedValue::Telemetry(saved) => {
                let SavedTelemetry { telemetry, access_log: Late(log), outputs: Late(outputs) } = *saved;
                let outputs = outputs.map_or_else(LogOutputs::default, Cow::into_owned);
                let access_log = log.map(|log| AccessLog { outputs, ..log.into_owned() });
                push(&mut self.telemetries, checked(Telemetry { access_log, ..telemetry.into_owned() }))
            }
            SharedValue::Pod(pod) => {
                let pod = self.restore_pod(pod);
                push(&mut self.pods, pod)
            }
            SharedValue::Edge(edge) => {
                let edge = self.restore_edge(edge);
                push(&mut self.edges, edge)
            }
        }
    }

    /// The next value of this kind cannot be read: its number stays unused.
    pub(crate) fn leave_out(&mut self, kind: SharedKind) {
        match kind {
            SharedKind::Workload => self.workloads.push(None),
            SharedKind::Service => self.services.push(None),
            SharedKind::Place => self.places.push(None),
            SharedKind::Pod => self.pods.push(None),
            SharedKind::Edge => self.edges.push(None),
            SharedKind::Telemetry => self.telemetries.push(None),
        }
    }

    /// With those that were left out.
    pub(crate) fn counts(&self) -> SharedCounts {
        let Self { workloads, services, places, pods, telemetries, edges } = self;
        [workloads.len(), services.len(), places.len(), pods.len(), edges.len(), telemetries.len()]
            .map(|len| len as u64)
    }

    pub(crate) fn workload(&self, number: u32) -> Result<Arc<Workload>, Flaw> {
        find(&self.workloads, number, "workload")
    }

    pub(crate) fn service(&self, number: u32) -> Result<Arc<Service>, Flaw> {
        find(&self.services, number, "service")
    }

    pub(crate) fn pod(&self, number: u32) -> Result<Arc<Pod>, Flaw> {
        find(&self.pods, number, "pod")
    }

    pub(crate) fn place(&self, number: u32) -> Result<Arc<Place>, Flaw> {
        find(&self.places, number, "place")
    }

    pub(crate) fn telemetry(&self, number: u32) -> Result<Arc<Telemetry>, Flaw> {
        find(&self.telemetries, number, "telemetry")
    }

    pub(crate) fn edge(&self, number: u32) -> Result<Edge, Flaw> {
        find(&self.edges, number, "edge")
    }

    fn restore_pod(&self, pod: SavedPod<'_>) -> Result<Arc<Pod>, Flaw> {
        let SavedPod {
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
        } = pod;
        let backing = |(target, port, service)| Ok(Backing { target, port, service: self.service(service)? });
        Ok(Arc::new(Pod {
            uid: uid.into_owned(),
            name: name.into_owned(),
            addresses: addresses.into_owned(),
            host_network,
            workload: self.workload(workload)?,
            services: services.into_iter().map(backing).collect::<Result<_, _>>()?,
            more_services: more_services.into_iter().map(backing).collect::<Result<_, _>>()?,
            service_account: service_account.into_owned(),
            place: find(&self.places, place, "place")?,
            labels: labels.into_owned(),
        }))
    }

    fn restore_edge(&self, edge: SavedEdge) -> Result<Edge, Flaw> {
        let SavedEdge { reporter, source, destination, destination_service } = edge;
        Ok(Edge {
            reporter,
            source: source.map(|source| self.workload(source)).transpose()?,
            destination: destination.map(|destination| self.workload(destination)).transpose()?,
            destination_service: match destination_service {
                SavedDestinationService::Service(service) => DestinationService::Service(self.service(service)?),
                SavedDestinationService::Pod => DestinationService::Pod,
                SavedDestinationService::Outside => DestinationService::Outside,
                SavedDestinationService::Unknown => DestinationService::Unknown,
            },
        })
    }
}

fn push<T>(values: &mut Vec<Option<T>>, value: Result<T, Flaw>) -> Result<(), Flaw> {
    let flaw = value.as_ref().err().copied();
    values.push(value.ok());
    flaw.map_or(Ok(()), Err)
}

fn find<T: Clone>(values: &[Option<T>], number: u32, kind: &'static str) -> Result<T, Flaw> {
    values.get(number as usize).and_then(Option::clone).ok_or(Flaw::Dangling(kind))
}

/// A metric that is in two groups would count twice.
fn checked(telemetry: Telemetry) -> Result<Arc<Telemetry>, Flaw> {
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
    Ok(Arc::new(telemetry))
}
