use super::*;
use std::time::Duration;

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

fn observation(speaker: &str, former: &[&str]) -> ObservedAddress {
    let gone = former.iter().map(ToString::to_string).collect();
    ObservedAddress { uid: speaker.to_owned(), address: [10, 0, 0, 1].into(), since: 1, gone }
}

/// `None`: the observation was withheld.
fn gone(pods: &mut PodCgroups, speaker: &str, former: &[&str]) -> Option<Vec<String>> {
    let mut observed = vec![observation(speaker, former)];
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

/// The last process of the pod ends.
fn end(root: &tempfile::TempDir, pod: &str) {
    let events = root.path().join("kubepods/besteffort").join(format!("pod{pod}/cgroup.events"));
    fs::write(events, "populated 0\nfrozen 0\n").unwrap();
}

#[test]
fn a_withheld_observation_is_released_when_the_former_owner_ends_and_counts_from_when_it_last_ran() {
    let (root, mut pods) = tree();
    let begin = realtime();
    assert_eq!(gone(&mut pods, "next", &["living", "ended"]), None);
    assert!(pods.has_withheld());
    assert_eq!(pods.released(Instant::now()), (vec![], 0));
    let still_ran = realtime();
    end(&root, "living");
    let (released, _) = pods.released(Instant::now());
    let [ObservedAddress { uid, since, gone, .. }] = &released[..] else { panic!("{released:?}") };
    assert_eq!((uid.as_str(), gone), ("next", &vec!["living".to_owned(), "ended".to_owned()]));
    assert!((begin..=still_ran).contains(since), "{begin} {since} {still_ran}");
    assert!(!pods.has_withheld() && pods.released(Instant::now()).0.is_empty());
}

#[test]
fn an_observation_that_is_repeated_after_it_was_withheld_does_not_count_from_its_first_time() {
    let (root, mut pods) = tree();
    let begin = realtime();
    assert_eq!(gone(&mut pods, "next", &["living"]), None);
    end(&root, "living");
    let mut again = vec![observation("next", &["living"])];
    assert_eq!(pods.strike_living(&mut again), Checked::default());
    assert!(again[0].since >= begin);
    assert!(!pods.has_withheld());
}

#[test]
fn withheld_observations_are_checked_for_a_minute_and_are_bounded() {
    let (_root, mut pods) = tree();
    for number in 0..1_000 {
        assert_eq!(gone(&mut pods, &format!("next{number}"), &["living"]), None);
    }
    assert_eq!(pods.withheld.due(Instant::now()).len(), 256);
    assert_eq!(pods.withheld.due(Instant::now())[0].uid, "next744");
    pods.released(Instant::now() + Duration::from_secs(61));
    assert!(!pods.has_withheld());
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
