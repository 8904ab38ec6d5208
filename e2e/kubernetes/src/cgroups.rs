//! The cluster's cgroups, in every hierarchy of the machine: version 2, or version 1 with 2 beside it.
//!
//! ```text
//! longwire-cluster / control-plane / one a daemon       version 2 alone: it is how all processes are found again
//!                  / n1 / kubepods / ...                 what kubelet and containerd make below the node's root
//!                       / one a daemon
//! ```

use anyhow::{Context, Result};
use longwire_testkit::cgroup;
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "longwire-cluster";

/// The `cgroupRoot` of a kubelet's configuration.
pub fn root_of(place: &str) -> String {
    format!("/{NAME}/{place}")
}

/// Makes a node's cgroup root in all hierarchies.
pub fn make(place: &str) -> Result<()> {
    for hierarchy in hierarchies()? {
        let (cluster, node) = (hierarchy.join(NAME), hierarchy.join(NAME).join(place));
        for (parent, child) in [(&hierarchy, &cluster), (&cluster, &node)] {
            delegate(parent)?;
            fs::create_dir_all(child).with_context(|| format!("make cgroup {}", child.display()))?;
            inherit_cpus(parent, child)?;
        }
    }
    Ok(())
}

/// Makes the cgroup of a daemon, and returns the file by which a process enters it.
pub fn of_daemon(place: &str, daemon: &str) -> Result<PathBuf> {
    let path = cgroup::mount()?.join(NAME).join(place).join(daemon);
    fs::create_dir_all(&path).with_context(|| format!("make cgroup {}", path.display()))?;
    Ok(path.join("cgroup.procs"))
}

/// Kills all processes of the cluster and removes its cgroups.
pub fn remove() -> Result<()> {
    // Version 2 first, because all processes, also in containers, are there and can be killed at once.
    cgroup::remove(&cgroup::mount()?.join(NAME))?;
    for hierarchy in hierarchies()? {
        let root = hierarchy.join(NAME);
        if root.exists() {
            let patience = std::time::Duration::from_secs(60);
            longwire_testkit::wait::eventually(patience, || cgroup::remove_directories(&root))?;
        }
    }
    Ok(())
}

fn hierarchies() -> Result<Vec<PathBuf>> {
    let unified = cgroup::mount()?;
    let beside = fs::read_dir("/sys/fs/cgroup")?.filter_map(|entry| {
        // A hierarchy with two controllers has a symbolic link for each.
        let entry = entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))?;
        Some(entry.path()).filter(|path| path.join("release_agent").exists())
    });
    Ok(beside.chain([unified]).collect())
}

/// Version 2: children get the parent's controllers. Beside version 1 there are none.
fn delegate(parent: &Path) -> Result<()> {
    let Ok(controllers) = fs::read_to_string(parent.join("cgroup.controllers")) else { return Ok(()) };
    for controller in controllers.split_whitespace() {
        fs::write(parent.join("cgroup.subtree_control"), format!("+{controller}"))
            .with_context(|| format!("delegate {controller} below {}", parent.display()))?;
    }
    Ok(())
}

/// Version 1: a cpuset accepts no process until its CPUs and memory nodes are set.
fn inherit_cpus(parent: &Path, child: &Path) -> Result<()> {
    if !child.join("cpuset.cpu_exclusive").exists() {
        return Ok(());
    }
    for file in ["cpuset.cpus", "cpuset.mems"] {
        fs::write(child.join(file), fs::read(parent.join(file))?)?;
    }
    Ok(())
}
