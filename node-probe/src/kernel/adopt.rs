//! Searches for connections without an entry: at first those older than the probe, later those whose beginning was
//! missed.

use super::KernelError;
use super::spare::Spare;
use super::sys::{Steps, Walk};
use aya::maps::{HashMap, MapData};

pub(super) struct Adopter {
    /// Emptied after each search, because listening ports change.
    pub(super) listeners: HashMap<MapData, [u32; 2], u8>,
    pub(super) find_listeners: Walk,
    pub(super) adopt: Walk,
}

impl Adopter {
    /// Makes their entries, which the next pass announces. Listeners come first, because roles depend on them. Returns
    /// how often no file descriptor was left.
    pub(super) fn search(&mut self, spare: &mut Spare) -> (Result<(), KernelError>, u64) {
        let mut missing = 0;
        for walk in [&self.find_listeners, &self.adopt] {
            let (steps, starved) = spare.lend(|| walk.begin());
            missing += starved;
            let walked = steps.and_then(Steps::finish);
            spare.take_back();
            if let Err(source) = walked {
                return (Err(KernelError::Io { what: "looking for connections", source }), missing);
            }
        }
        (self.empty(), missing)
    }

    fn empty(&mut self) -> Result<(), KernelError> {
        let found: Vec<_> = self.listeners.keys().flatten().collect();
        for listener in &found {
            self.listeners.remove(listener).map_err(|source| KernelError::Map { name: "listeners", source })?;
        }
        Ok(())
    }
}
