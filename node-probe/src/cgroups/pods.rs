//! Whether pods of this node still have processes. Where one does, no other pod gets its address.

use crate::kernel::realtime;
use longwire_endpoint::descriptors;
use longwire_model::identity::ObservedAddress;
use longwire_pipeline::pipeline::KubeletCgroups;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Instant;
use withheld::Withheld;

#[cfg(test)]
mod tests;
mod withheld;

/// Cgroups of this node's pods, to check whether they have processes.
#[derive(Debug)]
pub(crate) struct PodCgroups {
    root: PathBuf,
    kubelet: KubeletCgroups,
    /// A pod's cgroup was found, so a missing one means that the pod is gone.
    are_found: bool,
    withheld: Withheld,
}

/// What a check of former owners has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Observations that are withheld.
    pub(crate) withheld: u64,
    /// Pods that could not be checked for lack of a file descriptor.
    pub(crate) unread: u64,
}

impl PodCgroups {
    pub(crate) fn new(root: PathBuf, kubelet: KubeletCgroups) -> Self {
        Self { root, kubelet, are_found: false, withheld: Withheld::default() }
    }

    /// Keeps in each observation the former pods that have no process left: their sandbox is gone, so their address was
    /// free. Withholds the observation while one still runs, because a runtime gives an address to one pod at a time, and a
    /// pod with certain capabilities can use any.
    pub(crate) fn strike_living(&mut self, observed: &mut Vec<ObservedAddress>) -> Checked {
        let mut checked = Checked::default();
        observed.retain_mut(|observation| {
            let is_free = self.is_free(observation, &mut checked.unread);
            checked.withheld += u64::from(!is_free);
            is_free
        });
        checked
    }

    /// Observations that were withheld, and whose former owners have ended since. A runtime may release an address before the last
    /// process of its pod has ended, and the API server may tell of that end much later. Those that are still withheld are not counted
    /// again.
    pub(crate) fn released(&mut self, now: Instant) -> (Vec<ObservedAddress>, u64) {
        let mut waiting = self.withheld.due(now);
        let Checked { unread, .. } = self.strike_living(&mut waiting);
        (waiting, unread)
    }

    /// Whether [`Self::released`] may return something later.
    pub(crate) fn has_withheld(&self) -> bool {
        !self.withheld.is_empty()
    }

    fn is_free(&mut self, observation: &mut ObservedAddress, unread: &mut u64) -> bool {
        if observation.gone.is_empty() {
            return true;
        }
        self.are_found |= self.life(&observation.uid, unread) == Life::Seen;
        let candidates = observation.gone.clone();
        let mut running = None;
        let are_found = self.are_found;
        observation.gone.retain(|former| {
            let life = self.life(former, unread);
            if life == Life::Seen {
                running = Some(former.clone());
            }
            are_found && life == Life::None
        });
        match running {
            Some(running) => {
                self.are_found = true;
                let whole = ObservedAddress { gone: candidates, ..observation.clone() };
                self.withheld.add(whole, &running, realtime());
                false
            }
            None => {
                self.withheld.release(observation);
                true
            }
        }
    }

    fn life(&self, uid: &str, unread: &mut u64) -> Life {
        let lives =
            self.kubelet.paths(uid).map(|path| life(&fs::read_to_string(self.root.join(path).join("cgroup.events"))));
        let life = lives.max().unwrap_or(Life::None);
        *unread += u64::from(life == Life::Unknown);
        life
    }
}

/// Whether a pod has processes. Of several directories that may be its own, the greatest value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    None,
    /// Not known, for lack of a file descriptor.
    Unknown,
    Seen,
}

fn life(events: &io::Result<String>) -> Life {
    match events {
        Ok(events) if events.lines().any(|line| line == "populated 1") => Life::Seen,
        Err(error) if descriptors::are_exhausted(error) => Life::Unknown,
        _ => Life::None,
    }
}
