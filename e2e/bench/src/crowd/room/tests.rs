use super::*;

const PLENTY: Room = Room { memory: 20 << 30, files: 2_000_000 };

#[test]
fn all_fit_where_there_is_room() {
    let fitting = PLENTY.fit(1_000_000);
    assert_eq!((fitting.sockets, fitting.to_string()), (1_000_000, "1000000 connections".to_owned()));
}

#[test]
fn a_lower_number_says_of_how_many_it_is_and_why() {
    let poor = Room { memory: SPARE_BYTES + 400_001 * SOCKET_BYTES, ..PLENTY };
    assert_eq!(poor.fit(1_000_000).to_string(), "400000 connections (of 1000000: no memory for more)");
    let crowded = Room { files: SPARE_FILES + 300_000, ..PLENTY };
    assert_eq!(crowded.fit(1_000_000).to_string(), "300000 connections (of 1000000: no more files in fs.file-max)");
}

#[test]
fn none_fit_where_only_the_spare_is_left() {
    let full = Room { memory: SPARE_BYTES - 1, files: 5 };
    assert_eq!(full.fit(1_000_000).sockets, 0);
}

#[test]
fn this_machine_has_room_for_some() {
    assert!(Room::here().unwrap().fit(10).sockets > 0);
}
