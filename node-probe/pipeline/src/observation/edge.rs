//! The borrowed form of an edge, for owners that keep its parts in another shape.

use super::{DestinationService, Edge, Reporter};
use longwire_model::identity::{Service, Workload};
use std::sync::Arc;

/// As [`Edge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeRef<'a> {
    pub reporter: Reporter,
    /// `None`: unknown.
    pub source: Option<&'a Arc<Workload>>,
    pub destination: Option<&'a Arc<Workload>>,
    pub destination_service: DestinationServiceRef<'a>,
}

/// As [`DestinationService`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationServiceRef<'a> {
    Service(&'a Arc<Service>),
    Pod,
    Outside,
    Unknown,
}

impl<'a> From<&'a Edge> for EdgeRef<'a> {
    fn from(edge: &'a Edge) -> Self {
        let Edge { reporter, source, destination, destination_service } = edge;
        let destination_service = match destination_service {
            DestinationService::Service(service) => DestinationServiceRef::Service(service),
            DestinationService::Pod => DestinationServiceRef::Pod,
            DestinationService::Outside => DestinationServiceRef::Outside,
            DestinationService::Unknown => DestinationServiceRef::Unknown,
        };
        Self { reporter: *reporter, source: source.as_ref(), destination: destination.as_ref(), destination_service }
    }
}

impl From<EdgeRef<'_>> for Edge {
    fn from(edge: EdgeRef<'_>) -> Self {
        let EdgeRef { reporter, source, destination, destination_service } = edge;
        let destination_service = match destination_service {
            DestinationServiceRef::Service(service) => DestinationService::Service(Arc::clone(service)),
            DestinationServiceRef::Pod => DestinationService::Pod,
            DestinationServiceRef::Outside => DestinationService::Outside,
            DestinationServiceRef::Unknown => DestinationService::Unknown,
        };
        Self { reporter, source: source.cloned(), destination: destination.cloned(), destination_service }
    }
}

impl<'a> EdgeRef<'a> {
    /// Of the pod that reports; empty where that is not known.
    pub(crate) fn namespace(self) -> &'a str {
        let local = match self.reporter {
            Reporter::Source => self.source,
            Reporter::Destination => self.destination,
        };
        local.map_or("", |workload| &workload.namespace)
    }
}
