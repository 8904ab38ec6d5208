//! Names of older files: the higher the number, the older.

use super::explained;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Gives the file the number 1, and the older ones the next. A gap among them ends that. The last one is removed.
pub(super) fn shift(path: &Path, max_files: u32) -> io::Result<()> {
    let last = oldest(max_files);
    if last == 0 {
        return or_missing(path, fs::remove_file(path));
    }
    let is_free = |number: &u32| fs::symlink_metadata(numbered(path, *number)).is_err();
    let free = (1..last).find(is_free).unwrap_or(last);
    for number in (1..free).rev() {
        rename(&numbered(path, number), &numbered(path, number + 1))?;
    }
    rename(path, &numbered(path, 1))
}

/// Removes files that have a number beyond the last one, such as those from a time with another limit.
pub(super) fn remove_surplus(path: &Path, max_files: u32) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Ok(());
    };
    for entry in fs::read_dir(directory).map_err(|error| explained(directory, &error))? {
        let entry = entry.map_err(|error| explained(directory, &error))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let number = entry.file_name().to_str().and_then(|found| number(found, name));
        if is_file && number.is_some_and(|number| number > oldest(max_files)) {
            or_missing(&entry.path(), fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn oldest(max_files: u32) -> u32 {
    max_files.saturating_sub(1)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    path.with_added_extension(number.to_string())
}

/// Only as it is written here: `.01` is somebody else's.
fn number(found: &str, name: &str) -> Option<u32> {
    let text = found.strip_prefix(name)?.strip_prefix('.')?;
    text.parse().ok().filter(|number: &u32| *number > 0 && number.to_string() == text)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    or_missing(to, fs::rename(from, to))
}

/// Somebody else may have removed it first.
fn or_missing(path: &Path, outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(explained(path, &error)),
        _ => Ok(()),
    }
}
