//! The files of a directory and what is in them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Deep enough for any tree that people keep, and an end to links that lead back up.
const DEEPEST: usize = 16;
/// Bytes; the objects of thousands of pods.
const LARGEST: u64 = 64 << 20;

/// What was found, by path: a file's text, or why it, or all below it, could not be read.
pub(super) type Found = BTreeMap<PathBuf, io::Result<String>>;

pub(super) fn walk(directory: &Path) -> Found {
    let mut found = Found::new();
    enter(directory, 0, &mut found);
    found
}

fn enter(directory: &Path, depth: usize, found: &mut Found) {
    let entries = fs::read_dir(directory).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let entries = match entries {
        Ok(entries) => entries,
        // Gone since its parent was read. The top directory is another matter: it is not ours to take that for empty.
        Err(error) if error.kind() == io::ErrorKind::NotFound && depth > 0 => return,
        Err(error) => return drop(found.insert(directory.to_owned(), Err(error))),
    };
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        // Editors keep their own there; and kubelet the directories that its links lead to, each file a second time.
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && depth < DEEPEST => enter(&path, depth + 1, found),
            Ok(metadata) if metadata.is_file() && is_manifest(&path) => {
                if let Some(text) = read(&path, metadata.len()) {
                    found.insert(path, text);
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => drop(found.insert(path, Err(error))),
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml" | "json"))
}

/// `None` for a file that is gone meanwhile.
fn read(path: &Path, size: u64) -> Option<io::Result<String>> {
    if size > LARGEST {
        let reason = format!("{size} bytes, and {LARGEST} is the most a manifest may have");
        return Some(Err(io::Error::new(io::ErrorKind::FileTooLarge, reason)));
    }
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        outcome => Some(outcome),
    }
}
