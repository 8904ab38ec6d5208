use super::bucket::Bucket;

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_bucket_gives_its_rate_a_second_and_as_many_at_once() {
    let mut bucket = Bucket::new(10, 0);
    let taken = |bucket: &mut Bucket, now: u64| (0..100).filter(|_| bucket.take(10, now)).count();
    assert_eq!(taken(&mut bucket, 0), 10);
    assert_eq!(taken(&mut bucket, SECOND / 2), 5);
    assert_eq!(taken(&mut bucket, 100 * SECOND), 10, "silence saves no more than a second's");
    assert_eq!(taken(&mut bucket, 99 * SECOND), 0, "a clock that goes back gives nothing");
}

#[test]
fn a_bucket_follows_an_edit_of_its_rate() {
    let mut bucket = Bucket::new(1, 0);
    assert!(bucket.take(1, 0));
    assert_eq!((0..100).filter(|_| bucket.take(50, SECOND)).count(), 50);
    assert_eq!((0..100).filter(|_| bucket.take(2, 3 * SECOND)).count(), 2);
}
