use super::Spare;
use std::cell::Cell;
use std::io;

const EMFILE: i32 = 24;
const EACCES: i32 = 13;

/// Succeeds after so many failures.
fn failing(times: u32, errno: i32) -> impl Fn() -> io::Result<&'static str> {
    let left = Cell::new(times);
    move || {
        if left.get() == 0 {
            return Ok("open");
        }
        left.set(left.get() - 1);
        Err(io::Error::from_raw_os_error(errno))
    }
}

fn lend(spare: &mut Spare, times: u32, errno: i32) -> (Result<&'static str, Option<i32>>, u64) {
    let (opened, missing) = spare.lend(failing(times, errno));
    (opened.map_err(|error| error.raw_os_error()), missing)
}

#[test]
fn where_a_descriptor_is_left_the_spare_one_stays() {
    let mut spare = Spare::new();
    assert_eq!(lend(&mut spare, 0, EMFILE), (Ok("open"), 0));
    assert!(spare.0.is_some());
}

#[test]
fn its_place_is_used_once_and_had_back() {
    let mut spare = Spare::new();
    assert_eq!(lend(&mut spare, 1, EMFILE), (Ok("open"), 1));
    assert!(spare.0.is_none());
    assert_eq!(lend(&mut spare, 1, EMFILE), (Err(Some(EMFILE)), 1));
    spare.take_back();
    assert_eq!(lend(&mut spare, 1, EMFILE), (Ok("open"), 1));
}

#[test]
fn a_program_that_was_faster_is_counted_too() {
    assert_eq!(lend(&mut Spare::new(), 2, EMFILE), (Err(Some(EMFILE)), 2));
}

#[test]
fn another_error_does_not_cost_the_spare_one() {
    let mut spare = Spare::new();
    assert_eq!(lend(&mut spare, 1, EACCES), (Err(Some(EACCES)), 0));
    assert!(spare.0.is_some());
}
