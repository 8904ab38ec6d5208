//! Connections that are too young to be named by an address.

use super::*;

/// The previous owner of an address is not taken for the client while the report of the next one is on its way.
#[test]
fn a_new_connection_waits_for_a_change_of_its_addresss_owner() {
    let check = |role: Role, who: &str, before: Vec<OwnerKind>, expected: &str| {
        let mut world = World::new();
        let address: SocketAddr = who.split(' ').nth(3).unwrap().parse().unwrap();
        world.resolver.identities.find(address, ResourceUser(0), 0, 0);
        world.resolver.identities.answer(&owned(&address.ip().to_string(), before));
        let mut pending = world.see(role, who, None);
        let wait = format!("wait Address({})", address.ip());
        assert_eq!(world.resolve_at(&mut pending, OPENED + 1), wait, "{who}");
        let next = Owner {
            kind: OwnerKind::Pod(pod("next", &address.ip().to_string(), false, &[])),
            from: OPENED,
            until: None,
            observed: true,
        };
        let mut both = owned(&address.ip().to_string(), vec![OwnerKind::Pod(pod("old", "10.0.1.7", false, &[]))]);
        both.owners[0].until = Some(OPENED);
        both.owners.push(next);
        world.resolver.apply(&Update { addresses: vec![both], ..Update::default() }, OPENED + 2);
        assert_eq!(world.resolve_at(&mut pending, OPENED + SETTLING - 1), wait, "{who}");
        assert_eq!(world.resolve_at(&mut pending, OPENED + SETTLING), expected, "{who}");
    };
    let old = || vec![OwnerKind::Pod(pod("old", "10.0.1.7", false, &[]))];
    check(Role::Passive, "2 8 10.0.0.2:8080 10.0.1.7:5000", old(), "next>b web 10.0.0.2");
    check(Role::Passive, "2 8 10.0.0.2:8080 10.0.1.7:5000", vec![], "next>b web 10.0.0.2");
    check(Role::Active, "1 7 10.0.0.1:1000 10.0.1.7:80", old(), "a>next Pod 10.0.1.7");
    check(Role::Active, "1 7 10.0.0.1:1000 10.0.1.7:80", vec![], "a>next Pod 10.0.1.7");
}

/// The status of a new pod at a former pod's address may be late. An address that no pod had is not worth such a wait.
#[test]
fn it_waits_longer_for_the_owner_of_an_address_that_pods_have_had() {
    let check = |former: Vec<OwnerKind>, waits: u64| {
        let mut world = World::new();
        world.resolver.waits.pod = 2 * SETTLING;
        let address = "10.0.1.7";
        world.resolver.identities.find(SocketAddr::new(address.parse().unwrap(), 0), ResourceUser(0), 0, 0);
        let mut owners = owned(address, former);
        owners.owners.iter_mut().for_each(|owner| owner.until = Some(1));
        world.resolver.identities.answer(&owners);
        let mut pending = world.see(Role::Passive, "2 8 10.0.0.2:8080 10.0.1.7:5000", None);
        assert_eq!(world.resolve_at(&mut pending, OPENED + waits - 1), "wait Address(10.0.1.7)", "{owners:?}");
        assert_eq!(world.resolve_at(&mut pending, OPENED + waits), "?>b web 10.0.0.2", "{owners:?}");
    };
    check(vec![OwnerKind::Pod(pod("old", "10.0.1.7", false, &[]))], 2 * SETTLING);
    check(vec![], SETTLING);
}
