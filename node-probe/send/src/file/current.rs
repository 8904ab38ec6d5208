//! The file that is written.

use super::explained;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct Current {
    file: File,
    path: PathBuf,
    bytes: u64,
    /// Device and inode.
    identity: (u64, u64),
    /// Somebody's last line has no end.
    is_in_line: bool,
}

impl Current {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // To open a device may already do something. Somebody who swaps it for a link now meets NOFOLLOW.
        if let Ok(known) = fs::symlink_metadata(path) {
            check(path, &known)?;
        }
        let safe = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | safe;
        let opened = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR | Mode::RGRP);
        let file = File::from(opened.map_err(|error| explained(path, &error.into()))?);
        let metadata = file.metadata().map_err(|error| explained(path, &error))?;
        check(path, &metadata)?;
        let bytes = metadata.len();
        let mut last = [b'\n'];
        if bytes > 0 {
            file.read_at(&mut last, bytes - 1).map_err(|error| explained(path, &error))?;
        }
        let is_in_line = last != [b'\n'];
        Ok(Self { file, path: path.to_owned(), bytes, identity: identity(&metadata), is_in_line })
    }

    /// With a newline that the next lines begin with.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes + u64::from(self.is_in_line)
    }

    /// Whether the path still leads to it. Somebody may have emptied it meanwhile, or a probe of
    /// another version may write there too.
    pub(super) fn is_still_at(&mut self, path: &Path) -> bool {
        let Ok(metadata) = fs::symlink_metadata(path) else { return false };
        if identity(&metadata) != self.identity {
            return false;
        }
        self.is_in_line &= metadata.len() >= self.bytes;
        self.bytes = metadata.len();
        true
    }

    /// All of it, or nothing if that can be undone.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written =
            if self.is_in_line { self.file.write_all(&[b"\n", lines].concat()) } else { self.file.write_all(lines) };
        if let Err(error) = written {
            self.undo();
            return Err(explained(&self.path, &error));
        }
        self.bytes = self.bytes() + lines.len() as u64;
        self.is_in_line = false;
        Ok(())
    }

    fn undo(&self) {
        // Never longer than it is: somebody may have emptied it.
        if self.file.metadata().is_ok_and(|metadata| metadata.len() > self.bytes) {
            // If it fails too, half a line stands there, and the next one that opens the file sees it.
            drop(self.file.set_len(self.bytes));
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// What has a second name may be a file of somebody else.
fn check(path: &Path, metadata: &Metadata) -> io::Result<()> {
    let what = match metadata.nlink() {
        _ if !metadata.is_file() => "is no regular file",
        0 | 1 => return Ok(()),
        _ => "has another hard link",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {what}: move it away", path.display())))
}
