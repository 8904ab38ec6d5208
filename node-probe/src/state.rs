//! The saved state: a file that a successor reads. A new file replaces it by a rename, so that it is always complete.
//!
//! It need not survive a reboot, after which there are no connections to continue with. So it is never synced to a
//! disk, and best kept in memory, for example in /run.

mod access;
#[cfg(test)]
mod tests;

use crate::kernel::Position;
use access::InvalidAccess;
use longwire_pipeline::pipeline::{READ_VERSIONS, STATE_VERSION};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

const MAGIC: [u8; 8] = *b"longwire";
const NAME: &str = "state";
/// Extension of a file that is being written.
const TEMPORARY: &str = "new";
/// Largest size of a state: 64 MiB, and so many bytes for each connection and each series. They use a third of it.
const MIN_LIMIT: u64 = 64 << 20;
const BYTES_EACH: u64 = 1 << 10;
/// Bytes of the checksum at the end.
const TRAILER: usize = size_of::<u64>();

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawHeader {
    magic: [u8; 8],
    version: u32,
    epoch: u32,
    boot: [u8; 40],
    instance: u64,
    ring: u64,
}

/// Whose state it is, and up to which position it has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// /proc/sys/kernel/random/boot_id.
    pub(crate) boot: String,
    /// Id of the pinned maps that it belongs to.
    pub(crate) instance: u64,
    pub(crate) position: Position,
}

#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) header: Header,
    /// The pipeline's part.
    pub(crate) pipeline: Vec<u8>,
}

/// Why a file is not used. Logged once, at start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidState {
    #[error(transparent)]
    Access(#[from] InvalidAccess),
    #[error("it is no state of Longwire")]
    Foreign,
    #[error("it is of version {0}, and this build reads {STATE_VERSION}")]
    Version(u32),
    #[error("it is damaged")]
    Damaged,
}

#[derive(Clone, Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// Largest size that is read, bytes.
    limit: u64,
}

/// A file that is being written.
pub(crate) struct Writing {
    file: BufWriter<File>,
    checksum: Xxh3,
    bytes: u64,
    temporary: PathBuf,
    path: PathBuf,
}

impl StateFile {
    /// For a probe with these limits of connections and series.
    pub(crate) fn of(directory: &Path, connections: u32, series: u32) -> Self {
        let limit = MIN_LIMIT + BYTES_EACH * (u64::from(connections) + u64::from(series));
        Self { path: directory.join(NAME), limit }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `None`: no state is saved here.
    pub(crate) fn load(&self) -> Result<Option<Saved>, InvalidState> {
        self.directory().map_or(Ok(()), access::restrict)?;
        access::read(&self.path, self.limit)?.map(parse).transpose()
    }

    pub(crate) fn begin(&self, header: &Header) -> io::Result<Writing> {
        if let Some(directory) = self.directory() {
            access::create(directory)?;
            access::restrict(directory).map_err(io::Error::other)?;
        }
        let temporary = self.temporary();
        let file = BufWriter::with_capacity(1 << 16, access::write_anew(&temporary)?);
        let mut writing = Writing { file, checksum: Xxh3::new(), bytes: 0, temporary, path: self.path.clone() };
        writing.write(RawHeader::from(header).as_bytes())?;
        Ok(writing)
    }

    /// Removes the file, and the directory if it is empty.
    pub(crate) fn uninstall(&self) -> io::Result<()> {
        for path in [&self.path, &self.temporary()] {
            access::remove(path)?;
        }
        if let Some(directory) = self.directory() {
            // Fails if the directory is not empty or a mount point.
            let _ = fs::remove_dir(directory);
        }
        Ok(())
    }

    fn directory(&self) -> Option<&Path> {
        self.path.parent()
    }

    fn temporary(&self) -> PathBuf {
        self.path.with_extension(TEMPORARY)
    }
}

impl Writing {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Renames the file, so that a successor reads this one. Returns its size, bytes.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.file.write_all(&self.checksum.digest().to_le_bytes())?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&self.temporary, &self.path)?;
        Ok(self.bytes + TRAILER as u64)
    }
}

/// Identifies this boot of the machine.
pub(crate) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn parse(mut bytes: Vec<u8>) -> Result<Saved, InvalidState> {
    let Ok((raw, _)) = RawHeader::read_from_prefix(&bytes) else { return Err(InvalidState::Damaged) };
    if raw.magic != MAGIC {
        return Err(InvalidState::Foreign);
    }
    if !READ_VERSIONS.contains(&raw.version) {
        return Err(InvalidState::Version(raw.version));
    }
    let Some((body, checksum)) = bytes.split_last_chunk::<TRAILER>() else { return Err(InvalidState::Damaged) };
    if xxh3_64(body) != u64::from_le_bytes(*checksum) || body.len() < size_of::<RawHeader>() {
        return Err(InvalidState::Damaged);
    }
    bytes.truncate(bytes.len() - TRAILER);
    bytes.drain(..size_of::<RawHeader>());
    let boot = String::from_utf8_lossy(&raw.boot).trim_end_matches('\0').to_owned();
    let position = Position { ring: raw.ring, epoch: raw.epoch };
    Ok(Saved { header: Header { boot, instance: raw.instance, position }, pipeline: bytes })
}

impl From<&Header> for RawHeader {
    fn from(header: &Header) -> Self {
        let mut boot = [0; 40];
        for (to, byte) in boot.iter_mut().zip(header.boot.bytes()) {
            *to = byte;
        }
        let Position { ring, epoch } = header.position;
        Self { magic: MAGIC, version: STATE_VERSION, epoch, boot, instance: header.instance, ring }
    }
}
