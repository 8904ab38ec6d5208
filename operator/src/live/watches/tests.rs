use super::{MAX_OF_USER, MAX_WATCHES, Watches};
use crate::counters::Counters;
use std::sync::Arc;

#[test]
fn there_are_256_and_64_of_a_user() {
    let watches = Arc::new(Watches::new(Arc::<Counters>::default()));
    let mut taken: Vec<_> = (0..MAX_OF_USER).map(|_| watches.take(Some("jane")).unwrap()).collect();
    assert!(watches.take(Some("jane")).unwrap_err().contains("64 watches already: end one"));
    // Where there are no users there is one bound.
    taken.extend((MAX_OF_USER..MAX_WATCHES).map(|_| watches.take(None).unwrap()));
    assert!(watches.take(Some("john")).unwrap_err().contains("256 watches already: try again later"));
    drop(taken.pop());
    drop(watches.take(Some("john")).unwrap());
    drop(taken);
    assert!(watches.users.lock().is_empty());
}
