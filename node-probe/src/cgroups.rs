//! The cgroup v2 tree at start: which directory is which, by inode. Cgroups made later name themselves through the ring.

use longwire_endpoint::descriptors;
use longwire_model::identity::Sighting;
use longwire_pipeline::pipeline::KubeletCgroups;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// More cgroups than a node has; a bound for a tree that loops or runs wild.
const MOST: usize = 65_536;

/// Where cgroup v2 is mounted: on its own, or beside v1.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

#[derive(Debug, thiserror::Error)]
#[error("no cgroup v2 tree at {0}: name its mount with --cgroup-root")]
pub(crate) struct NoCgroups(String);

/// The tree's root: the given one, or where it is usually mounted.
pub(crate) fn root(given: Option<&Path>) -> Result<PathBuf, NoCgroups> {
    let is_v2 = |path: &Path| path.join("cgroup.procs").is_file();
    match given {
        Some(path) if is_v2(path) => Ok(path.to_owned()),
        Some(path) => Err(NoCgroups(path.display().to_string())),
        None => MOUNTS
            .iter()
            .map(Path::new)
            .find(|path| is_v2(path))
            .map(Path::to_owned)
            .ok_or_else(|| NoCgroups(MOUNTS.join(" or "))),
    }
}

/// By which the kernel knows the root.
pub(crate) fn inode(root: &Path) -> Result<u64, NoCgroups> {
    fs::metadata(root).map(|root| root.ino()).map_err(|_| NoCgroups(root.display().to_string()))
}

/// Says where it went wrong when no cgroup is a pod's: this probe itself runs in a pod, mostly.
pub(crate) fn report(kubelet: &KubeletCgroups, found: &[(u64, String)]) {
    match kubelet.survey(found.iter().map(|(_, path)| path.as_str())) {
        (0, Some(elsewhere)) => tracing::warn!(
            "no cgroup of a pod below {kubelet}, but some below {elsewhere} look like it: if that is this node's kubelet's, start \
             the probe with --kubelet-cgroup-root={elsewhere}; until then pods are told by their network namespaces and addresses"
        ),
        // As on a node without a pod yet.
        (0, None) => tracing::info!(
            "no cgroup of a pod below {kubelet} yet: if pods run here and the kubelet's configuration has a cgroupRoot, start the \
             probe with --kubelet-cgroup-root=DIR"
        ),
        (pods, _) => tracing::debug!(pods, "cgroups of pods and their containers"),
    }
}

/// The pods' cgroups of this node, to look at whether anything runs in them.
#[derive(Debug)]
pub(crate) struct PodCgroups {
    root: PathBuf,
    kubelet: KubeletCgroups,
    /// Some pod's was found, so one that is not there is gone.
    are_found: bool,
    /// Observations that were left out.
    withheld: u64,
}

impl PodCgroups {
    pub(crate) fn new(root: PathBuf, kubelet: KubeletCgroups) -> Self {
        Self { root, kubelet, are_found: false, withheld: 0 }
    }

    /// Leaves of each observation's former pods those of which no process is left: their sandbox is gone, and so their address
    /// was free. Where one still runs the observation is left out: a pod with a capability can speak from any address, and a
    /// runtime gives one to a pod at a time. Says how many pods could not be looked for, for want of a descriptor.
    pub(crate) fn strike_living(&mut self, observed: &mut Vec<Sighting>) -> u64 {
        let mut unread = 0;
        observed.retain_mut(|Sighting { uid, address, gone, .. }| {
            if gone.is_empty() {
                return true;
            }
            self.are_found |= self.life(uid, &mut unread) == Life::Seen;
            let (are_found, mut running) = (self.are_found, None);
            gone.retain(|former| {
                let life = self.life(former, &mut unread);
                if life == Life::Seen {
                    running = Some(former.clone());
                }
                are_found && life == Life::None
            });
            if let Some(running) = &running {
                self.withheld += 1;
                // At every power of two: a pod that speaks so once does it with every connection.
                if self.withheld.is_power_of_two() {
                    tracing::info!(
                        "pod {uid} connects from {address}, an address of pod {running}, which still runs: the operator is not \
                         told ({} such observations so far)",
                        self.withheld
                    );
                }
            }
            running.is_none()
        });
        unread
    }

    fn life(&self, uid: &str, unread: &mut u64) -> Life {
        let lives =
            self.kubelet.paths(uid).map(|path| life(&fs::read_to_string(self.root.join(path).join("cgroup.events"))));
        let life = lives.max().unwrap_or(Life::None);
        *unread += u64::from(life == Life::Unknown);
        life
    }
}

/// Whether processes of a pod are there; of several directories that may be its own, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    None,
    /// No descriptor was left to look: it may be there.
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

/// Inode and path, relative to the root, of every cgroup below it. What vanishes meanwhile is left out.
pub(crate) fn scan(root: &Path) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([root.to_owned()]);
    if let Ok(root) = fs::metadata(root) {
        found.push((root.ino(), String::new()));
    }
    while let Some(directory) = waiting.pop_front() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            if found.len() == MOST {
                return found;
            }
            let path = entry.path();
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            found.push((entry.ino(), relative));
            waiting.push_back(path);
        }
    }
    found
}
