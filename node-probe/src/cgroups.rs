//! The cgroup v2 tree at start: directories by inode. Later cgroups announce themselves through the ring.

use longwire_pipeline::pipeline::KubeletCgroups;
use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

pub(crate) mod pods;
#[cfg(test)]
mod tests;

/// A bound for a tree that loops or grows without end; no node has as many cgroups.
const MAX_CGROUPS: usize = 65_536;

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

/// Inode of the root, by which the kernel side identifies it.
pub(crate) fn inode(root: &Path) -> Result<u64, NoCgroups> {
    fs::metadata(root).map(|root| root.ino()).map_err(|_| NoCgroups(root.display().to_string()))
}

/// Logs whether cgroups of pods were found. Without any the root is mostly wrong, because this probe itself runs in a
/// pod.
pub(crate) fn report(kubelet: &KubeletCgroups, found: &[(u64, String)]) {
    match kubelet.survey(found.iter().map(|(_, path)| path.as_str())) {
        (0, Some(elsewhere)) => tracing::warn!(
            "no cgroup of a pod below {kubelet}, but some below {elsewhere} look like it: if that is this node's kubelet's, start \
             the probe with --kubelet-cgroup-root={elsewhere}; until then pods are recognized by their network namespaces and addresses"
        ),
        // A node without pods yet looks like this.
        (0, None) => tracing::info!(
            "no cgroup of a pod below {kubelet} yet: if pods run here and the kubelet's configuration has a cgroupRoot, start the \
             probe with --kubelet-cgroup-root=DIR"
        ),
        (pods, _) => tracing::debug!(pods, "cgroups of pods and their containers"),
    }
}

/// Inode and path, relative to the root, of every cgroup below it. Directories that vanish meanwhile are left out.
pub(crate) fn scan(root: &Path) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([root.to_owned()]);
    if let Ok(root) = fs::metadata(root) {
        found.push((root.ino(), String::new()));
    }
    while let Some(directory) = waiting.pop_front() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            if found.len() == MAX_CGROUPS {
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
