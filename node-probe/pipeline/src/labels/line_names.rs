//! The names of the series, for lines about connections.

use super::UNKNOWN;
use super::names::{EdgeNames, WorkloadNames};
#[cfg(any(test, feature = "samples"))]
use crate::observation::SharedId;
use crate::observation::{Edge, Reporter};
#[cfg(any(test, feature = "samples"))]
use std::net::SocketAddr;

/// No name is empty: one that is not known is [`LineNames::UNKNOWN`], a revision `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineNames<'a> {
    pub reporter: &'static str,
    pub source: LineEnd<'a>,
    pub destination: LineEnd<'a>,
    pub service: LineService<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineEnd<'a> {
    pub workload: &'a str,
    pub namespace: &'a str,
    pub canonical_service: &'a str,
    pub canonical_revision: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineService<'a> {
    pub host: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
}

impl LineNames<'_> {
    pub const UNKNOWN: &'static str = UNKNOWN;
}

#[must_use]
pub fn line_names(edge: &Edge) -> LineNames<'_> {
    let names = EdgeNames::of(edge);
    let service =
        LineService { host: names.service.host, namespace: names.service.namespace, name: names.service.name };
    LineNames { reporter: names.reporter(), source: end(names.source), destination: end(names.destination), service }
}

/// As the label `reporter` has it.
#[must_use]
pub const fn end_name(end: Reporter) -> &'static str {
    end.name()
}

fn end(names: WorkloadNames<'_>) -> LineEnd<'_> {
    let WorkloadNames { workload, namespace, canonical_service, canonical_revision, .. } = names;
    LineEnd { workload, namespace, canonical_service, canonical_revision }
}

/// An id that both ends compute, for tests of other crates.
#[cfg(any(test, feature = "samples"))]
#[must_use]
pub fn sample_id(sequence: (u32, u32), server: SocketAddr) -> SharedId {
    SharedId::of(sequence, server)
}
