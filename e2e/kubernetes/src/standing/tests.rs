use super::{Owner, destination, is_ours};

#[test]
fn a_route_into_the_clusters_ranges_is_recognized() {
    let is_taken = |route: &str| destination(route).is_some_and(is_ours);
    for taken in [
        "10.96.0.0/16 via 10.1.0.1 dev tun0",
        "10.244.1.0/24 via 192.168.49.2 dev br-kind",
        "local 10.99.0.254 dev eth1 table local proto kernel scope host src 10.99.0.254",
        "blackhole 10.244.2.0/24",
    ] {
        assert!(is_taken(taken), "{taken}");
    }
    for free in [
        "default via 10.96.0.1 dev eth0",
        "10.0.0.0/8 via 172.17.0.1 dev tun0",
        "10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.17",
        "10.97.0.0/16 dev docker0 proto kernel",
        "10.99.1.0/24 dev eth2 proto kernel scope link src 10.99.0.7",
        "broadcast 172.17.255.255 dev docker0 table local",
    ] {
        assert!(!is_taken(free), "{free}");
    }
}

#[test]
fn an_owner_is_found_by_the_purpose_in_its_state_file() {
    for owner in Owner::ALL {
        assert_eq!(Owner::of(owner.purpose()), Some(owner));
    }
    assert_eq!(Owner::of("tests of process 7"), None);
}
