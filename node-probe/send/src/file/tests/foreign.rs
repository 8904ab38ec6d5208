//! What others do in the directory.

use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

#[test]
fn a_link_that_was_prepared_is_not_followed() {
    let fixture = Fixture::new();
    let elsewhere = Fixture::new();
    elsewhere.put("shadow", "root\n");
    for target in [elsewhere.path("shadow"), elsewhere.path("missing")] {
        symlink(target, fixture.path("audit.log")).unwrap();
        let error = fixture.try_open(100, 3).unwrap_err();
        let expected = format!("{}: is no regular file: move it away", fixture.path("audit.log").display());
        assert_eq!(error.to_string(), expected);
        fs::remove_file(fixture.path("audit.log")).unwrap();
    }
    fs::hard_link(elsewhere.path("shadow"), fixture.path("audit.log")).unwrap();
    let error = fixture.try_open(100, 3).unwrap_err();
    assert!(error.to_string().ends_with("audit.log: has another hard link: move it away"), "{error}");
    elsewhere.check(&[("shadow", "root\n")]);
}

#[test]
fn a_link_among_the_old_files_is_renamed_and_replaced_itself() {
    let fixture = Fixture::new();
    let elsewhere = Fixture::new();
    elsewhere.put("shadow", "root\n");
    let mut files = fixture.open(2, 3);
    symlink(elsewhere.path("shadow"), fixture.path("audit.log.1")).unwrap();
    files.write_all(b"a\nb\nc\nd\n").unwrap();
    elsewhere.check(&[("shadow", "root\n")]);
    fixture.check(&[("audit.log", "d\n"), ("audit.log.1", "c\n"), ("audit.log.2", "b\n")]);
}

#[test]
fn a_link_that_takes_the_place_of_the_file_is_not_followed() {
    let fixture = Fixture::new();
    let elsewhere = Fixture::new();
    elsewhere.put("shadow", "root\n");
    let mut files = fixture.open(100, 3);
    fs::remove_file(fixture.path("audit.log")).unwrap();
    symlink(elsewhere.path("shadow"), fixture.path("audit.log")).unwrap();
    look(&mut files);
    assert!(files.write_all(b"a\n").is_err());
    elsewhere.check(&[("shadow", "root\n")]);
    fs::remove_file(fixture.path("audit.log")).unwrap();
    files.write_all(b"b\n").unwrap();
    fixture.check(&[("audit.log", "b\n")]);
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let fixture = Fixture::new();
    let path = fixture.path("audit.log");
    let refused = |what: &str| {
        let error = fixture.try_open(100, 3).unwrap_err();
        assert!(error.to_string().ends_with("audit.log: is no regular file: move it away"), "{what}: {error}");
    };
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    refused("fifo");
    fs::remove_file(&path).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    refused("socket");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("directory");
}

#[test]
fn a_directory_in_the_place_of_the_oldest_file_stops_writing_rather_than_the_limit() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("audit.log.1")).unwrap();
    let mut files = fixture.open(2, 2);
    files.write_all(b"a\n").unwrap();
    let error = files.write_all(b"b\n").unwrap_err();
    assert!(error.to_string().contains("audit.log.1: "), "{error}");
    assert_eq!(fs::read_to_string(fixture.path("audit.log")).unwrap(), "a\n");
    fs::remove_dir(fixture.path("audit.log.1")).unwrap();
    files.write_all(b"c\n").unwrap();
    fixture.check(&[("audit.log", "c\n"), ("audit.log.1", "a\n")]);
}

#[test]
fn a_file_that_was_moved_away_gets_no_lines_after_the_next_look() {
    let fixture = Fixture::new();
    let mut files = fixture.open(100, 3);
    files.write_all(b"a\n").unwrap();
    fs::rename(fixture.path("audit.log"), fixture.path("moved")).unwrap();
    files.looked = Instant::now() + BETWEEN_LOOKS;
    files.write_all(b"b\n").unwrap();
    fixture.check(&[("moved", "a\nb\n")]);
    files.looked = Instant::now() - BETWEEN_LOOKS;
    files.write_all(b"c\n").unwrap();
    fixture.check(&[("audit.log", "c\n"), ("moved", "a\nb\n")]);
}

#[test]
fn a_full_file_that_was_moved_away_is_not_counted_among_the_old_ones() {
    let fixture = Fixture::new();
    let mut files = fixture.open(2, 3);
    files.write_all(b"a\nb\n").unwrap();
    fs::rename(fixture.path("audit.log"), fixture.path("moved")).unwrap();
    files.write_all(b"c\n").unwrap();
    fixture.check(&[("audit.log", "c\n"), ("audit.log.1", "a\n"), ("moved", "b\n")]);
}

#[test]
fn a_file_that_was_emptied_has_its_whole_room_again() {
    let fixture = Fixture::new();
    let mut files = fixture.open(4, 3);
    files.write_all(b"a\nb\n").unwrap();
    fixture.put("audit.log", "");
    look(&mut files);
    files.write_all(b"c\nd\n").unwrap();
    fixture.check(&[("audit.log", "c\nd\n")]);
}

#[test]
fn a_directory_that_vanished_and_came_back_is_found_again() {
    let fixture = Fixture::new();
    let directory = fixture.path("logs");
    let error = open(&directory, 100, 3).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().ends_with(": mount the directory into the probe's pod"), "{error}");
    fs::create_dir(&directory).unwrap();
    let mut files = open(&directory, 100, 3).unwrap();
    files.write_all(b"a\n").unwrap();
    fs::remove_dir_all(&directory).unwrap();
    look(&mut files);
    assert_eq!(files.write_all(b"b\n").unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(files.write_all(b"b\n").unwrap_err().kind(), io::ErrorKind::NotFound);
    fs::create_dir(&directory).unwrap();
    files.write_all(b"c\n").unwrap();
    assert_eq!(fs::read_to_string(directory.join("audit.log")).unwrap(), "c\n");
}
