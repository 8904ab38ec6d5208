//! Restricts the saved state to root. A link, a pipe or another user's file in its place is refused without blocking.

use rustix::process::geteuid;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Mode bits that let the group or others write.
const WRITABLE: u32 = 0o022;
/// The sticky bit: only the owner of a file may remove it from the directory.
const STICKY: u32 = 0o1000;

/// Why a file or directory is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidAccess {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is {0}, not a regular file: remove it")]
    Kind(&'static str),
    #[error("it belongs to user {0}, and only the probe's own user may write it: remove it")]
    Owner(u32),
    #[error("it has mode {0:o}, and only the probe's own user may write it: remove it")]
    Writable(u32),
    #[error("it has {bytes} bytes, and at most {limit} are read: remove it")]
    TooLarge { bytes: u64, limit: u64 },
    #[error(
        "its directory belongs to user {owner} with mode {mode:o}, so that others may write there: use a separate directory for --state-dir"
    )]
    Directory { owner: u32, mode: u32 },
}

/// Makes the directory for its owner only, if it does not exist.
pub(super) fn create(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Restricts a directory to its owner if it holds only the state, because kubelet makes them readable for all. A
/// directory with other files stays as it is, if other users cannot change the state there.
pub(super) fn restrict(directory: &Path) -> Result<(), InvalidAccess> {
    let opened = match File::open(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let metadata = opened.metadata()?;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let is_own = is_trusted(owner) && is_alone(directory)?;
    // On a read-only file system the mode stays; the check below decides.
    if is_own && mode & 0o077 != 0 && opened.set_permissions(Permissions::from_mode(0o700)).is_ok() {
        return Ok(());
    }
    if !is_trusted(owner) || mode & WRITABLE != 0 && mode & STICKY == 0 {
        return Err(InvalidAccess::Directory { owner, mode });
    }
    Ok(())
}

/// The whole file, if it has at most `limit` bytes. `None`: it does not exist. Does not block on a pipe or device, nor
/// follow a link.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, InvalidAccess> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // A link or a socket, neither of which can be opened.
        Err(error) => {
            let found = fs::symlink_metadata(path).ok();
            return Err(found.and_then(|found| kind(&found)).unwrap_or(InvalidAccess::Unreadable(error)));
        }
    };
    let metadata = file.metadata()?;
    if let Some(kind) = kind(&metadata) {
        return Err(kind);
    }
    if !is_trusted(metadata.uid()) {
        return Err(InvalidAccess::Owner(metadata.uid()));
    }
    if metadata.mode() & WRITABLE != 0 {
        return Err(InvalidAccess::Writable(metadata.mode() & 0o7777));
    }
    if metadata.len() > limit {
        return Err(InvalidAccess::TooLarge { bytes: metadata.len(), limit });
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes a new file for its owner only. Removes an existing one first, so that nothing is written through a link.
pub(super) fn write_anew(path: &Path) -> io::Result<File> {
    remove(path)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
}

/// Succeeds if it does not exist.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `None`: a regular file.
fn kind(metadata: &Metadata) -> Option<InvalidAccess> {
    let kind = metadata.file_type();
    let name = match () {
        () if kind.is_file() => return None,
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Some(InvalidAccess::Kind(name))
}

/// Owned by root or by this process's user.
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

fn is_alone(directory: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        if Path::new(&name).file_stem() != Some(OsStr::new(super::NAME)) {
            return Ok(false);
        }
    }
    Ok(true)
}
