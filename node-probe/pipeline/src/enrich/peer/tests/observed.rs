//! What is told of a pod that was seen to speak: who else has its address.

use super::*;
use crate::record::SightRecord;

#[test]
fn who_else_has_the_address_of_a_pod_that_speaks_is_told_with_it() {
    let mut world = World::new();
    let others = |world: &mut World, cgroup, address: &str| {
        let record = SightRecord { cgroup, netns: 7, local: address.parse().unwrap(), time: 9 };
        world.enrich.sight(&record);
        let told = world.enrich.take_sightings().into_iter();
        told.map(|told| format!("{} {}", told.uid, told.gone.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(others(&mut world, 2, "10.0.0.1"), ["uid-b uid-a"], "by its status");
    assert_eq!(others(&mut world, 1, "10.0.0.1"), ["uid-a uid-b"], "by an earlier word");
    assert_eq!(others(&mut world, 1, "10.0.0.9"), ["uid-a "]);
    // Of one that the operator has said is gone it needs no word.
    world.enrich.apply(&Update { removed_pods: vec!["uid-a".to_owned()], ..Update::default() }, 10);
    assert_eq!(others(&mut world, 2, "10.0.0.9"), ["uid-b "]);
}
