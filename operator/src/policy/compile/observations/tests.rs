use super::*;
use crate::source::sample::{ip, pod};

fn observation(address: &str, since: u64) -> ObservedAddress {
    ObservedAddress { uid: "uid-a".to_owned(), address: ip(address), since, gone: vec![] }
}

/// By its status.
fn own(address: &str, observed: Option<u64>) -> Ownership {
    Ownership { address: ip(address), right: Right::Own, started: 3, observed }
}

fn observed(address: &str, since: u64) -> Ownership {
    Ownership { address: ip(address), right: Right::Observed, started: 3, observed: Some(since) }
}

fn a(addresses: &[&str]) -> object::Pod {
    object::Pod {
        addresses: addresses.iter().map(|address| ip(address)).collect(),
        started: 3,
        ..pod("web", "a", "::")
    }
}

#[test]
fn the_first_observation_of_any_container_counts() {
    let mut observations = ObservedAddresses::default();
    let pod = a(&["10.0.0.1"]);
    assert!(observations.take(&pod, &observation("10.0.0.1", 9)));
    assert!(!observations.take(&pod, &observation("10.0.0.1", 10)));
    assert!(observations.take(&pod, &observation("10.0.0.1", 8)));
    assert_eq!(observations.ownerships(&pod), [own("10.0.0.1", Some(8))]);
}

#[test]
fn a_pod_has_the_addresses_of_its_status_and_before_that_the_observed_ones() {
    let mut observations = ObservedAddresses::default();
    observations.take(&a(&[]), &observation("10.0.0.1", 9));
    observations.take(&a(&[]), &observation("192.168.7.7", 9));
    assert_eq!(observations.ownerships(&a(&[])), [observed("10.0.0.1", 9), observed("192.168.7.7", 9)]);
    assert_eq!(
        observations.ownerships(&a(&["10.0.0.1", "fd00::1"])),
        [own("10.0.0.1", Some(9)), own("fd00::1", None)],
        "another network of the pod's own may be used by another pod elsewhere"
    );
    let host = object::Pod { host_network: true, ..a(&["10.0.0.1"]) };
    assert_eq!(observations.ownerships(&host), []);
}

#[test]
fn a_recreated_pod_has_no_observations() {
    let mut observations = ObservedAddresses::default();
    observations.take(&a(&[]), &observation("10.0.0.1", 9));
    let again = object::Pod { uid: "again".to_owned(), ..a(&[]) };
    assert_eq!(observations.ownerships(&again), []);
    observations.take(&again, &observation("10.0.0.2", 20));
    assert_eq!(observations.ownerships(&again), [observed("10.0.0.2", 20)]);
    observations.forget(&again.name);
    assert_eq!((observations.ownerships(&again), observations.pods.len()), (vec![], 0));
}

#[test]
fn of_one_pod_only_so_many_addresses_are_kept() {
    let mut observations = ObservedAddresses::default();
    let kept = (0..20).filter(|number| observations.take(&a(&[]), &observation(&format!("10.0.0.{number}"), 9)));
    assert_eq!(kept.count(), MAX);
}
