use super::{Asked, Conntrack};
use std::io;

#[test]
fn conntrack_is_opened_again_where_no_descriptor_was_left() {
    let mut asked = Asked::of(Err(io::Error::from_raw_os_error(libc::ENFILE)));
    assert!(matches!(asked, Asked::Waits));
    let opens = Conntrack::open().is_ok();
    let (conntrack, starved) = asked.get();
    assert_eq!((conntrack.is_some(), starved), (opens, false));
}

#[test]
fn conntrack_that_is_not_there_is_not_looked_for_again() {
    let mut asked = Asked::of(Err(io::Error::from_raw_os_error(libc::EPROTONOSUPPORT)));
    let (conntrack, starved) = asked.get();
    assert!(conntrack.is_none() && !starved);
    assert!(matches!(asked, Asked::Absent));
}
