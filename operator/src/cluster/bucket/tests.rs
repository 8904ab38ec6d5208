use super::{Bucket, Rate};
use std::time::{Duration, Instant};

#[test]
fn a_bucket_gives_its_burst_at_once_and_then_its_rate() {
    let start = Instant::now();
    let mut bucket = Bucket::new(Rate { per_second: 10, burst: 3 }, start);
    let mut taken = |after: u64| (0..100).filter(|_| bucket.take(start + Duration::from_millis(after))).count();
    assert_eq!([taken(0), taken(99), taken(100), taken(350), taken(60_000)], [3, 0, 1, 2, 3]);
}

#[test]
fn a_bucket_that_was_left_alone_is_full() {
    let start = Instant::now();
    let mut bucket = Bucket::new(Rate { per_second: 2, burst: 4 }, start);
    assert!(bucket.is_full(start) && bucket.take(start));
    let full = |after| bucket.is_full(start + Duration::from_millis(after));
    assert_eq!([full(499), full(500)], [false, true]);
}
