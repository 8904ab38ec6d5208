//! After a loss of the kernel side, when its connections come again under new ids, as adopted ones.

use super::Pipeline;
use super::stage::Stage;
use crate::record::Monotonic;

impl Pipeline {
    /// Drops all live connections and returns how many there were. What was recorded of them stays. They are not active any more, and
    /// not counted as closed, because their ends were not seen. Ended connections keep waiting to be resolved.
    pub fn abandon(&mut self, now: Monotonic) -> u64 {
        let entries = self.connections.abandon();
        let count = entries.len() as u64;
        for entry in entries {
            match entry.stage {
                Stage::Ignored => {}
                Stage::Pending { key, .. } => self.resolver.abandon(key),
                Stage::Recording(recording) => {
                    let (_, mut recorder) = self.recorder(now);
                    recording.deactivate(&mut recorder);
                    recording.release(&mut recorder);
                    recorder.live.lose(entry.id);
                }
            }
        }
        count
    }
}
