use super::*;
use crate::connection::Passes;
use crate::observation::Delta;
use crate::record::Role;
use crate::resolve::end::End;
use crate::resolve::pending::{Moment, PendingCounters};
use std::net::IpAddr;

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

fn connection(key: u64) -> PendingConnection {
    let end = End {
        id: key,
        role: Role::Active,
        netns: 1,
        cgroup: key,
        sequence: None,
        local: (A, 1).into(),
        remote: (B, 1).into(),
        opened: 0,
    };
    PendingConnection::new(key, end, PendingCounters::Ended(Delta::default()), Moment::new(0, Passes::default()))
}

fn pending(limit: usize, waits: &[(u64, Wait, Option<Monotonic>)]) -> PendingQueue {
    let mut pending = PendingQueue::new(limit);
    for (key, on, until) in waits {
        pending.insert(connection(*key), Waiting { on: *on, until: *until }, ResourceUser(1));
    }
    pending
}

#[test]
fn an_answer_wakes_only_the_connections_that_wait_for_it() {
    let pending = pending(
        9,
        &[
            (1, Wait::Address(A), None),
            (2, Wait::Address(B), None),
            (3, Wait::Address(A), None),
            (4, Wait::Local(7), None),
            (5, Wait::Local(8), None),
            (6, Wait::Join, None),
        ],
    );
    assert_eq!(pending.waiting_for(Wait::Address(A)..=Wait::Address(A)), [1, 3]);
    assert_eq!(pending.waiting_for(Wait::Local(8)..=Wait::Local(8)), [5]);
    assert_eq!(pending.waiting_for(Wait::Local(0)..=Wait::Local(u64::MAX)), [4, 5]);
    assert_eq!(pending.waiting_for(Wait::Join..=Wait::Join), [6]);
    assert_eq!(pending.waiting_for(Wait::Backend..=Wait::Backend), [] as [u64; 0]);
}

#[test]
fn those_whose_time_is_over_are_due() {
    let pending = pending(9, &[(1, Wait::Backend, Some(10)), (2, Wait::Backend, Some(5)), (3, Wait::Join, None)]);
    assert_eq!(pending.due(4), [] as [u64; 0]);
    assert_eq!(pending.due(5), [2]);
    assert_eq!(pending.due(10), [2, 1]);
}

#[test]
fn the_oldest_makes_room_and_leaves_no_trace() {
    let mut pending = pending(1, &[(2, Wait::Join, Some(3)), (1, Wait::Backend, Some(3))]);
    let (oldest, on) = pending.overflow().unwrap();
    assert_eq!((oldest.key, on), (1, Wait::Backend));
    assert!(pending.overflow().is_none());
    assert!(!pending.contains(1));
    assert_eq!(pending.due(9), [2]);
    assert_eq!(pending.take(2).map(|connection| connection.key), Some(2));
    assert!(pending.take(2).is_none());
    assert_eq!((pending.len(), pending.due(9).len(), pending.waits.len()), (0, 0, 0));
}

#[test]
fn a_pod_that_floods_makes_room_for_others_and_never_they_for_it() {
    let join = Waiting { on: Wait::Join, until: None };
    let mut pending = PendingQueue::new(100);
    // The victims wait longest.
    for (key, user) in (1..=10).zip([7, 8].into_iter().cycle()) {
        pending.insert(connection(key), join, ResourceUser(user));
    }
    for key in 11..=1_000 {
        pending.insert(connection(key), join, ResourceUser(9));
        if let Some((forced, _)) = pending.overflow() {
            assert_eq!(forced.key, key - 90);
        }
    }
    assert_eq!(pending.len(), 100);
    assert!((1..=10).all(|key| pending.contains(key)));
    // One that was looked at and waits anew is found again.
    let again = pending.take(911).unwrap();
    pending.insert(again, join, ResourceUser(9));
    pending.insert(connection(1_001), join, ResourceUser(9));
    let keys: Vec<u64> = std::iter::from_fn(|| pending.overflow()).map(|(connection, _)| connection.key).collect();
    assert_eq!(keys, [911]);
    (1..=1_001).for_each(|key| drop(pending.take(key)));
    assert_eq!((pending.len(), pending.by_user.len()), (0, 0));
}
