use super::{MAX, StreamSlots};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tonic::Code;

#[test]
fn a_third_stream_of_a_node_takes_the_place_of_the_oldest() {
    let slots = Arc::new(StreamSlots::default());
    let mut first = slots.take("n1").unwrap();
    let mut second = slots.take("n1").unwrap();
    let mut elsewhere = slots.take("n2").unwrap();
    assert!(first.lost.try_recv().is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Empty));
    let third = slots.take("n1").unwrap();
    let closed =
        |slot: &mut super::StreamSlot| slot.lost.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Closed);
    assert_eq!([closed(&mut first), closed(&mut second), closed(&mut elsewhere)], [true, false, false]);
    assert_eq!(slots.counters.refusals().get("replaced"), Some(&1));
    drop((first, third));
    // The second has company again before it is the oldest of three.
    let _fourth = slots.take("n1").unwrap();
    assert!(!closed(&mut second));
}

#[test]
fn slots_are_released_and_their_number_is_bounded() {
    let slots = Arc::new(StreamSlots::default());
    let taken: Vec<_> = (0..MAX).map(|node| slots.take(&node.to_string()).unwrap()).collect();
    assert_eq!(slots.counters.streams.load(Relaxed), MAX as u64);
    assert_eq!(slots.take("one-more").unwrap_err().code(), Code::ResourceExhausted);
    assert_eq!(slots.counters.refusals().get("too_many"), Some(&1));
    drop(taken);
    assert_eq!(slots.counters.streams.load(Relaxed), 0);
    assert!(slots.taken().nodes.is_empty());
    slots.take("one-more").unwrap();
}
