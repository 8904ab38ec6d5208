//! Tells every encoder that keeps something of a label set when the label set is removed.

use longwire_export::{exposition, otlp, statsd};
use longwire_pipeline::metrics::LabelSetId;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};

/// An encoder. It is locked by who has the pipeline, never the other way round.
pub(crate) trait Forget: Send {
    fn forget(&mut self, removed: LabelSetId);
}

/// Encoders that are dropped are told nothing any more.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<Vec<Listener>>>);

type Listener = Weak<Mutex<dyn Forget>>;

impl Listeners {
    pub(crate) fn add(&self, encoder: &Arc<Mutex<dyn Forget>>) {
        let mut all = self.0.lock();
        all.retain(|known| known.strong_count() != 0);
        all.push(Arc::downgrade(encoder));
    }

    pub(crate) fn forget(&self, removed: LabelSetId) {
        for encoder in self.0.lock().iter().filter_map(Weak::upgrade) {
            encoder.lock().forget(removed);
        }
    }
}

impl Forget for exposition::Encoder {
    fn forget(&mut self, removed: LabelSetId) {
        Self::forget(self, removed);
    }
}

impl Forget for otlp::metrics::Encoder {
    fn forget(&mut self, removed: LabelSetId) {
        Self::forget(self, removed);
    }
}

impl Forget for statsd::Encoder {
    fn forget(&mut self, removed: LabelSetId) {
        Self::forget(self, removed);
    }
}
