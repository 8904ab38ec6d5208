use super::*;
use crate::connection::Connections;

fn end(id: u64, role: Role, sequence: Option<Sequence>) -> End {
    End {
        id,
        role,
        netns: 1,
        cgroup: 1,
        sequence,
        local: SocketAddr::from(([10, 0, 0, 1], u16::try_from(id).unwrap())),
        remote: SocketAddr::from(([10, 0, 0, 2], 80)),
        opened: 0,
    }
}

fn passes(complete: &[bool]) -> Passes {
    let mut table = Connections::<()>::new(1);
    for complete in complete {
        table.begin_pass();
        table.end_pass(*complete);
    }
    table.passes()
}

#[test]
fn the_second_end_finds_the_first_and_wakes_it() {
    let mut joins = Joins::new();
    let (client, server) = (end(1, Role::Active, Some((3, 4))), end(2, Role::Passive, Some((3, 4))));
    assert_eq!(joins.register(&client, 100, passes(&[])), None);
    assert!(joins.counterpart(&client).is_none());
    assert_eq!(joins.register(&server, 200, passes(&[])), Some(100));
    assert_eq!(joins.counterpart(&client).unwrap().local, server.local);
    assert_eq!(joins.counterpart(&server).unwrap().local, client.local);
    assert_eq!(joins.settle(&server, &SocketOwner::Host), Some(100));
    assert!(matches!(joins.counterpart(&client).unwrap().owner, Some(SocketOwner::Host)));
    joins.finish(&client);
    assert!(joins.counterpart(&server).is_some(), "the server still needs it");
    joins.finish(&server);
    assert_eq!(joins.len(), 0);
}

#[test]
fn ends_of_other_or_no_numbers_do_not_meet() {
    let mut joins = Joins::new();
    joins.register(&end(1, Role::Active, Some((3, 4))), 1, passes(&[]));
    assert_eq!(joins.register(&end(2, Role::Passive, Some((4, 3))), 2, passes(&[])), None);
    assert_eq!(joins.register(&end(3, Role::Passive, None), 3, passes(&[])), None);
    assert_eq!(joins.register(&end(4, Role::Active, Some((3, 4))), 4, passes(&[])), None, "the same role twice");
    assert_eq!(joins.len(), 2);
}

#[test]
fn a_single_end_is_forgotten_after_two_complete_passes() {
    let mut joins = Joins::new();
    joins.register(&end(1, Role::Active, Some((3, 4))), 1, passes(&[true]));
    let later: [(&[bool], usize); 3] = [(&[true, true], 1), (&[true, false, true], 1), (&[true, false, true, true], 0)];
    for (seen, left) in later {
        joins.end_pass(passes(seen));
        assert_eq!(joins.len(), left, "{seen:?}");
    }
}

#[test]
fn a_pair_stays_until_both_ends_are_done_however_long_the_operator_is_silent() {
    let mut joins = Joins::new();
    let (client, server) = (end(1, Role::Active, Some((3, 4))), end(2, Role::Passive, Some((3, 4))));
    joins.register(&client, 1, passes(&[]));
    joins.register(&server, 2, passes(&[]));
    joins.finish(&client);
    joins.end_pass(passes(&[true; 2]));
    joins.end_pass(passes(&[true; 4]));
    assert!(joins.counterpart(&server).is_some());
    joins.finish(&server);
    joins.end_pass(passes(&[true; 6]));
    assert_eq!((joins.len(), joins.order.len()), (0, 0));
}

#[test]
fn past_the_bound_the_oldest_pair_goes() {
    let mut joins = Joins::bounded(2);
    let client = |number| end(u64::from(number), Role::Active, Some((number, 1)));
    joins.register(&client(1), 1, passes(&[]));
    joins.register(&client(2), 2, passes(&[]));
    joins.register(&client(3), 3, passes(&[]));
    assert_eq!((joins.len(), joins.evicted), (2, 1));
    let meets =
        |joins: &mut Joins, number: u32| joins.register(&end(9, Role::Passive, Some((number, 1))), 9, passes(&[]));
    assert_eq!(meets(&mut joins, 2), Some(2));
    assert_eq!(meets(&mut joins, 3), Some(3));
    assert_eq!(meets(&mut joins, 1), None);
}

#[test]
fn pairs_that_come_and_go_leave_nothing_behind() {
    let mut joins = Joins::bounded(4);
    for number in 0..100 {
        let (client, server) = (end(1, Role::Active, Some((number, 1))), end(2, Role::Passive, Some((number, 1))));
        for end in [&client, &server] {
            joins.register(end, 1, passes(&[]));
        }
        for end in [&client, &server] {
            joins.finish(end);
        }
        assert!(joins.order.len() <= 8);
    }
    assert_eq!((joins.len(), joins.evicted), (0, 0));
}

/// As many records as the kernel side's ring holds: what comes between both ends of a connection at most.
#[test]
fn the_other_end_is_found_behind_a_ring_full_of_others() {
    let mut joins = Joins::new();
    joins.register(&end(1, Role::Active, Some((3, 4))), 1, passes(&[]));
    for id in 10..27_010 {
        let sequence = Some((u32::try_from(id).unwrap(), 0));
        joins.register(&end(id, Role::Active, sequence), id, passes(&[]));
    }
    assert_eq!(joins.register(&end(2, Role::Passive, Some((3, 4))), 2, passes(&[])), Some(1));
}
