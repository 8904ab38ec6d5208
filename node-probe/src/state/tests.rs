use super::*;
use rustix::fs::{FileType, Mode, mknodat};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, Instant};

fn header() -> Header {
    Header { boot: "8a4f1d7e-boot".to_owned(), instance: 77, position: Position { ring: 4096, epoch: 3 } }
}

/// A directory with one saved state.
fn saved(body: &[u8]) -> (tempfile::TempDir, StateFile) {
    let directory = tempfile::tempdir().unwrap();
    let file = StateFile::of(directory.path(), 1, 1);
    let mut writing = file.begin(&header()).unwrap();
    writing.write(body).unwrap();
    writing.finish().unwrap();
    (directory, file)
}

#[test]
fn what_was_saved_is_loaded() {
    let (_directory, file) = saved(b"everything");
    let loaded = file.load().unwrap().unwrap();
    assert_eq!(loaded.header, header());
    assert_eq!(loaded.pipeline, b"everything");
}

#[test]
fn nothing_was_saved_in_a_directory_that_is_not_there() {
    assert!(StateFile::of(Path::new("/nonexistent/longwire"), 1, 1).load().unwrap().is_none());
}

#[test]
fn a_save_that_was_killed_leaves_the_one_before() {
    let (_directory, file) = saved(b"before");
    let mut killed = file.begin(&header()).unwrap();
    killed.write(b"half").unwrap();
    drop(killed);
    assert_eq!(file.load().unwrap().unwrap().pipeline, b"before");
}

#[test]
fn every_cut_and_every_changed_byte_is_found() {
    let (_directory, file) = saved(b"everything");
    let whole = fs::read(file.path()).unwrap();
    for cut in 0..whole.len() {
        fs::write(file.path(), &whole[..cut]).unwrap();
        assert!(file.load().is_err(), "cut at {cut}");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        fs::write(file.path(), &changed).unwrap();
        assert!(file.load().is_err(), "changed at {at}");
    }
}

#[test]
fn another_version_and_another_file_are_named() {
    let (_directory, file) = saved(b"everything");
    let mut other = fs::read(file.path()).unwrap();
    other[8..12].copy_from_slice(&(STATE_VERSION + 1).to_le_bytes());
    fs::write(file.path(), &other).unwrap();
    let says = |version| format!("it is of version {version}, and this build reads {STATE_VERSION}");
    assert_eq!(file.load().unwrap_err().to_string(), says(STATE_VERSION + 1));
    fs::write(file.path(), [b'x'; 200]).unwrap();
    assert_eq!(file.load().unwrap_err().to_string(), "it is no state of Longwire");
}

#[test]
fn uninstalling_takes_the_directory_too_where_it_is_empty() {
    let (directory, file) = saved(b"everything");
    file.uninstall().unwrap();
    assert!(!directory.path().exists());
    file.uninstall().unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn directory_and_file_are_their_owners_alone() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("longwire");
    let file = StateFile::of(&directory, 1, 1);
    file.begin(&header()).unwrap().finish().unwrap();
    assert_eq!([mode(&directory), mode(file.path())], [0o700, 0o600]);
}

#[test]
fn a_directory_that_kubelet_made_is_restricted_at_start() {
    let (directory, file) = saved(b"everything");
    set_mode(directory.path(), 0o755);
    assert_eq!(file.load().unwrap().unwrap().pipeline, b"everything");
    assert_eq!(mode(directory.path()), 0o700);
}

#[test]
fn a_directory_that_others_use_too_keeps_its_mode_and_is_refused_where_they_could_replace_the_state() {
    let (directory, file) = saved(b"everything");
    fs::write(directory.path().join("of another"), "").unwrap();
    for (of_directory, is_used) in [(0o755, true), (0o1777, true), (0o777, false), (0o770, false)] {
        set_mode(directory.path(), of_directory);
        assert_eq!(file.load().is_ok(), is_used, "{of_directory:o}");
        assert_eq!(file.begin(&header()).is_ok(), is_used, "{of_directory:o}");
        assert_eq!(mode(directory.path()), of_directory);
    }
    let refused = file.load().unwrap_err().to_string();
    assert!(refused.contains("mode 770") && refused.contains("--state-dir"), "{refused}");
}

/// Replaces the state by something else and returns the reason of the immediate refusal.
fn refused(make: impl FnOnce(&Path)) -> String {
    let (_directory, file) = saved(b"everything");
    let began = Instant::now();
    make(file.path());
    let refused = file.load().unwrap_err().to_string();
    assert!(began.elapsed() < Duration::from_secs(60), "{refused}, after {:?}", began.elapsed());
    refused
}

#[test]
fn what_is_no_file_of_its_own_is_refused_and_named() {
    let make_node = |kind, device| {
        move |path: &Path| {
            fs::remove_file(path).unwrap();
            mknodat(rustix::fs::CWD, path, kind, Mode::RUSR | Mode::WUSR, device).unwrap();
        }
    };
    assert_eq!(refused(make_node(FileType::Fifo, 0)), "it is a named pipe, not a regular file: remove it");
    assert_eq!(refused(make_node(FileType::Socket, 0)), "it is a socket, not a regular file: remove it");
    let link = |path: &Path| {
        fs::rename(path, path.with_extension("elsewhere")).unwrap();
        symlink(path.with_extension("elsewhere"), path).unwrap();
    };
    assert_eq!(refused(link), "it is a symbolic link, not a regular file: remove it");
    let directory = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    assert_eq!(refused(directory), "it is a directory, not a regular file: remove it");
    let writable = "it has mode 620, and only the probe's own user may write it: remove it";
    assert_eq!(refused(|path| set_mode(path, 0o620)), writable);
    let sparse = |path: &Path| File::options().write(true).open(path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(refused(sparse), "it has 1099511627776 bytes, and at most 67110912 are read: remove it");
}

#[test]
fn a_state_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(1234), None).unwrap();
    assert_eq!(refused(give), "it belongs to user 1234, and only the probe's own user may write it: remove it");
}

#[test]
fn nothing_is_written_through_a_link_that_stands_where_the_state_is_made() {
    let (directory, file) = saved(b"before");
    let victim = directory.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    symlink(&victim, directory.path().join("state.new")).unwrap();
    let mut writing = file.begin(&header()).unwrap();
    writing.write(b"after").unwrap();
    writing.finish().unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"untouched");
    assert_eq!(file.load().unwrap().unwrap().pipeline, b"after");
    assert!(fs::symlink_metadata(file.path()).unwrap().is_file());
}
