//! The one table of what is exposed: names, types, help, labels. Exposition, docs and tests read it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

mod families;
mod label_kind;
mod labels;
mod losses;
mod metrics;
mod operator_metrics;
pub mod operator_names;
mod quantity;
mod self_metrics;
mod server_statistics;
mod values;
pub use families::FAMILIES;
pub use label_kind::LabelKind;
pub use labels::{
    CONNECTION_LABELS, DIRECTION, DIRECTIONS, ENVOY_LABELS, LOCALITY_LABELS, OVERFLOW, REASON, SERVICE_LABELS,
    WORKLOAD_LABELS,
};
pub use losses::{LOSSES, Loss, is_loss};
pub use metrics::Metrics;
pub use operator_metrics::{OPERATOR_LOOP_DELAY, OPERATOR_LOOP_DURATION, OPERATOR_METRICS};
pub use quantity::Quantity;
pub use self_metrics::{PROBE_LOOP_DELAY, PROBE_LOOP_DURATION, SELF_METRICS};
pub use server_statistics::{SERVER_STATISTICS, ServerStatistic};
pub use values::{LABEL_VALUES, LabelValues, OPEN_LABELS, is_listed};

/// One metric family of connections.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    pub metric: Metric,
    /// As the text format 0.0.4 writes it: counters with `_total`.
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
    /// The origin of the value in the kernel, for the reference.
    pub source: &'static str,
    pub set: SeriesSet,
    /// What of a connection it counts, shows or observes.
    pub quantity: Quantity,
}

impl Family {
    /// Label names, in the order of the exposition.
    #[must_use]
    pub fn labels(&self) -> &'static [&'static str] {
        self.set.label_kind().labels()
    }
}

/// One self-metric of a component, kept by the `prometheus` crate.
#[derive(Clone, Copy, Debug)]
pub struct SelfMetric {
    pub name: &'static str,
    pub kind: SelfKind,
    pub help: &'static str,
    pub labels: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfKind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Upper bounds of the buckets, in seconds, without `+Inf`.
    Histogram(&'static [f64]),
}

/// What a family counts. Each value is the name of one row of [`FAMILIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    IstioSentBytes,
    IstioReceivedBytes,
    IstioOpened,
    IstioClosed,
    KmeshConnectionSentBytes,
    KmeshConnectionReceivedBytes,
    KmeshConnectionPacketLost,
    KmeshConnectionRetrans,
    KmeshWorkloadOpened,
    KmeshWorkloadClosed,
    KmeshWorkloadSentBytes,
    KmeshWorkloadReceivedBytes,
    KmeshWorkloadRetrans,
    KmeshWorkloadPacketLoss,
    LongwireFailed,
    LongwireActive,
    LongwireRetransmittedBytes,
    LongwireLostPackets,
    LongwireRtt,
    LongwireHandshake,
    LongwireDuration,
    EnvoyTotal,
    EnvoyActive,
    EnvoyConnectFail,
    EnvoyDestroy,
    EnvoyDestroyLocal,
    EnvoyDestroyRemote,
    EnvoyRxBytes,
    EnvoyTxBytes,
    LocalityBytes,
}

impl Metric {
    /// The row of the table.
    #[must_use]
    pub fn family(self) -> &'static Family {
        &FAMILIES[self as usize]
    }
}

#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown metric {0:?}")]
pub struct InvalidMetric(pub String);

/// By the name of its family.
impl FromStr for Metric {
    type Err = InvalidMetric;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let family = FAMILIES.iter().find(|family| family.name == name);
        family.map(|family| family.metric).ok_or_else(|| InvalidMetric(name.to_owned()))
    }
}

/// Families that are switched on and off together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeriesSet {
    Istio,
    KmeshConnection,
    KmeshWorkload,
    Longwire,
    /// Not selected by name: a StatsMatcher admits each statistic.
    Envoy,
    Locality,
}

impl SeriesSet {
    pub const ALL: [Self; 6] =
        [Self::Istio, Self::KmeshConnection, Self::KmeshWorkload, Self::Longwire, Self::Envoy, Self::Locality];
    /// Sets that users select by name.
    pub const NAMED: [Self; 5] =
        [Self::Istio, Self::KmeshConnection, Self::KmeshWorkload, Self::Longwire, Self::Locality];

    /// The name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Istio => "istio",
            Self::KmeshConnection => "kmesh-connection",
            Self::KmeshWorkload => "kmesh-workload",
            Self::Longwire => "longwire",
            Self::Envoy => "envoy",
            Self::Locality => "longwire-locality",
        }
    }

    /// The labels of its families.
    #[must_use]
    pub const fn label_kind(self) -> LabelKind {
        match self {
            Self::Istio | Self::Longwire => LabelKind::Service,
            Self::KmeshConnection => LabelKind::Connection,
            Self::KmeshWorkload => LabelKind::Workload,
            Self::Envoy => LabelKind::Cluster,
            Self::Locality => LabelKind::Locality,
        }
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown series set {0:?}: known are istio, kmesh-connection, kmesh-workload, longwire, longwire-locality")]
pub struct InvalidSeriesSet(pub String);

impl FromStr for SeriesSet {
    type Err = InvalidSeriesSet;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::NAMED.into_iter().find(|set| set.name() == name).ok_or_else(|| InvalidSeriesSet(name.to_owned()))
    }
}

/// A set of [`SeriesSet`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeriesSets(u8);

impl SeriesSets {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub const fn with(self, set: SeriesSet) -> Self {
        Self(self.0 | 1 << set as u8)
    }

    #[must_use]
    pub const fn without(self, set: SeriesSet) -> Self {
        Self(self.0 & !(1 << set as u8))
    }

    #[must_use]
    pub const fn contains(self, set: SeriesSet) -> bool {
        self.0 & 1 << set as u8 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = SeriesSet> {
        SeriesSet::ALL.into_iter().filter(move |set| self.contains(*set))
    }
}

/// Kmesh's workload series are off by default, as in Kmesh.
impl Default for SeriesSets {
    fn default() -> Self {
        Self::NONE
            .with(SeriesSet::Istio)
            .with(SeriesSet::KmeshConnection)
            .with(SeriesSet::Longwire)
            .with(SeriesSet::Locality)
    }
}

impl FromIterator<SeriesSet> for SeriesSets {
    fn from_iter<I: IntoIterator<Item = SeriesSet>>(sets: I) -> Self {
        sets.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for SeriesSets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(SeriesSet::name)).finish()
    }
}
