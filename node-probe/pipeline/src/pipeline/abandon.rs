//! When the kernel side was lost: its connections come again under new ids, as adopted ones.

use super::Pipeline;
use super::stage::Stage;
use crate::record::Monotonic;

impl Pipeline {
    /// Drops all live connections and returns how many there were. What they were credited stays; they are not active any
    /// more, but neither opened nor closed: nobody saw them end. Those that ended already go on waiting for their names.
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
                }
            }
        }
        count
    }
}
