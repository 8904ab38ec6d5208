//! Removes cgroups and files when the process that made them is gone, even after SIGKILL.

use crate::binaries;
use crate::cgroup;
use crate::kept;
use crate::memory_cgroup;
use anyhow::{Context, Result, anyhow};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

/// Prefix of temporary directories, followed by the process id and a dash.
pub const TEMPORARY: &str = "longwire-e2e-";

/// Starts the janitor of this process, once, and cleans up after processes that had none until their end.
pub fn hire() -> Result<()> {
    static PIPE: OnceLock<Result<ChildStdin, String>> = OnceLock::new();
    let started = PIPE.get_or_init(|| start().map_err(|error| format!("{error:#}")));
    started.as_ref().map(|_| ()).map_err(|error| anyhow!("{error}"))
}

fn start() -> Result<ChildStdin> {
    for process in cgroup::roots()?.into_iter().filter(|process| !is_alive(*process)) {
        sweep(process)?;
    }
    let mut janitor = Command::new(binaries::find("longwire-traffic")?)
        .args(["sweep-after", &std::process::id().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // In its own process group, because the janitor must survive a Ctrl-C, which the terminal sends to the whole
        // group.
        .process_group(0)
        .spawn()
        .context("start the janitor")?;
    janitor.stdin.take().context("the janitor has no standard input")
}

/// The janitor itself: its standard input ends with the process that it cleans up after.
pub fn sweep_after(process: u32) -> Result<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    sweep(process)
}

/// Removes all that a process may have left.
pub fn sweep(process: u32) -> Result<()> {
    let cgroups = cgroup::remove(&cgroup::root_of(process)?).and(memory_cgroup::sweep(process));
    let prefix = format!("{TEMPORARY}{process}-");
    for entry in fs::read_dir(env::temp_dir())?.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
            kept::unmount(&entry.path())?;
            fs::remove_dir_all(entry.path())?;
        }
    }
    cgroups
}

/// A directory for one run's files.
pub fn temporary_directory(purpose: &str) -> Result<tempfile::TempDir> {
    let prefix = format!("{TEMPORARY}{}-{purpose}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir().context("make a temporary directory")
}

fn is_alive(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}
