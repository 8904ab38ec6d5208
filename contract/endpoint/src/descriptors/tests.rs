use super::{are_exhausted, are_exhausted_below, raise_limit};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;

#[derive(Debug)]
struct Wrapped(io::Error);

impl Display for Wrapped {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot connect")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

const EMFILE: i32 = 24;
const ENFILE: i32 = 23;
const EACCES: i32 = 13;

#[test]
fn exhausted_limits_of_the_process_and_of_the_system_are_recognized() {
    assert!(are_exhausted(&io::Error::from_raw_os_error(EMFILE)));
    assert!(are_exhausted(&io::Error::from_raw_os_error(ENFILE)));
    assert!(!are_exhausted(&io::Error::from_raw_os_error(EACCES)));
    assert!(!are_exhausted(&io::Error::other("Too many open files")));
}

#[test]
fn they_are_found_below_a_librarys_error() {
    assert!(are_exhausted_below(&Wrapped(io::Error::from_raw_os_error(EMFILE))));
    assert!(!are_exhausted_below(&Wrapped(io::Error::from_raw_os_error(EACCES))));
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(512), maximum: hard }).unwrap();
    assert_eq!(raise_limit(), hard);
    assert_eq!(getrlimit(Resource::Nofile).current, hard);
}
