//! The cgroup v2 tree at start: which directory is which, by inode. Cgroups made later name themselves through the ring.

use longwire_model::identity::Sighting;
use longwire_pipeline::pipeline::KubeletCgroups;
use std::collections::VecDeque;
use std::fs;
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
        (0, None) => tracing::warn!(
            "no cgroup of a pod below {kubelet}: if the kubelet's configuration has a cgroupRoot, start the probe with \
             --kubelet-cgroup-root=DIR; until then pods are told by their network namespaces and addresses"
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
}

impl PodCgroups {
    pub(crate) fn new(root: PathBuf, kubelet: KubeletCgroups) -> Self {
        Self { root, kubelet, are_found: false }
    }

    /// Leaves of each observation's former pods those of which no process is left: their sandbox is gone, and so their address
    /// was free.
    pub(crate) fn strike_living(&mut self, observed: &mut [Sighting]) {
        for Sighting { uid, gone, .. } in observed.iter_mut().filter(|observed| !observed.gone.is_empty()) {
            self.are_found |= self.has_processes(uid);
            let are_found = self.are_found;
            gone.retain(|former| are_found && !self.has_processes(former));
        }
    }

    fn has_processes(&self, uid: &str) -> bool {
        let is_populated = |path: String| {
            let events = fs::read_to_string(self.root.join(path).join("cgroup.events"));
            events.is_ok_and(|events| events.lines().any(|line| line == "populated 1"))
        };
        self.kubelet.paths(uid).any(is_populated)
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
