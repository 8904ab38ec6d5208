//! Lines of access logs in files, bounded by the size of each and by how many there are.
//!
//! ```text
//! lines --LogFiles: do they fit?--> Current: NAME.log   appended to, also to what a probe before has left
//!                      \-- no: NAME.log -> NAME.log.1 -> ... -> the last one, which is removed
//! ```
//!
//! The directory is one of the node's, so others may have prepared it: nothing but a regular file of its own is written to. What is moved
//! away or removed while it is written to gets the lines of one more second.

mod current;
mod rotation;
#[cfg(test)]
mod tests;

use current::Current;
use longwire_model::exporter::{ExporterName, LogFile};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Somebody else may have moved the file away.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The files of one exporter. Each buffer that is written must consist of whole lines.
#[derive(Debug)]
pub struct LogFiles {
    path: PathBuf,
    limits: LogFile,
    /// None after a failure: then it is opened again.
    current: Option<Current>,
    looked: Instant,
}

impl LogFiles {
    /// Begins `NAME.log` in a directory that exists, or continues it, and removes older files beyond the limit.
    pub fn open(directory: &Path, name: &ExporterName, limits: LogFile) -> io::Result<Self> {
        let path = directory.join(format!("{name}.log"));
        let current = Some(Current::open(&path)?);
        rotation::remove_surplus(&path, limits.max_files)?;
        Ok(Self { path, limits, current, looked: Instant::now() })
    }

    /// Taken out: what is not put back is closed.
    fn ready(&mut self) -> io::Result<Current> {
        let is_due = self.looked.elapsed() >= BETWEEN_LOOKS;
        if is_due {
            self.looked = Instant::now();
        }
        match self.current.take() {
            Some(current) if !is_due => Ok(current),
            Some(mut current) => {
                let is_ours = current.is_still_at(&self.path);
                if is_ours { Ok(current) } else { Current::open(&self.path) }
            }
            None => Current::open(&self.path),
        }
    }

    fn rotated(&mut self, mut full: Current) -> io::Result<Current> {
        if full.is_still_at(&self.path) {
            rotation::shift(&self.path, self.limits.max_files)?;
        }
        drop(full);
        Current::open(&self.path)
    }
}

/// Of a write that fails nothing stays in the file, unless not even that is possible: then the next one begins with a newline.
impl Write for LogFiles {
    /// As many whole lines as fit the file, or all, or one that fits none. Returns their bytes.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        let (mut current, max) = (self.ready()?, self.limits.max_bytes);
        let mut fitting = whole_lines(lines, max.saturating_sub(current.bytes()));
        if fitting == 0 && current.bytes() > 0 {
            current = self.rotated(current)?;
            fitting = whole_lines(lines, max.saturating_sub(current.bytes()));
        }
        if fitting == 0 {
            fitting = lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1);
        }
        current.append(&lines[..fitting])?;
        self.current = Some(current);
        Ok(fitting)
    }

    /// The kernel has all of it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes of the lines at the begin that have room.
fn whole_lines(lines: &[u8], room: u64) -> usize {
    match usize::try_from(room) {
        Ok(room) if room < lines.len() => {
            lines[..room].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
        }
        _ => lines.len(),
    }
}

/// Says what to do, where that is not plain.
fn explained(path: &Path, error: &io::Error) -> io::Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => ": mount the directory into the probe's pod",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ": let the probe write there",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": free space, or lower maxMebibytes or maxFiles",
        io::ErrorKind::IsADirectory => ": move the directory away",
        _ => "",
    };
    io::Error::new(error.kind(), format!("{}: {error}{remedy}", path.display()))
}
