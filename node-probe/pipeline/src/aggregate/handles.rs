//! What a connection holds on to. A handle is good from the call that gave it until its `release`.

/// Slot of an edge's label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSeries(pub(super) u32);

/// Slot of a label set of a workload and a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadSeries(pub(super) u32);

/// Slot of a long connection's label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionSeries(pub(super) u32);

/// What one connection feeds; held by it for its life.
#[derive(Clone, Copy, Debug)]
pub struct Attribution {
    pub service: Option<ServiceSeries>,
    pub workload: Option<WorkloadSeries>,
    pub connection: Option<ConnectionSeries>,
}
