//! One of each telemetry, so that thousands of pods share it.

use longwire_model::telemetry::Telemetry;
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Interned(HashSet<Arc<Telemetry>>);

impl Interned {
    pub(super) fn one(&mut self, telemetry: Telemetry) -> Arc<Telemetry> {
        if let Some(known) = self.0.get(&telemetry) {
            return Arc::clone(known);
        }
        let telemetry = Arc::new(telemetry);
        self.0.insert(Arc::clone(&telemetry));
        telemetry
    }

    /// Drops what has no other reference.
    pub(super) fn tidy(&mut self) {
        self.0.retain(|telemetry| Arc::strong_count(telemetry) > 1);
    }
}
