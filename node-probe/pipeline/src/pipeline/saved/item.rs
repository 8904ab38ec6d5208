//! What a state is made of. A change of an item or of anything in it is a new [`crate::state::STATE_VERSION`]; a new kind of item
//! stands at the end.

use crate::connection::{SavedClosed, SavedConnection};
use crate::labels::{ConnectionLabels, EnvoyLabels, LocalityLabels, ServiceLabels, WorkloadLabels};
use crate::metrics::{SavedSetOf, SavedSnapshots};
use crate::pipeline::stage::SavedStage;
use crate::resolve::{SavedCgroup, SavedIdentity, SavedNetnsOwner, SavedPair, SavedPending, SavedSlot};
use crate::shared::{SavedEdge, SavedPod, SavedTelemetry, SharedCounts, SharedKind, SharedValue};
use crate::state::Late;
use longwire_model::exporter::Exporter;
use longwire_model::identity::{Place, Service, UnixNanos, Workload};
use longwire_model::telemetry::NodeSettings;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::time::Duration;

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::pipeline) enum Item<'a> {
    Head(SavedHead),
    Workload(Cow<'a, Workload>),
    Service(Cow<'a, Service>),
    Place(Cow<'a, Place>),
    Pod(SavedPod<'a>),
    Edge(SavedEdge),
    Telemetry(Box<SavedTelemetry<'a>>),
    /// In the order of their indexes.
    Slot(SavedSlot),
    Cgroup(SavedCgroup<'a>),
    NetnsOwner(SavedNetnsOwner),
    Identity(SavedIdentity),
    ServiceSet(SavedSetOf<'a, ServiceLabels>),
    WorkloadSet(SavedSetOf<'a, WorkloadLabels>),
    ConnectionSet(SavedSetOf<'a, ConnectionLabels>),
    ClusterSet(SavedSetOf<'a, EnvoyLabels>),
    Connection(SavedConnection<SavedStage<'a>>),
    Closed(#[serde(borrow)] SavedClosed<'a>),
    Pair(SavedPair),
    Pending(SavedPending),
    End(SavedEnd),
    /// Stands before all that was shown.
    Snapshots(SavedSnapshots),
    LocalitySet(SavedSetOf<'a, LocalityLabels>),
}

/// Kinds of items, in the order of the variants of [`Item`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::pipeline) enum ItemKind {
    Head,
    Workload,
    Service,
    Place,
    Pod,
    Edge,
    Telemetry,
    Slot,
    Cgroup,
    NetnsOwner,
    Identity,
    ServiceSet,
    WorkloadSet,
    ConnectionSet,
    ClusterSet,
    Connection,
    Closed,
    Pair,
    Pending,
    End,
    Snapshots,
    LocalitySet,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::pipeline) struct SavedHead {
    pub(in crate::pipeline) version: u32,
    pub(in crate::pipeline) wall_clock_offset: UnixNanos,
    pub(in crate::pipeline) configured: bool,
    settings: SavedSettings,
    /// The latest key of a connection that waited to be resolved.
    pub(in crate::pipeline) last_key: u64,
    /// Of the settings.
    access_log_rate: Late<Option<u32>>,
    exporters: Late<Vec<Exporter>>,
}

/// What stands before it: a state of which anything is missing is refused.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::pipeline) struct SavedEnd {
    pub(in crate::pipeline) items: u64,
    pub(in crate::pipeline) shared: Late<Option<SharedCounts>>,
}

/// [`NodeSettings`], field for field, as far as version 5 had them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SavedSettings {
    reporting_interval: Option<Duration>,
    series: Option<u32>,
    long_connections: Option<u32>,
    series_per_namespace: Option<u32>,
}

impl ItemKind {
    /// By the first byte of an item, which can be read even where the rest cannot.
    pub(super) fn of(item: &[u8]) -> Option<Self> {
        postcard::from_bytes(item.get(..1)?).ok()
    }

    pub(super) fn shared(self) -> Option<SharedKind> {
        Some(match self {
            Self::Workload => SharedKind::Workload,
            Self::Service => SharedKind::Service,
            Self::Place => SharedKind::Place,
            Self::Pod => SharedKind::Pod,
            Self::Edge => SharedKind::Edge,
            Self::Telemetry => SharedKind::Telemetry,
            _ => return None,
        })
    }
}

impl<'a> Item<'a> {
    /// The shared value that this is. `None`: it is an entry.
    pub(super) fn into_shared(self) -> Option<SharedValue<'a>> {
        Some(match self {
            Self::Workload(workload) => SharedValue::Workload(workload),
            Self::Service(service) => SharedValue::Service(service),
            Self::Place(place) => SharedValue::Place(place),
            Self::Pod(pod) => SharedValue::Pod(pod),
            Self::Edge(edge) => SharedValue::Edge(edge),
            Self::Telemetry(telemetry) => SharedValue::Telemetry(telemetry),
            _ => return None,
        })
    }
}

impl<'a> From<SharedValue<'a>> for Item<'a> {
    fn from(value: SharedValue<'a>) -> Self {
        match value {
            SharedValue::Workload(workload) => Self::Workload(workload),
            SharedValue::Service(service) => Self::Service(service),
            SharedValue::Place(place) => Self::Place(place),
            SharedValue::Pod(pod) => Self::Pod(pod),
            SharedValue::Edge(edge) => Self::Edge(edge),
            SharedValue::Telemetry(telemetry) => Self::Telemetry(telemetry),
        }
    }
}

impl SavedHead {
    pub(in crate::pipeline) fn new(
        version: u32,
        wall_clock_offset: UnixNanos,
        (configured, settings): (bool, NodeSettings),
        last_key: u64,
    ) -> Self {
        let NodeSettings {
            reporting_interval,
            series,
            long_connections,
            series_per_namespace,
            access_log_rate,
            exporters,
        } = settings;
        let settings = SavedSettings { reporting_interval, series, long_connections, series_per_namespace };
        let (access_log_rate, exporters) = (Late(access_log_rate), Late(exporters));
        Self { version, wall_clock_offset, configured, settings, last_key, access_log_rate, exporters }
    }

    pub(in crate::pipeline) fn settings(&self) -> NodeSettings {
        let SavedSettings { reporting_interval, series, long_connections, series_per_namespace } = self.settings;
        let (access_log_rate, exporters) = (self.access_log_rate.0, self.exporters.0.clone());
        NodeSettings { reporting_interval, series, long_connections, series_per_namespace, access_log_rate, exporters }
    }
}
