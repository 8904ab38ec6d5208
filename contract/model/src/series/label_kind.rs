//! Kinds of label sets: what one series stands for.

use super::{CONNECTION_LABELS, ENVOY_LABELS, LOCALITY_LABELS, SERVICE_LABELS, WORKLOAD_LABELS};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelKind {
    /// An edge, by reporter.
    Service,
    /// Two workloads and how far apart they are, by reporter.
    Locality,
    /// A source workload and a destination pod, by reporter.
    Workload,
    /// A long connection, by reporter.
    Connection,
    /// A client's pod and the cluster that it connects to.
    Cluster,
}

impl LabelKind {
    pub const ALL: [Self; 5] = [Self::Service, Self::Locality, Self::Workload, Self::Connection, Self::Cluster];

    /// The value of the label `kind` of self-metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Locality => "locality",
            Self::Workload => "workload",
            Self::Connection => "connection",
            Self::Cluster => "cluster",
        }
    }

    /// Label names, in the order of the exposition.
    #[must_use]
    pub const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Service => &SERVICE_LABELS,
            Self::Locality => &LOCALITY_LABELS,
            Self::Workload => &WORKLOAD_LABELS,
            Self::Connection => &CONNECTION_LABELS,
            Self::Cluster => &ENVOY_LABELS,
        }
    }
}
