//! Directories that nodes mount something of their own over. A machine that lacks them gets them for the cluster's life.

use super::layout::Layout;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What of each node is its own, at the places where people and programs look for it.
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
/// Where nodes mount other things.
const OTHER: [&str; 1] = ["/run/netns"];

/// Makes those that are missing, and remembers which.
pub fn make(layout: &Layout) -> Result<()> {
    let missing = OWN.iter().chain(&OTHER).flat_map(|path| Path::new(path).ancestors()).filter(|path| !path.exists());
    let mut missing: Vec<&Path> = missing.collect();
    // Parents are shorter than what is in them.
    missing.sort_unstable_by_key(|path| path.as_os_str().len());
    missing.dedup();
    let mut note = String::new();
    for path in &missing {
        let _ = writeln!(note, "{}", path.display());
    }
    fs::write(note_of(layout), note)?;
    missing.iter().try_for_each(|path| fs::create_dir(path).with_context(|| format!("make {}", path.display())))
}

/// Removes what `make` made. What others have put something into since stays.
pub fn remove(layout: &Layout) {
    let note = fs::read_to_string(note_of(layout)).unwrap_or_default();
    for path in note.lines().rev() {
        // Not empty any more, or gone already: either way nothing of ours.
        let _ = fs::remove_dir(path);
    }
}

fn note_of(layout: &Layout) -> PathBuf {
    layout.run().join("mount-points")
}
