use super::*;
use std::fs;
use tempfile::TempDir;

mod errors;
mod foreign;
mod limits;

/// A directory with the files of one exporter.
struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn try_open(&self, max_bytes: u64, max_files: u32) -> io::Result<LogFiles> {
        open(self.directory.path(), max_bytes, max_files)
    }

    fn open(&self, max_bytes: u64, max_files: u32) -> LogFiles {
        self.try_open(max_bytes, max_files).unwrap()
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Names and contents, in the order of names.
    fn files(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.directory.path()).unwrap().map(Result::unwrap);
        let read =
            |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap());
        let mut files: Vec<_> = entries.map(read).collect();
        files.sort();
        files
    }

    fn check(&self, expected: &[(&str, &str)]) {
        let files = self.files();
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(files, expected);
    }
}

fn open(directory: &Path, max_bytes: u64, max_files: u32) -> io::Result<LogFiles> {
    LogFiles::open(directory, &ExporterName::parse("audit").unwrap(), LogFile { max_bytes, max_files })
}

/// As if the last look were a second ago.
fn look(files: &mut LogFiles) {
    files.looked -= BETWEEN_LOOKS;
}
