//! The saved form of shared values.

use crate::observation::Reporter;
use crate::state::Late;
use longwire_model::access_log::{AccessLog, LogOutputs};
use longwire_model::identity::{Place, Service, Workload};
use longwire_model::telemetry::Telemetry;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::IpAddr;

/// How many values of each kind a state has, in the order of [`SharedKind`]. Were one read as another kind, the numbers after it
/// would name other values.
pub(crate) type SharedCounts = [u64; 6];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SharedKind {
    Workload,
    Service,
    Place,
    Pod,
    Edge,
    Telemetry,
}

/// A value to write, or one that was read.
#[derive(Debug)]
pub(crate) enum SharedValue<'a> {
    Workload(Cow<'a, Workload>),
    Service(Cow<'a, Service>),
    Place(Cow<'a, Place>),
    Pod(SavedPod<'a>),
    Edge(SavedEdge),
    Telemetry(Box<SavedTelemetry<'a>>),
}

/// Its access log is left out of the serialized telemetry, because it may stand only at the end of the item; and its outputs of the
/// access log, which came later still.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedTelemetry<'a> {
    pub(super) telemetry: Cow<'a, Telemetry>,
    pub(super) access_log: Late<Option<Cow<'a, AccessLog>>>,
    pub(super) outputs: Late<Option<Cow<'a, LogOutputs>>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedPod<'a> {
    pub(super) uid: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) addresses: Cow<'a, [IpAddr]>,
    pub(super) host_network: bool,
    pub(super) workload: u32,
    /// Target port, own port, Service.
    pub(super) services: Vec<(u16, u16, u32)>,
    pub(super) more_services: Vec<(u16, u16, u32)>,
    pub(super) service_account: Cow<'a, str>,
    pub(super) place: u32,
    pub(super) labels: Cow<'a, [(String, String)]>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedEdge {
    pub(super) reporter: Reporter,
    pub(super) source: Option<u32>,
    pub(super) destination: Option<u32>,
    pub(super) destination_service: SavedDestinationService,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum SavedDestinationService {
    Service(u32),
    Pod,
    Outside,
    Unknown,
}
