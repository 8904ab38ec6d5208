//! Limits the size of one update. The rest is sent in the next one.

use longwire_model::identity::Address;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::LocalPod;
use longwire_wire::encode::{size_of_address, size_of_pod, size_of_telemetry};
use longwire_wire::{MAX_ITEM, UPDATE_TARGET};
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Last,
    More,
}

/// The size of an update so far.
#[derive(Debug, Default)]
pub(super) struct UpdateSize {
    bytes: usize,
    /// Telemetries that are in it, by their place in memory: pods with equal outcomes share one.
    telemetries: HashSet<*const Telemetry>,
}

impl UpdateSize {
    /// Whether the pod goes into this update. `Err`: its size, and it goes into none.
    pub(super) fn take_pod(&mut self, local: &LocalPod) -> Result<bool, usize> {
        let place = Arc::as_ptr(&local.telemetry);
        if self.bytes >= UPDATE_TARGET {
            return Ok(false);
        }
        let mut size = size_of_pod(local);
        if !self.telemetries.contains(&place) {
            size = size.saturating_add(size_of_telemetry(&local.telemetry));
        }
        self.take(size)?;
        self.telemetries.insert(place);
        Ok(true)
    }

    pub(super) fn take_address(&mut self, answer: &Address) -> Result<bool, usize> {
        if self.bytes >= UPDATE_TARGET {
            return Ok(false);
        }
        self.take(size_of_address(answer))?;
        Ok(true)
    }

    fn take(&mut self, size: usize) -> Result<(), usize> {
        if size > MAX_ITEM {
            return Err(size);
        }
        self.bytes += size;
        Ok(())
    }
}
