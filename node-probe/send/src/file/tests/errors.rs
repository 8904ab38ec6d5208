//! What the node does not allow. Only root can arrange that.

use super::*;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Uid, geteuid, setfsuid};
use std::os::unix::fs::PermissionsExt;
use std::thread;

/// In a thread with a file system of its own, of 64 KiB, which ends with it.
fn in_a_small_file_system(test: impl FnOnce(&Path) + Send) {
    if !geteuid().is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let run = || {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).unwrap();
        mount(Some("tmpfs"), directory.path(), Some("tmpfs"), MsFlags::empty(), Some("size=64k")).unwrap();
        test(directory.path());
    };
    thread::scope(|scope| scope.spawn(run).join().unwrap());
}

fn line(letter: &str, bytes: usize) -> String {
    letter.repeat(bytes - 1) + "\n"
}

#[test]
fn a_full_disk_leaves_no_half_line_and_all_is_well_when_there_is_room() {
    in_a_small_file_system(|directory| {
        let path = directory.join("audit.log");
        let mut files = open(directory, 1 << 20, 3).unwrap();
        let good = line("a", 60_000);
        files.write_all(good.as_bytes()).unwrap();
        let error = files.write_all(line("b", 10_000).as_bytes()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(error.to_string().ends_with(": free space, or lower maxMebibytes or maxFiles"), "{error}");
        assert!(error.to_string().starts_with(path.to_str().unwrap()), "{error}");
        assert!(fs::read_to_string(&path).unwrap() == good);
        // What is shorter may still fit.
        files.write_all(b"c\n").unwrap();
        assert!(fs::read_to_string(&path).unwrap() == good.clone() + "c\n");
        mount(None::<&str>, directory, None::<&str>, MsFlags::MS_REMOUNT, Some("size=1m")).unwrap();
        files.write_all(line("d", 10_000).as_bytes()).unwrap();
        assert!(fs::read_to_string(&path).unwrap() == good + "c\n" + &line("d", 10_000));
    });
}

#[test]
fn a_disk_smaller_than_the_limits_keeps_its_old_files_and_takes_no_new_lines() {
    in_a_small_file_system(|directory| {
        let mut files = open(directory, 30_000, 3).unwrap();
        let lines = ["a", "b", "c", "d"].map(|letter| line(letter, 25_000));
        let outcomes = lines.each_ref().map(|line| files.write_all(line.as_bytes()).is_ok());
        // The third has no room beside two. Its file is empty, so nothing is rotated for the fourth.
        assert_eq!(outcomes, [true, true, false, false]);
        assert!(fs::read_to_string(directory.join("audit.log.1")).unwrap() == lines[1]);
        assert!(fs::read_to_string(directory.join("audit.log.2")).unwrap() == lines[0]);
        assert_eq!(fs::read_to_string(directory.join("audit.log")).unwrap(), "");
    });
}

#[test]
fn a_disk_that_becomes_read_only_is_said_and_used_again_later() {
    in_a_small_file_system(|directory| {
        let mut files = open(directory, 100, 3).unwrap();
        files.write_all(b"a\n").unwrap();
        drop(files.current.take());
        mount(None::<&str>, directory, None::<&str>, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, None::<&str>).unwrap();
        let error = files.write_all(b"b\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem);
        assert!(error.to_string().ends_with(": let the probe write there"), "{error}");
        mount(None::<&str>, directory, None::<&str>, MsFlags::MS_REMOUNT, None::<&str>).unwrap();
        files.write_all(b"c\n").unwrap();
        assert_eq!(fs::read_to_string(directory.join("audit.log")).unwrap(), "a\nc\n");
    });
}

#[test]
fn a_directory_of_somebody_else_is_said() {
    if !geteuid().is_root() {
        return;
    }
    let fixture = Fixture::new();
    fs::set_permissions(fixture.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // The user for files is the thread's own.
    thread::scope(|scope| {
        let opened = scope.spawn(|| {
            setfsuid(Uid::from_raw(65534));
            fixture.try_open(100, 3)
        });
        let error = opened.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().ends_with("audit.log: Permission denied (os error 13): let the probe write there"));
    });
}
