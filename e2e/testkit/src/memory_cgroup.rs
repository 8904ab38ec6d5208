//! A memory limit for a process under test, like a container's: the kernel kills the process if it exceeds it.
//!
//! The memory controller is version 1's on some machines and version 2's on others. Both count mapped memory, socket
//! buffers, page cache and BPF maps.

use crate::cgroup;
use crate::janitor;
use crate::wait::eventually;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug)]
pub struct MemoryCgroup {
    path: PathBuf,
    files: Files,
    /// A script that runs its arguments within the limit.
    enter: String,
}

/// File names of a cgroup version.
#[derive(Clone, Copy, Debug)]
struct Files {
    limit: &'static str,
    peak: &'static str,
    events: &'static str,
}

const VERSION_1: Files =
    Files { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes", events: "memory.oom_control" };
const VERSION_2: Files = Files { limit: "memory.max", peak: "memory.peak", events: "memory.events" };

const MOUNT_OF_VERSION_1: &str = "/sys/fs/cgroup/memory";

impl MemoryCgroup {
    /// `limit`: bytes.
    pub fn new(name: &str, limit: u64) -> Result<Self> {
        janitor::hire()?;
        let process = std::process::id();
        let (root, files) = match version_1_root(process) {
            Some(root) => (root, VERSION_1),
            None => (version_2_root(process)?, VERSION_2),
        };
        let path = root.join(name);
        fs::create_dir_all(&path).with_context(|| format!("make memory cgroup {}", path.display()))?;
        fs::write(path.join(files.limit), limit.to_string()).context("limit the memory of a cgroup")?;
        let enter = format!("echo $$ > {}/cgroup.procs && exec \"$@\"", path.display());
        Ok(Self { path, files, enter })
    }

    /// Prefix of a command line that runs within the limit.
    pub fn wrapper(&self) -> [&str; 4] {
        ["sh", "-c", &self.enter, "sh"]
    }

    /// Peak memory, bytes.
    pub fn peak(&self) -> Result<u64> {
        Ok(self.read(self.files.peak)?.trim().parse()?)
    }

    /// How often the kernel killed a process because of the limit.
    pub fn oom_kills(&self) -> Result<u64> {
        let events = self.read(self.files.events)?;
        let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        Ok(count.with_context(|| format!("no oom_kill in {events:?}"))?.trim().parse()?)
    }

    /// Checks that the kernel killed no process, and returns the peak in MB.
    pub fn spared(&self) -> Result<f64> {
        ensure!(self.oom_kills()? == 0, "the kernel ended a process of {} for want of memory", self.path.display());
        Ok(self.peak()? as f64 / 1e6)
    }

    fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.path.join(file)).with_context(|| format!("read {file} of {}", self.path.display()))
    }
}

impl Drop for MemoryCgroup {
    fn drop(&mut self) {
        // The process is being killed; the janitor removes what is left.
        let _ = eventually(Duration::from_secs(60), || Ok(fs::remove_dir(&self.path)?));
    }
}

/// Removes what an earlier process has left in a version 1 hierarchy. Version 2's is removed with the pods' cgroups.
pub fn sweep(process: u32) -> Result<()> {
    match version_1_root(process) {
        Some(root) if root.exists() => cgroup::remove_directories(&root),
        _ => Ok(()),
    }
}

fn version_1_root(process: u32) -> Option<PathBuf> {
    let mount = Path::new(MOUNT_OF_VERSION_1);
    let root = mount.join(cgroup::root_of(process).ok()?.file_name()?);
    mount.join(VERSION_1.limit).exists().then_some(root)
}

/// Enables the controller from the mount down, level by level.
fn version_2_root(process: u32) -> Result<PathBuf> {
    let (mut above, root) = (cgroup::mount()?, cgroup::root_of(process)?.join("memory"));
    fs::create_dir_all(&root)?;
    for part in root.strip_prefix(&above)?.iter().map(ToOwned::to_owned).collect::<Vec<_>>() {
        let hand_down = fs::write(above.join("cgroup.subtree_control"), "+memory");
        hand_down.with_context(|| format!("hand the memory controller down from {}", above.display()))?;
        above.push(part);
    }
    fs::write(root.join("cgroup.subtree_control"), "+memory")?;
    Ok(root)
}
