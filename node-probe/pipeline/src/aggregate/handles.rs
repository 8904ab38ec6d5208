//! What a connection holds on to. A handle is good from the call that gave it until its `release`.

use serde::{Deserialize, Serialize};

/// Slot of an edge's label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSeries(pub(super) u32);

/// Slot of a label set of a workload and a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadSeries(pub(super) u32);

/// Slot of a long connection's label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSeries(pub(super) u32);

/// What one connection feeds; held by it for its life.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Attribution {
    pub service: Option<ServiceSeries>,
    pub workload: Option<WorkloadSeries>,
    pub connection: Option<ConnectionSeries>,
}
