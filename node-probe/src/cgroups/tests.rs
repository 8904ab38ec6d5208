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

/// A tree with a pod `living` that has a process and one, `ended`, that has none.
fn tree() -> (tempfile::TempDir, PodCgroups) {
    let root = tempfile::tempdir().unwrap();
    for (pod, populated) in [("podliving", 1), ("podended", 0)] {
        let pod = root.path().join("kubepods/besteffort").join(pod);
        fs::create_dir_all(&pod).unwrap();
        fs::write(pod.join("cgroup.events"), format!("populated {populated}\nfrozen 0\n")).unwrap();
    }
    let pods = PodCgroups::new(root.path().to_owned(), KubeletCgroups::default());
    (root, pods)
}

/// `None`: the observation was dropped.
fn gone(pods: &mut PodCgroups, speaker: &str, former: &[&str]) -> Option<Vec<String>> {
    let gone = former.iter().map(ToString::to_string).collect();
    let mut observed = vec![ObservedAddress { uid: speaker.to_owned(), address: [10, 0, 0, 1].into(), since: 1, gone }];
    pods.strike_living(&mut observed);
    observed.pop().map(|observed| observed.gone)
}

fn some(uids: &[&str]) -> Option<Vec<String>> {
    Some(uids.iter().map(ToString::to_string).collect())
}

#[test]
fn a_pod_is_gone_when_no_process_of_it_is_left() {
    let (_root, mut pods) = tree();
    assert_eq!(gone(&mut pods, "living", &["ended", "removed"]), some(&["ended", "removed"]));
}

#[test]
fn an_observation_at_the_address_of_a_running_pod_is_withheld() {
    let (_root, mut pods) = tree();
    assert_eq!(gone(&mut pods, "ended", &["living", "ended"]), None);
    assert_eq!(gone(&mut pods, "ended", &["removed", "living"]), None);
    assert_eq!(gone(&mut pods, "living", &[]), some(&[]));
}

#[test]
fn without_any_cgroup_of_a_pod_no_pod_is_reported_as_gone() {
    let (_root, mut pods) = tree();
    assert_eq!(gone(&mut pods, "removed", &["ended"]), some(&[]));
    assert_eq!(gone(&mut pods, "living", &["ended"]), some(&["ended"]));
}

#[test]
fn a_pod_whose_cgroup_cannot_be_read_is_not_reported_as_gone() {
    let no_descriptor = Err(io::Error::from_raw_os_error(libc::EMFILE));
    let no_directory = Err(io::Error::from(io::ErrorKind::NotFound));
    let [unread, absent] = [no_descriptor, no_directory].map(|events| life(&events));
    assert_eq!((unread, absent), (Life::Unknown, Life::None));
    // One of the places where its cgroup may be could be read.
    assert_eq!([Life::Unknown, life(&Ok("populated 1\n".to_owned())), Life::None].into_iter().max(), Some(Life::Seen));
    assert_eq!([unread, absent].into_iter().max(), Some(Life::Unknown));
}
