//! The files that the command line names.

use longwire_operator::analyze::File;
use longwire_operator::source::manifests::{MAX_BYTES, walk};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Names standard input.
const STDIN: &str = "-";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{name}: {reason}")]
    File { name: String, reason: io::Error },
    #[error("{name}: is not UTF-8: save it as UTF-8, or leave it out")]
    NotUtf8 { name: String },
    #[error("{name}: no *.yaml, *.yml or *.json is in this directory or below it: name another")]
    Empty { name: String },
    #[error("{name}: with it the files have more than {MAX_BYTES} bytes: name fewer at a time")]
    TooLarge { name: String },
}

pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<File>, Unreadable> {
    let (mut files, mut bytes) = (Vec::new(), 0_u64);
    for path in paths {
        let found = if path.is_dir() { directory(path)? } else { vec![file(path, MAX_BYTES - bytes)?] };
        for file in found {
            bytes += file.text.len() as u64;
            if bytes > MAX_BYTES {
                return Err(Unreadable::TooLarge { name: file.name });
            }
            files.push(file);
        }
    }
    Ok(files)
}

fn directory(path: &Path) -> Result<Vec<File>, Unreadable> {
    let mut files = Vec::new();
    for (path, text) in walk(path) {
        let name = path.display().to_string();
        match text {
            Ok(text) => files.push(File { name, text }),
            Err(reason) => return Err(unreadable(name, reason)),
        }
    }
    if files.is_empty() {
        return Err(Unreadable::Empty { name: path.display().to_string() });
    }
    Ok(files)
}

/// Reads at most a byte more than there is room for.
fn file(path: &Path, room: u64) -> Result<File, Unreadable> {
    let is_stdin = path == Path::new(STDIN);
    let name = if is_stdin { "stdin".to_owned() } else { path.display().to_string() };
    let mut text = String::new();
    let read = if is_stdin {
        io::stdin().lock().take(room + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(room + 1).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(File { name, text }),
        Err(reason) => Err(unreadable(name, reason)),
    }
}

fn unreadable(name: String, reason: io::Error) -> Unreadable {
    match reason.kind() {
        io::ErrorKind::InvalidData => Unreadable::NotUtf8 { name },
        _ => Unreadable::File { name, reason },
    }
}
