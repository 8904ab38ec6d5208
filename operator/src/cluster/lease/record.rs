//! A Lease, reduced to what an election needs.

use k8s_openapi::api::coordination::v1 as k8s;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// `metadata.resourceVersion`; `None`: does not exist yet.
    pub(super) version: Option<String>,
    /// `None`: released.
    pub(super) holder: Option<String>,
    pub(super) duration: Duration,
    /// By the leader's clock, for people.
    pub(super) acquired: Option<Timestamp>,
    pub(super) renewed: Option<Timestamp>,
    /// How often it changed hands.
    pub(super) transitions: i32,
}

impl From<&k8s::Lease> for Record {
    fn from(lease: &k8s::Lease) -> Self {
        let spec = lease.spec.clone().unwrap_or_default();
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
        Self {
            version: lease.metadata.resource_version.clone(),
            holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
            duration: Duration::from_secs(seconds),
            acquired: spec.acquire_time.map(|time| time.0),
            renewed: spec.renew_time.map(|time| time.0),
            transitions: spec.lease_transitions.unwrap_or(0),
        }
    }
}

impl Record {
    pub(super) fn into_lease(self, name: &str) -> k8s::Lease {
        let Self { version, holder, duration, acquired, renewed, transitions } = self;
        let metadata = ObjectMeta { name: Some(name.to_owned()), resource_version: version, ..ObjectMeta::default() };
        let spec = k8s::LeaseSpec {
            holder_identity: holder,
            lease_duration_seconds: i32::try_from(duration.as_secs()).ok(),
            acquire_time: acquired.map(MicroTime),
            renew_time: renewed.map(MicroTime),
            lease_transitions: Some(transitions),
            ..k8s::LeaseSpec::default()
        };
        k8s::Lease { metadata, spec: Some(spec) }
    }
}
