//! A pod with its configuration, as its node's probe is sent it.

use super::targets::Bound;
use longwire_model::identity::Pod;
use longwire_model::update::LocalPod;
use longwire_wire::version;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Compiled {
    /// Of `local`.
    pub(super) version: u64,
    pub(super) local: LocalPod,
    pub(super) bound: Bound,
}

impl Compiled {
    pub(super) fn new(pod: Arc<Pod>, bound: Bound) -> Self {
        let local = LocalPod { pod, telemetry: Arc::clone(&bound.outcome.telemetry) };
        Self { version: version::of_local_pod(&local), local, bound }
    }

    /// As its node is sent it; without tags and statistics where there is no room for them.
    pub(super) fn local_pod(&self, has_room: bool) -> (u64, LocalPod) {
        let Self { version, local, .. } = self;
        if has_room {
            return (*version, local.clone());
        }
        let local = LocalPod { pod: Arc::clone(&local.pod), telemetry: Arc::new(local.telemetry.reduced()) };
        (version::of_local_pod(&local), local)
    }
}
