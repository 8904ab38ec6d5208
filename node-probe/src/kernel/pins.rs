//! Maps and links in a BPF filesystem: they stay when the probe goes, and the programs keep counting for its successor.
//!
//! ```text
//! DIR/                          locked by the probe that runs
//!   LAYOUT-CONNECTIONS/         one a layout of records and maps, and a size
//!     connections, events ...   maps
//!     link-OWNER-PROGRAM        the programs of one load, attached
//! ```

#[cfg(test)]
mod tests;

use super::controls::Controls;
use super::ring::Ring;
use super::sys::Mapping;
use aya::maps::MapData;
use rustix::fs::statfs;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Hash of `bpf/record.h` and `bpf/maps.h`, made by build.rs.
const LAYOUT: &str = env!("LONGWIRE_LAYOUT");
const LINK: &str = "link-";

#[derive(Debug, thiserror::Error)]
pub(crate) enum PinsError {
    #[error("{0} is in no BPF filesystem: mount one with `mount -t bpf bpf /sys/fs/bpf`, in a container from the host")]
    NoBpf(PathBuf),
    #[error("another probe runs on the pins at {0}: stop it, or choose another --pin-dir")]
    Taken(PathBuf),
    #[error("pins at {path} cannot be used")]
    Io { path: PathBuf, source: io::Error },
}

/// The directory, locked while this lives.
#[derive(Debug)]
pub(crate) struct Pins {
    root: PathBuf,
    _lock: File,
}

/// Maps and links of a predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Of this build and these sizes, so that they can be reused.
    pub(crate) is_ours: bool,
    /// Id of the state that belongs to them; 0: none, it was killed while it started.
    pub(crate) instance: u64,
    /// Bytes that were ever written to its ring.
    pub(crate) produced: u64,
}

impl Pins {
    /// Makes the directory if it does not exist.
    pub(crate) fn lock(root: &Path) -> Result<Self, PinsError> {
        let failed = |source| PinsError::Io { path: root.to_owned(), source };
        // Checks the nearest existing parent first, so that nothing is made in the wrong file system.
        let there = root.ancestors().find(|path| path.exists());
        if !there.is_some_and(is_bpf) {
            return Err(PinsError::NoBpf(root.to_owned()));
        }
        fs::create_dir_all(root).map_err(failed)?;
        let root = root.canonicalize().map_err(failed)?;
        let lock = File::open(&root).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(PinsError::Taken(root)),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Directory of the maps of this build and this size.
    pub(super) fn of_layout(&self, connections: u32) -> PathBuf {
        self.root.join(format!("{LAYOUT}-{connections}"))
    }

    /// The layout of the predecessor that produced most. There is at most one, unless two were killed while they
    /// started.
    pub(crate) fn left(&self, connections: u32) -> Option<Left> {
        let ours = self.of_layout(connections);
        let left = self.layouts().ok()?.into_iter().map(|layout| {
            let instance = instance(&layout).unwrap_or(0);
            Left { is_ours: layout == ours, instance, produced: produced(&layout).unwrap_or(0) }
        });
        left.max_by_key(|left| (left.instance != 0, left.is_ours))
    }

    /// Detaches and removes everything in the directory.
    pub(super) fn remove_all(&self) -> Result<(), PinsError> {
        for layout in self.layouts().map_err(|source| self.failed(source))? {
            remove(&layout).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    pub(super) fn make(&self, layout: &Path) -> Result<(), PinsError> {
        fs::create_dir(layout).map_err(|source| self.failed(source))
    }

    /// An owner number that no attached program has, for a load that takes over from the current one.
    pub(super) fn next_owner(&self, layout: &Path) -> Result<u32, PinsError> {
        let owner = owner(layout).map_err(|source| self.failed(source))?;
        self.keep_links(layout, owner)?;
        Ok(owner.wrapping_add(1).max(1))
    }

    /// Detaches the programs of all loads but this one.
    pub(super) fn keep_links(&self, layout: &Path, owner: u32) -> Result<(), PinsError> {
        keep_links(layout, &format!("{LINK}{owner}-")).map_err(|source| self.failed(source))
    }

    /// Detaches and removes everything, the directory too. A directory that is a mount point stays, empty.
    pub(crate) fn uninstall(self) -> Result<(), PinsError> {
        self.remove_all()?;
        match fs::remove_dir(&self.root) {
            Err(source) if source.kind() != ErrorKind::ResourceBusy => Err(self.failed(source)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: io::Error) -> PinsError {
        PinsError::Io { path: self.root.clone(), source }
    }

    fn layouts(&self) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.root)?.collect::<io::Result<Vec<_>>>()?;
        Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
    }
}

pub(super) fn link(layout: &Path, owner: u32, program: &str) -> PathBuf {
    layout.join(format!("{LINK}{owner}-{program}"))
}

fn keep_links(layout: &Path, kept: &str) -> io::Result<()> {
    for entry in fs::read_dir(layout)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(LINK) && !name.starts_with(kept) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Links first, because the programs need their maps while attached.
fn remove(layout: &Path) -> io::Result<()> {
    keep_links(layout, "/")?;
    for entry in fs::read_dir(layout)? {
        fs::remove_file(entry?.path())?;
    }
    fs::remove_dir(layout)
}

fn control(layout: &Path, bytes: usize) -> io::Result<Mapping> {
    let control = MapData::from_pin(layout.join("control")).map_err(io::Error::other)?;
    Mapping::read_only(control.fd().as_fd(), 0, bytes)
}

fn instance(layout: &Path) -> io::Result<u64> {
    Ok(control(layout, size_of::<u64>())?.shared::<AtomicU64>(0).load(Ordering::Acquire))
}

fn owner(layout: &Path) -> io::Result<u32> {
    Ok(control(layout, size_of::<Controls>())?.shared::<Controls>(0).owner.load(Ordering::Acquire))
}

fn produced(layout: &Path) -> io::Result<u64> {
    let events = MapData::from_pin(layout.join("events")).map_err(io::Error::other)?;
    let size = events.info().map_err(io::Error::other)?.max_entries();
    Ok(Ring::open(events.fd().as_fd(), size as usize)?.produced())
}

/// Is it in a BPF filesystem, wherever that is mounted?
fn is_bpf(path: &Path) -> bool {
    statfs(path).is_ok_and(|there| i128::from(there.f_type) == i128::from(libc::BPF_FS_MAGIC))
}
