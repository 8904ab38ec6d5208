use super::{MAX, Newest};
use std::sync::Arc;
use tokio::sync::oneshot::error::TryRecvError;

fn node(name: &str) -> Arc<str> {
    name.into()
}

#[test]
fn a_newer_stream_takes_the_place_of_its_node() {
    let newest = Arc::<Newest>::default();
    let (mut first, ousted) = newest.take(&node("a"), 1).unwrap();
    assert!(!ousted);
    let (mut other, ousted) = newest.take(&node("b"), 2).unwrap();
    assert!(!ousted);
    let (mut second, ousted) = newest.take(&node("a"), 3).unwrap();
    assert!(ousted);
    assert_eq!(first.lost.try_recv(), Err(TryRecvError::Closed));
    assert_eq!((other.lost.try_recv(), second.lost.try_recv()), (Err(TryRecvError::Empty), Err(TryRecvError::Empty)));
    // The older one's end does not free the newer one's place.
    drop(first);
    assert_eq!(second.lost.try_recv(), Err(TryRecvError::Empty));
    drop(second);
    assert!(!newest.take(&node("a"), 4).unwrap().1);
}

#[test]
fn there_are_no_more_than_8192() {
    let newest = Arc::<Newest>::default();
    let mut taken: Vec<_> =
        (0..MAX).map(|number| newest.take(&node(&number.to_string()), number as u64).unwrap()).collect();
    assert!(newest.take(&node("more"), 9_999).is_none());
    assert!(newest.take(&node("7"), 9_999).is_some(), "its node has a place");
    taken.truncate(1);
    assert!(newest.take(&node("more"), 9_999).is_some());
}
