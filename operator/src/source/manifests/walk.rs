//! The files of a directory and what is in them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Deep enough for any tree that people keep, and an end to links that lead back up.
const MAX_DEPTH: usize = 16;
/// Bytes of all manifests together: the objects of many thousand pods. Their texts are in memory while they are compared.
pub const MAX_BYTES: u64 = 64 << 20;
/// Files, counted before they are read.
const MAX_FILES: usize = 16_384;

/// What was found, by path: a file's text, or why it, or all below it, could not be read.
pub type Found = BTreeMap<PathBuf, io::Result<String>>;

/// The manifests of a directory and of all below it. Names that begin with a dot are left out.
#[must_use]
pub fn walk(directory: &Path) -> Found {
    let mut walk = Walk { found: Found::new(), bytes: 0, files: 0 };
    walk.enter(directory, 0);
    if walk.files > MAX_FILES {
        let reason = format!("more than {MAX_FILES} manifests: put several objects into one file");
        walk.found.insert(directory.to_owned(), Err(io::Error::new(io::ErrorKind::FileTooLarge, reason)));
    }
    walk.found
}

struct Walk {
    found: Found,
    /// Of the files read so far.
    bytes: u64,
    files: usize,
}

impl Walk {
    fn enter(&mut self, directory: &Path, depth: usize) {
        let entries = fs::read_dir(directory).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let entries = match entries {
            // In an order of its own, so that the same files are left out each time where there are too many.
            Ok(mut entries) => {
                entries.sort_unstable_by_key(fs::DirEntry::file_name);
                entries
            }
            // Gone since its parent was read. The top directory is another matter: it is not ours to take that for empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound && depth > 0 => return,
            Err(error) => return drop(self.found.insert(directory.to_owned(), Err(error))),
        };
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            // Editors keep their own there; and kubelet the directories that its links lead to, each file a second time.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() && depth < MAX_DEPTH => self.enter(&path, depth + 1),
                Ok(metadata) if metadata.is_file() && is_manifest(&path) => {
                    self.files += 1;
                    if self.files > MAX_FILES {
                        return;
                    }
                    if let Some(text) = self.read(&path, metadata.len()) {
                        self.found.insert(path, text);
                    }
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => drop(self.found.insert(path, Err(error))),
            }
        }
    }

    /// `None` for a file that is gone meanwhile.
    fn read(&mut self, path: &Path, size: u64) -> Option<io::Result<String>> {
        if self.bytes.saturating_add(size) > MAX_BYTES {
            let reason = format!(
                "{size} bytes, and the manifests before it have {}: {MAX_BYTES} are the most that all of a directory may have",
                self.bytes
            );
            return Some(Err(io::Error::new(io::ErrorKind::FileTooLarge, reason)));
        }
        match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            outcome => {
                self.bytes += outcome.as_ref().map_or(0, |text| text.len() as u64);
                Some(outcome)
            }
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml" | "json"))
}
