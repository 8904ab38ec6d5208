use super::{Busy, Turns};
use futures::FutureExt;
use std::time::{Duration, Instant};

#[test]
fn unauthenticated_callers_do_not_take_the_reserved_turns() {
    let (start, seconds) = (Instant::now(), Duration::from_secs);
    let turns = Turns::new(start);
    let bogus: Vec<_> = (0..8).map(|_| turns.take(None, start).now_or_never().unwrap().unwrap()).collect();
    // The ninth waits, and so do some more; beyond that they are refused at once.
    let mut waiting: Vec<_> = (0..32).map(|_| Box::pin(turns.take(None, start))).collect();
    for turn in &mut waiting {
        assert!(turn.now_or_never().is_none());
    }
    assert!(turns.take(None, start).now_or_never().unwrap().is_err());
    let good: Vec<_> = (0..24).map(|pod| turns.take(Some(&format!("p{pod}")), start).now_or_never().unwrap()).collect();
    assert!(good.iter().all(Result::is_ok));
    drop((waiting, bogus));
    // The rate of the common share is used up by now, and comes back.
    assert_eq!(turns.take(None, start).now_or_never().unwrap().map(drop), Err(Busy));
    assert_eq!(turns.take(None, start + seconds(1)).now_or_never().unwrap().map(drop), Ok(()));
}

#[test]
fn one_pod_does_not_use_up_the_reserved_share() {
    let start = Instant::now();
    let turns = Turns::new(start);
    let take = |pod: &str| turns.take(Some(pod), start).now_or_never().unwrap().map(drop);
    // Its own part, and then what is common to all.
    assert_eq!((0..1_000).filter(|_| take("greedy").is_ok()).count(), 8 + 40);
    assert_eq!(take("modest"), Ok(()));
}
