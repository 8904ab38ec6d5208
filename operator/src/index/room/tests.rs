use super::*;

const THIRD: usize = MAX_NAMESPACE_SLICE_BYTES / 3;

fn rank(created: UnixNanos) -> Rank {
    (created, format!("s{created}"))
}

fn room(created: &[UnixNanos]) -> Room {
    let mut room = Room::default();
    for created in created {
        room.put(&rank(*created), THIRD);
    }
    room
}

fn having(room: &Room) -> Vec<UnixNanos> {
    room.all.keys().filter(|rank| room.has_room(rank)).map(|rank| rank.0).collect()
}

#[test]
fn the_oldest_have_room_whatever_order_they_come_in() {
    for order in [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [4, 1, 5, 3, 2]] {
        let room = room(&order);
        assert_eq!((having(&room), room.refused(), room.taken), (vec![1, 2, 3], 2, 3 * THIRD), "{order:?}");
    }
}

#[test]
fn an_older_one_takes_the_room_of_the_youngest() {
    let mut room = room(&[2, 3, 4, 5]);
    assert_eq!(room.put(&rank(1), THIRD), Settled { lost: vec![rank(4)], won: false });
    assert_eq!(having(&room), [1, 2, 3]);
}

#[test]
fn what_goes_or_shrinks_leaves_its_room_to_the_next() {
    let mut room = room(&[1, 2, 3, 4, 5, 6]);
    assert!(room.remove(&rank(2)));
    assert_eq!(having(&room), [1, 3, 4]);
    assert!(!room.remove(&rank(6)), "it had none");
    assert_eq!(room.put(&rank(1), 1), Settled { lost: vec![], won: true });
    assert_eq!((having(&room), room.refused()), (vec![1, 3, 4, 5], 0));
}

#[test]
fn one_that_grows_too_large_has_no_room_and_none_after_it() {
    let mut room = room(&[1, 2, 3]);
    assert_eq!(room.put(&rank(2), 3 * THIRD), Settled { lost: vec![rank(3)], won: false });
    assert_eq!((having(&room), room.refused(), room.taken), (vec![1], 2, THIRD));
    assert_eq!(room.put(&rank(2), THIRD), Settled { lost: vec![], won: true });
    assert_eq!(having(&room), [1, 2, 3]);
    for created in 1..=3 {
        room.remove(&rank(created));
    }
    assert!(room.is_empty() && room.taken == 0 && room.count == 0, "{room:?}");
}
