//! What is reported of a pod whose address was observed: who else has its address.

use super::*;
use crate::record::AddressRecord;

/// The new address observations, as `pod others`.
fn observed(world: &mut World) -> Vec<String> {
    let observation = world.resolver.take_address_observations().into_iter();
    observation.map(|observation| format!("{} {}", observation.uid, observation.gone.join(" "))).collect()
}

fn observe(world: &mut World, cgroup: u64, address: &str, time: u64) {
    world.resolver.observe_address(&AddressRecord { cgroup, netns: 7, local: address.parse().unwrap(), time });
}

/// Its status comes to be this.
fn set_status(world: &mut World, uid: &str, addresses: &[&str]) {
    let mut local = world.resolver.locals.pods().find(|local| local.pod.uid == uid).expect("a pod").clone();
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    local.pod = Arc::new(Pod { addresses, ..Pod::clone(&local.pod) });
    world.resolver.apply(&Update { pods: vec![local], ..Update::default() }, 10);
}

#[test]
fn other_pods_at_an_observed_address_are_reported_with_it() {
    let mut world = World::new();
    let others = |world: &mut World, cgroup, address: &str| {
        observe(world, cgroup, address, 9);
        observed(world)
    };
    assert_eq!(others(&mut world, 2, "10.0.0.1"), ["uid-b uid-a"], "by its status");
    assert_eq!(others(&mut world, 1, "10.0.0.1"), ["uid-a "], "the other one's status names another address");
    assert_eq!(others(&mut world, 1, "10.0.0.9"), ["uid-a "]);
    // The operator says of one that it is gone. It does not know since when.
    world.resolver.apply(&Update { removed_pods: vec!["uid-a".to_owned()], ..Update::default() }, 10);
    assert_eq!(others(&mut world, 2, "10.0.0.9"), ["uid-b "]);
    assert_eq!(others(&mut world, 2, "10.0.0.1"), ["uid-b uid-a"]);
    world.resolver.sweep(11 + 60 * S);
    assert_eq!(others(&mut world, 2, "10.0.0.9"), ["uid-b "]);
    assert_eq!(others(&mut world, 2, "10.0.0.1"), ["uid-b "], "forgotten");
}

#[test]
fn a_new_stream_gets_all_observations_and_later_pods_are_no_former_owners() {
    let mut world = World::new();
    set_status(&mut world, "uid-a", &[]);
    observe(&mut world, 1, "10.0.0.9", 8);
    observe(&mut world, 2, "10.0.0.9", 9);
    assert_eq!(observed(&mut world), ["uid-a ", "uid-b uid-a"]);
    assert_eq!(observed(&mut world), [""; 0]);
    world.resolver.repeat_address_observations(10);
    assert_eq!(observed(&mut world), ["uid-a ", "uid-b uid-a"]);
    // Its status says that it was elsewhere.
    set_status(&mut world, "uid-a", &["10.0.0.1"]);
    world.resolver.repeat_address_observations(11);
    assert_eq!(observed(&mut world), ["uid-a ", "uid-b "]);
}

#[test]
fn a_status_that_comes_late_makes_its_pod_a_former_owner() {
    let mut world = World::new();
    observe(&mut world, 2, "10.0.0.9", 9);
    assert_eq!(observed(&mut world), ["uid-b "]);
    set_status(&mut world, "uid-a", &["10.0.0.9"]);
    assert_eq!(observed(&mut world), ["uid-b uid-a"]);
    set_status(&mut world, "uid-a", &["10.0.0.9"]);
    assert_eq!(observed(&mut world), [""; 0], "it says nothing new");
}
