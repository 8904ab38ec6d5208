//! The borrowed form of an edge, for owners that keep its parts in another shape.

use super::{Dialled, Edge, Reporter};
use longwire_model::identity::{Service, Workload};
use std::sync::Arc;

/// As [`Edge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeRef<'a> {
    pub reporter: Reporter,
    /// `None`: unknown.
    pub source: Option<&'a Arc<Workload>>,
    pub destination: Option<&'a Arc<Workload>>,
    pub dialled: DialledRef<'a>,
}

/// As [`Dialled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialledRef<'a> {
    Service(&'a Arc<Service>),
    Pod,
    Outside,
    Unknown,
}

impl<'a> From<&'a Edge> for EdgeRef<'a> {
    fn from(edge: &'a Edge) -> Self {
        let Edge { reporter, source, destination, dialled } = edge;
        let dialled = match dialled {
            Dialled::Service(service) => DialledRef::Service(service),
            Dialled::Pod => DialledRef::Pod,
            Dialled::Outside => DialledRef::Outside,
            Dialled::Unknown => DialledRef::Unknown,
        };
        Self { reporter: *reporter, source: source.as_ref(), destination: destination.as_ref(), dialled }
    }
}

impl From<EdgeRef<'_>> for Edge {
    fn from(edge: EdgeRef<'_>) -> Self {
        let EdgeRef { reporter, source, destination, dialled } = edge;
        let dialled = match dialled {
            DialledRef::Service(service) => Dialled::Service(Arc::clone(service)),
            DialledRef::Pod => Dialled::Pod,
            DialledRef::Outside => Dialled::Outside,
            DialledRef::Unknown => Dialled::Unknown,
        };
        Self { reporter, source: source.cloned(), destination: destination.cloned(), dialled }
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
