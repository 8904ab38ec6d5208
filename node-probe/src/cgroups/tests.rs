use super::*;
use std::collections::HashMap;

#[test]
fn every_directory_below_the_root_is_found_by_its_inode() {
    let root = tempfile::tempdir().unwrap();
    let pod = root.path().join("kubepods/besteffort/pod1/container");
    fs::create_dir_all(&pod).unwrap();
    fs::write(root.path().join("kubepods/cgroup.procs"), "").unwrap();
    let found: HashMap<_, _> = scan(root.path()).into_iter().collect();
    assert_eq!(found[&fs::metadata(&pod).unwrap().ino()], "kubepods/besteffort/pod1/container");
    assert_eq!(found[&fs::metadata(root.path()).unwrap().ino()], "");
    assert_eq!(found.len(), 5);
}

#[test]
fn a_directory_that_is_no_cgroup_is_refused_by_name() {
    let nothing = tempfile::tempdir().unwrap();
    let error = root(Some(nothing.path())).unwrap_err().to_string();
    assert_eq!(error, format!("no cgroup v2 tree at {}: name its mount with --cgroup-root", nothing.path().display()));
}
