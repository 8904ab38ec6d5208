use super::{MOST, Seats};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tonic::Code;

#[test]
fn a_third_stream_of_a_node_takes_the_place_of_the_oldest() {
    let seats = Arc::new(Seats::default());
    let mut first = seats.take("n1").unwrap();
    let mut second = seats.take("n1").unwrap();
    let mut elsewhere = seats.take("n2").unwrap();
    assert!(first.lost.try_recv().is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Empty));
    let third = seats.take("n1").unwrap();
    let closed =
        |seat: &mut super::Seat| seat.lost.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Closed);
    assert_eq!([closed(&mut first), closed(&mut second), closed(&mut elsewhere)], [true, false, false]);
    assert_eq!(seats.figures.refusals().get("replaced"), Some(&1));
    drop((first, third));
    // The second has company again before it is the oldest of three.
    let _fourth = seats.take("n1").unwrap();
    assert!(!closed(&mut second));
}

#[test]
fn seats_are_given_back_and_there_are_so_many() {
    let seats = Arc::new(Seats::default());
    let taken: Vec<_> = (0..MOST).map(|node| seats.take(&node.to_string()).unwrap()).collect();
    assert_eq!(seats.figures.streams.load(Relaxed), MOST as u64);
    assert_eq!(seats.take("one-more").unwrap_err().code(), Code::ResourceExhausted);
    assert_eq!(seats.figures.refusals().get("too_many"), Some(&1));
    drop(taken);
    assert_eq!(seats.figures.streams.load(Relaxed), 0);
    assert!(seats.taken().nodes.is_empty());
    seats.take("one-more").unwrap();
}
