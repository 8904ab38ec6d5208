//! What state is made of. A change of any shape here is a new [`super::STATE_VERSION`].

use super::ids::Ids;
use crate::connection::Totals;
use crate::labels::Differences;
use crate::metrics::{Attribution, Birth, ConnectionValues, EnvoyValues, SavedScrapes, ServiceValues, WorkloadValues};
use crate::observation::Reporter;
use crate::pipeline::Subject;
use crate::record::Monotonic;
use crate::resolve::{Backend, End, Endpoint, Host, Named, PodSlot, Sequence};
use longwire_model::identity::{Place, Service, UnixNanos, Workload};
use longwire_model::series::Metrics;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Numbers of shared values count from 0 within their kind.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Item<'a> {
    Head(SavedHead),
    Workload(Cow<'a, Workload>),
    Service(Cow<'a, Service>),
    Place(Cow<'a, Place>),
    Pod(SavedPod<'a>),
    Edge(SavedEdge),
    Telemetry(Cow<'a, Telemetry>),
    /// In the order of their indexes.
    Slot(SavedSlot),
    Cgroup(SavedCgroup<'a>),
    /// `None`: many.
    Tenant {
        netns: u32,
        tenant: Option<PodSlot>,
    },
    Identity(SavedIdentity),
    ServiceSet(SavedSet<'a, u32, ServiceValues>),
    WorkloadSet(SavedSet<'a, SavedTarget, WorkloadValues>),
    ConnectionSet(SavedSet<'a, SavedCourse, ConnectionValues>),
    ClusterSet(SavedSet<'a, SavedRoute, EnvoyValues>),
    Connection(SavedConnection<'a>),
    Closed {
        #[serde(borrow)]
        ids: Ids<'a>,
        /// Of the pass before.
        previous: bool,
    },
    Pair(SavedPair),
    Case(SavedCase),
    End {
        items: u64,
    },
    /// Stands before all that was shown.
    Scrapes(SavedScrapes),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedHead {
    pub(crate) version: u32,
    pub(crate) wall_clock_offset: UnixNanos,
    pub(crate) configured: bool,
    pub(crate) settings: SavedSettings,
    /// The latest key of an inquiry.
    pub(crate) last_key: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedPod<'a> {
    pub(crate) uid: Cow<'a, str>,
    pub(crate) name: Cow<'a, str>,
    pub(crate) addresses: Cow<'a, [IpAddr]>,
    pub(crate) host_network: bool,
    pub(crate) workload: u32,
    /// Target port, own port, Service.
    pub(crate) services: Vec<(u16, u16, u32)>,
    pub(crate) more_services: Vec<(u16, u16, u32)>,
    pub(crate) service_account: Cow<'a, str>,
    pub(crate) place: u32,
    pub(crate) labels: Cow<'a, [(String, String)]>,
}

/// [`NodeSettings`], field for field.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedSettings {
    reporting_interval: Option<Duration>,
    series: Option<u32>,
    long_connections: Option<u32>,
    series_per_namespace: Option<u32>,
}

impl From<NodeSettings> for SavedSettings {
    fn from(settings: NodeSettings) -> Self {
        let NodeSettings { reporting_interval, series, long_connections, series_per_namespace } = settings;
        Self { reporting_interval, series, long_connections, series_per_namespace }
    }
}

impl From<SavedSettings> for NodeSettings {
    fn from(saved: SavedSettings) -> Self {
        let SavedSettings { reporting_interval, series, long_connections, series_per_namespace } = saved;
        Self { reporting_interval, series, long_connections, series_per_namespace }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedEdge {
    pub(crate) reporter: Reporter,
    pub(crate) source: Option<u32>,
    pub(crate) destination: Option<u32>,
    pub(crate) dialled: SavedDialled,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum SavedDialled {
    Service(u32),
    Pod,
    Outside,
    Unknown,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedSlot {
    pub(crate) generation: u16,
    pub(crate) revision: u16,
    /// Pod and telemetry.
    pub(crate) held: Option<(u32, u32)>,
    pub(crate) removed: Option<Monotonic>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedCgroup<'a> {
    pub(crate) cgroup: u64,
    pub(crate) named: Cow<'a, Named>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedIdentity {
    pub(crate) address: IpAddr,
    pub(crate) used: Monotonic,
    pub(crate) owners: Option<Vec<SavedOwner>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedOwner {
    pub(crate) holder: SavedHolder,
    pub(crate) from: UnixNanos,
    pub(crate) until: Option<UnixNanos>,
    pub(crate) sighted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SavedHolder {
    Pod(u32),
    Service { service: u32, ports: Vec<u16>, endpoints: Vec<SocketAddr>, is_external: bool },
    Node(String),
}

/// A label set in its slot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedSet<'a, K, V: Clone> {
    pub(crate) at: u32,
    /// `None`: overflow's.
    pub(crate) key: Option<K>,
    pub(crate) differences: Cow<'a, Differences>,
    pub(crate) known: Metrics,
    pub(crate) changed: Monotonic,
    /// Of what was shown. What else there are figures of was not.
    pub(crate) births: Cow<'a, [Birth]>,
    pub(crate) values: Cow<'a, V>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedTarget {
    pub(crate) edge: u32,
    pub(crate) pod: Option<u32>,
    pub(crate) address: IpAddr,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedCourse {
    pub(crate) target: SavedTarget,
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) start: UnixNanos,
}

/// Of a client's pod and a cluster: `None`: passthrough.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedRoute {
    pub(crate) edge: u32,
    pub(crate) pod: u32,
    pub(crate) cluster: Option<(u16, u32)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedConnection<'a> {
    pub(crate) id: u64,
    pub(crate) seen: Totals,
    pub(crate) baseline: Option<Totals>,
    pub(crate) opened: Monotonic,
    pub(crate) rtt_observed: bool,
    pub(crate) stage: SavedStage<'a>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum SavedStage<'a> {
    Waiting { key: u64, rtt_us: u32 },
    Following { held: Cow<'a, Attribution>, slot: PodSlot, was_long: bool, resolution: SavedResolution },
    Ignored,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedResolution {
    pub(crate) edge: u32,
    pub(crate) source_pod: Option<u32>,
    pub(crate) destination_pod: Option<u32>,
    pub(crate) dialled: Option<u32>,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    pub(crate) destination_pod_address: Host,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedPair {
    pub(crate) sequence: Sequence,
    pub(crate) client: Option<SavedSeen>,
    pub(crate) server: Option<SavedSeen>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedSeen {
    pub(crate) id: u64,
    pub(crate) key: u64,
    pub(crate) netns: u32,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) standing: Option<SavedStanding>,
    pub(crate) done: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum SavedStanding {
    /// Its pod and telemetry.
    Pod(PodSlot, u32, u32),
    Host,
    Foreign,
}

/// A connection whose ends are not known yet. How long it has waited is not kept: its patience starts anew.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedCase {
    pub(crate) key: u64,
    pub(crate) end: End,
    pub(crate) standing: Option<SavedStanding>,
    pub(crate) backend: Backend,
    pub(crate) subject: Subject,
}
