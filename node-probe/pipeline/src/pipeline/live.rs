//! Live views: what is watched, and slices of what is new.

use super::Pipeline;
use super::stage::Stage;
use crate::event::Traffic;
use crate::live::{Live, Living, MAX_DESCRIBED};
use crate::record::Monotonic;
use longwire_model::live::{LiveBatch, Watched};

/// Connections of the outbox in one slice.
const SLICE: usize = 1_024;

impl Pipeline {
    /// From now on this is watched. A new generation says everything anew, as from the next pass that begins.
    pub fn watch(&mut self, watched: &Watched) {
        self.live.watch(watched);
    }

    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// A slice of what is new, with at most so many ends of connections. `None`: there is nothing new. It may be asked again at once.
    pub fn take_live(&mut self, ended: usize, now: Monotonic) -> Option<LiveBatch> {
        let Self { live, connections, resolver, .. } = self;
        let clock = resolver.clock();
        let mut batch = live.batch(now.saturating_add(clock))?;
        live.take_ended(ended, &mut batch);
        for _ in 0..SLICE {
            if batch.described.len() + batch.ended.len() >= MAX_DESCRIBED {
                break;
            }
            let Some(id) = live.next() else { break };
            let Some(entry) = connections.get_mut(id) else { continue };
            let (opened, adopted, traffic) = (entry.opened, entry.is_adopted(), Traffic::from(&entry.total()));
            if let Stage::Recording(recording) = &entry.stage {
                let living = Living { id, resolution: &recording.resolution, opened, adopted, traffic };
                live.take(&living, (now, clock), &mut batch);
            }
        }
        live.seal(batch)
    }
}
