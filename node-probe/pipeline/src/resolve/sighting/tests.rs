use super::*;

fn seen(uid: &str, address: &str, at: u64) -> Seen {
    Seen { uid: uid.into(), address: address.parse().unwrap(), at }
}

#[test]
fn what_is_new_of_local_pods_is_told_once_and_all_of_it_whenever_a_stream_begins() {
    let mut sightings = Sightings::new();
    let (a, b) = (seen("a", "10.0.0.1", 6), seen("b", "10.0.0.2", 5));
    sightings.see(1, a.clone());
    sightings.see(2, b.clone());
    assert_eq!(sightings.take(|uid| uid == "a"), [(a.clone(), true)]);
    assert_eq!(sightings.take(|uid| uid == "a"), []);
    // The operator tells of the pod later than the kernel.
    assert_eq!(sightings.take(|_| true), [(b.clone(), true)]);
    sightings.repeat_all(5 + FRESH);
    assert_eq!(sightings.take(|_| true), [(b, false), (a, true)], "the first to speak first");
}

#[test]
fn what_is_fresh_is_told_again_when_another_pod_turns_out_to_have_the_address() {
    let mut sightings = Sightings::new();
    let b = seen("b", "10.0.0.1", 5);
    sightings.see(1, b.clone());
    sightings.see(2, seen("c", "10.0.0.2", 5));
    sightings.take(|_| true);
    sightings.repeat_at("10.0.0.1".parse().unwrap(), "b", 6);
    assert_eq!(sightings.take(|_| true), [], "its own status");
    sightings.repeat_at("10.0.0.1".parse().unwrap(), "a", 6);
    assert_eq!(sightings.take(|_| true), [(b, true)]);
    sightings.repeat_at("10.0.0.1".parse().unwrap(), "a", 5 + FRESH);
    assert_eq!(sightings.take(|_| true), []);
}

#[test]
fn a_second_word_of_the_kernel_about_the_same_changes_nothing() {
    let mut sightings = Sightings::new();
    sightings.see(1, seen("a", "10.0.0.1", 5));
    sightings.take(|_| true);
    sightings.see(1, seen("a", "10.0.0.1", 9));
    assert_eq!(sightings.take(|_| true), []);
    sightings.repeat_all(9);
    assert_eq!(sightings.take(|_| true), [(seen("a", "10.0.0.1", 5), true)]);
}

#[test]
fn pods_that_nobody_says_are_of_this_node_are_not_waited_for_for_ever() {
    let mut sightings = Sightings::new();
    sightings.see(1, seen("elsewhere", "10.0.0.1", 5));
    sightings.sweep(4 + STRANGE);
    assert_eq!(sightings.news.len(), 1);
    sightings.sweep(5 + STRANGE);
    assert_eq!(sightings.news.len(), 0);
}

#[test]
fn more_containers_than_are_remembered_cost_the_oldest() {
    let mut sightings = Sightings::new();
    for cgroup in 0..=MOST as u64 {
        sightings.see(cgroup, seen(&cgroup.to_string(), "10.0.0.1", 1));
    }
    assert_eq!((sightings.known.len(), sightings.news.len()), (MOST, MOST));
    assert!(!sightings.news.contains_key(&0));
}

#[test]
fn a_moment_is_told_by_the_clock_as_it_is_when_it_is_told() {
    let expected = Sighting { uid: "a".to_owned(), address: "10.0.0.1".parse().unwrap(), since: 105, gone: vec![] };
    assert_eq!(seen("a", "10.0.0.1", 5).by_clock(100), expected);
}
