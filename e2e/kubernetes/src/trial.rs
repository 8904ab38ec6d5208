//! `make try`: Longwire with a workload to watch, on a Kubernetes of two nodes on this machine.
//!
//! ```text
//! cluster (kept up) <- images of this build <- chart <- bookinfo, Prometheus, perhaps Kiali -> what to type next
//! ```
//!
//! Every step skips what exists already, so that it can be run again after an interruption or a change.

pub mod furnish;
pub mod next;
pub mod targets;

use crate::Kubernetes;
use crate::layout::Layout;
use crate::standing::{self, Owner};
use anyhow::{Context, Result, bail};
use longwire_testkit::{confirm, janitor};
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

/// One at a time, because two would install over each other.
const LOCK: &str = "/run/lock/longwire-try";

/// Brings all of it up and prints the next steps.
pub fn up(with_kiali: bool) -> Result<()> {
    expect_able()?;
    let _turn = turn()?;
    janitor::hire()?;
    let (layout, start) = (Layout::new()?, Instant::now());
    let say = |what: &str| println!("{:6.1} s  {what}", start.elapsed().as_secs_f64());
    standing::up(&layout, Owner::Try)?;
    say("a Kubernetes of two nodes is up");
    let kubernetes = Kubernetes::standing()?;
    let furnished = furnish::furnish(&kubernetes, with_kiali, &say)?;
    print!("\n{}", next::steps(&furnished));
    Ok(())
}

/// Removes all of it except what was built.
pub fn down() -> Result<()> {
    expect_root()?;
    let _turn = turn()?;
    let layout = Layout::new()?;
    standing::down(&layout, Owner::Try)?;
    if layout.logs().exists() {
        fs::remove_dir_all(layout.logs())?;
    }
    println!("Nothing is left.");
    Ok(())
}

fn turn() -> Result<File> {
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(false).open(LOCK).with_context(|| format!("open {LOCK}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another `make try` or `make try-down` runs on this machine: wait until it has ended")
        }
        Err(TryLockError::Error(error)) => Err(error).context(LOCK),
    }
}

/// Checks requirements whose lack would otherwise show after minutes, as another error.
fn expect_able() -> Result<()> {
    expect_root()?;
    let types = Path::new("/sys/kernel/btf/vmlinux");
    confirm!(
        types.exists(),
        "this kernel has no type information ({} is missing), so that no probe can run: docs/install.md says which kernels will do",
        types.display()
    )
}

fn expect_root() -> Result<()> {
    confirm!(
        fs::metadata("/proc/self")?.uid() == 0,
        "run it as root: it makes network namespaces and loads BPF programs"
    )
}
