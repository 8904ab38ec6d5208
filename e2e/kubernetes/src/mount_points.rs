//! Directories that nodes mount over. Missing ones are made on the machine for the cluster's lifetime.

use super::layout::Layout;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Directories that each node has of its own, at their usual paths.
pub const OWN: [&str; 9] = [
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/cni",
    "/var/log/pods",
    "/var/log/containers",
    "/etc/cni/net.d",
    "/opt/cni/bin",
    "/run/containerd",
    "/run/longwire",
];
/// Further mount points of nodes.
const OTHER: [&str; 1] = ["/run/netns"];

/// Makes missing ones, and records which.
pub fn make(layout: &Layout) -> Result<()> {
    let missing = OWN.iter().chain(&OTHER).flat_map(|path| Path::new(path).ancestors()).filter(|path| !path.exists());
    let mut missing: Vec<&Path> = missing.collect();
    // A parent's path is shorter than its children's.
    missing.sort_unstable_by_key(|path| path.as_os_str().len());
    missing.dedup();
    let note: String = missing.iter().map(|path| format!("{}\n", path.display())).collect();
    fs::write(note_of(layout), note)?;
    missing.iter().try_for_each(|path| fs::create_dir(path).with_context(|| format!("make {}", path.display())))
}

/// Removes those that `make` made, unless they are in use.
pub fn remove(layout: &Layout) {
    let note = fs::read_to_string(note_of(layout)).unwrap_or_default();
    for path in note.lines().rev() {
        // Fails if it is not empty or gone, which is fine.
        let _ = fs::remove_dir(path);
    }
}

fn note_of(layout: &Layout) -> PathBuf {
    layout.run().join("mount-points")
}
