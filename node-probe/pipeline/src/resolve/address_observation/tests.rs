use super::*;

fn observation(uid: &str, address: &str, at: u64) -> AddressObservation {
    AddressObservation { uid: uid.into(), address: address.parse().unwrap(), at }
}

#[test]
fn observations_of_local_pods_are_reported_once_and_all_of_them_on_a_new_stream() {
    let mut address_observations = AddressObservations::new();
    let (a, b) = (observation("a", "10.0.0.1", 6), observation("b", "10.0.0.2", 5));
    address_observations.observe(1, a.clone());
    address_observations.observe(2, b.clone());
    assert_eq!(address_observations.take(|uid| uid == "a"), [(a.clone(), true)]);
    assert_eq!(address_observations.take(|uid| uid == "a"), []);
    // The operator sends the pod later than the kernel reports it.
    assert_eq!(address_observations.take(|_| true), [(b.clone(), true)]);
    address_observations.repeat_all(5 + FRESH);
    assert_eq!(address_observations.take(|_| true), [(b, false), (a, true)], "the first to speak first");
}

#[test]
fn a_fresh_observation_is_reported_again_when_another_pod_has_the_address() {
    let mut address_observations = AddressObservations::new();
    let b = observation("b", "10.0.0.1", 5);
    address_observations.observe(1, b.clone());
    address_observations.observe(2, observation("c", "10.0.0.2", 5));
    address_observations.take(|_| true);
    address_observations.repeat_at("10.0.0.1".parse().unwrap(), "b", 6);
    assert_eq!(address_observations.take(|_| true), [], "its own status");
    address_observations.repeat_at("10.0.0.1".parse().unwrap(), "a", 6);
    assert_eq!(address_observations.take(|_| true), [(b, true)]);
    address_observations.repeat_at("10.0.0.1".parse().unwrap(), "a", 5 + FRESH);
    assert_eq!(address_observations.take(|_| true), []);
}

#[test]
fn a_repeated_observation_changes_nothing() {
    let mut address_observations = AddressObservations::new();
    address_observations.observe(1, observation("a", "10.0.0.1", 5));
    address_observations.take(|_| true);
    address_observations.observe(1, observation("a", "10.0.0.1", 9));
    assert_eq!(address_observations.take(|_| true), []);
    address_observations.repeat_all(9);
    assert_eq!(address_observations.take(|_| true), [(observation("a", "10.0.0.1", 5), true)]);
}

#[test]
fn observations_of_unknown_pods_are_dropped_after_a_while() {
    let mut address_observations = AddressObservations::new();
    address_observations.observe(1, observation("elsewhere", "10.0.0.1", 5));
    address_observations.sweep(4 + NOT_LOCAL_AFTER);
    assert_eq!(address_observations.news.len(), 1);
    address_observations.sweep(5 + NOT_LOCAL_AFTER);
    assert_eq!(address_observations.news.len(), 0);
}

#[test]
fn more_containers_than_are_remembered_cost_the_oldest() {
    let mut address_observations = AddressObservations::new();
    for cgroup in 0..=MAX_CONTAINERS as u64 {
        address_observations.observe(cgroup, observation(&cgroup.to_string(), "10.0.0.1", 1));
    }
    assert_eq!((address_observations.known.len(), address_observations.news.len()), (MAX_CONTAINERS, MAX_CONTAINERS));
    assert!(!address_observations.news.contains_key(&0));
}

#[test]
fn a_time_is_reported_by_the_clock_at_the_time_of_the_report() {
    let expected =
        ObservedAddress { uid: "a".to_owned(), address: "10.0.0.1".parse().unwrap(), since: 105, gone: vec![] };
    assert_eq!(observation("a", "10.0.0.1", 5).by_clock(100), expected);
}
