use super::*;

fn header() -> Header {
    Header { boot: "8a4f1d7e-boot".to_owned(), instance: 77, position: Position { ring: 4096, epoch: 3 } }
}

/// A directory with one saved state.
fn saved(body: &[u8]) -> (tempfile::TempDir, StateFile) {
    let directory = tempfile::tempdir().unwrap();
    let file = StateFile::of(directory.path());
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
    assert!(StateFile::of(Path::new("/nonexistent/longwire")).load().unwrap().is_none());
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
