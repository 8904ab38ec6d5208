//! The cgroup v2 tree at start: which directory is which, by inode. Cgroups made later name themselves through the ring.

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
