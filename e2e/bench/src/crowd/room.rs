//! How many sockets this machine can hold, decided before the first is opened.

use anyhow::{Context, Result};
use std::fmt::{self, Display, Formatter};
use std::fs;

/// Kernel memory of an idle socket is 4.5 kB: the socket, its inode and its file. The rest is for its entry in the
/// probe's tables.
const SOCKET_BYTES: u64 = 6 << 10;
/// Left for the programs that run and for their files.
const SPARE_BYTES: u64 = 2 << 30;
const SPARE_FILES: u64 = 10_000;

/// What the machine has free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    memory: u64,
    files: u64,
}

/// A number of sockets that fits, and why it is lower than the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fitting {
    pub(crate) sockets: u64,
    wanted: u64,
    reason: &'static str,
}

impl Room {
    pub(crate) fn here() -> Result<Self> {
        let meminfo = fs::read_to_string("/proc/meminfo")?;
        let available = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.strip_suffix("kB"));
        let kibibytes: u64 = available.context("no MemAvailable")?.trim().parse()?;
        let files = fs::read_to_string("/proc/sys/fs/file-nr")?;
        let files: Vec<u64> = files.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [open, _, most] = files[..] else { anyhow::bail!("/proc/sys/fs/file-nr has no three numbers") };
        Ok(Self { memory: kibibytes << 10, files: most.saturating_sub(open) })
    }

    /// At most the wanted number, and an even one, because both ends of a connection are here.
    pub(crate) fn fit(self, wanted: u64) -> Fitting {
        let memory = self.memory.saturating_sub(SPARE_BYTES) / SOCKET_BYTES;
        let files = self.files.saturating_sub(SPARE_FILES);
        let (most, reason) =
            if memory <= files { (memory, "no memory for more") } else { (files, "no more files in fs.file-max") };
        Fitting { sockets: wanted.min(most) / 2 * 2, wanted, reason }
    }
}

impl Display for Fitting {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { sockets, wanted, reason } = self;
        write!(formatter, "{sockets} connections")?;
        if sockets < wanted { write!(formatter, " (of {wanted}: {reason})") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
