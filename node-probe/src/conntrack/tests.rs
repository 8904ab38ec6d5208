use super::{Conntrack, Handle};
use std::io;

#[test]
fn conntrack_is_opened_again_where_no_descriptor_was_left() {
    let mut handle = Handle::of(Err(io::Error::from_raw_os_error(libc::ENFILE)));
    assert!(matches!(handle, Handle::Waits));
    let opens = Conntrack::open().is_ok();
    let (conntrack, starved) = handle.get();
    assert_eq!((conntrack.is_some(), starved), (opens, false));
}

#[test]
fn conntrack_that_is_not_there_is_not_looked_for_again() {
    let mut handle = Handle::of(Err(io::Error::from_raw_os_error(libc::EPROTONOSUPPORT)));
    let (conntrack, starved) = handle.get();
    assert!(conntrack.is_none() && !starved);
    assert!(matches!(handle, Handle::Absent));
}
