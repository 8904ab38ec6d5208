//! Pods' cgroups, laid out as a kubelet with the cgroupfs driver does.

use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "longwire-e2e-";

/// The cgroup v2 tree; one level down on a machine that has version 1 too.
pub fn mount() -> Result<PathBuf> {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.join("cgroup.controllers").exists())
        .context("no cgroup v2 tree at /sys/fs/cgroup or /sys/fs/cgroup/unified: mount one")
}

/// The kernel's number of this process's cgroup.
pub fn own() -> Result<u64> {
    let cgroups = fs::read_to_string("/proc/self/cgroup")?;
    let path = cgroups.lines().find_map(|line| line.strip_prefix("0::/")).context("no cgroup v2")?;
    Ok(fs::metadata(mount()?.join(path))?.ino())
}

/// Parent of all cgroups of one test process.
pub fn root_of(process: u32) -> Result<PathBuf> {
    Ok(mount()?.join(format!("{PREFIX}{process}")))
}

/// The same as `cgroupRoot` of a kubelet's configuration.
pub fn kubelet_root() -> String {
    format!("/{PREFIX}{}", std::process::id())
}

/// Test processes whose cgroups are left.
pub fn roots() -> Result<Vec<u32>> {
    let names = fs::read_dir(mount()?)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok()).collect())
}

/// A cgroup of this process's own, made.
pub fn below_root(path: &str) -> Result<PathBuf> {
    let path = root_of(std::process::id())?.join(path);
    fs::create_dir_all(&path).with_context(|| format!("make cgroup {}", path.display()))?;
    Ok(path)
}

/// One pod's container, made.
pub fn container(uid: &str, container: &str) -> Result<PathBuf> {
    below_root(&format!("kubepods/besteffort/pod{uid}/{container}"))
}

/// Kills every process below a cgroup and removes the directories, the deepest first.
pub fn remove(root: &Path) -> Result<()> {
    if !root.exists() {
        return Ok(());
    }
    fs::write(root.join("cgroup.kill"), "1")?;
    crate::wait::eventually(std::time::Duration::from_secs(60), || remove_directories(root))
}

/// The same if no process is left.
pub fn remove_directories(root: &Path) -> Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_directories(&entry.path())?;
        }
    }
    fs::remove_dir(root).with_context(|| format!("remove cgroup {}", root.display()))
}
