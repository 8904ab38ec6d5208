use super::*;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_rate_is_of_the_last_seconds() {
    let mut count = Count::new(at(10), 100, 100);
    assert_eq!((count.number(), count.rate(at(10))), (100, 0.0));
    for second in 11..=30 {
        count.read(at(second), 100 + 2 * (second - 10));
        assert!((count.rate(at(second)) - 2.0).abs() < 0.5, "{second} {count:?}");
    }
    // It rises faster now: soon that alone counts.
    for second in 31..=45 {
        count.read(at(second), 140 + 10 * (second - 30));
    }
    assert!((count.rate(at(45)) - 10.0).abs() < 0.1, "{count:?}");
    assert_eq!(count.number(), 290);
}

#[test]
fn what_is_not_read_any_more_does_not_rise() {
    let mut count = Count::new(at(0), 0, 0);
    count.read(at(2), 10);
    let rates = [2, 4, 10, 13].map(|second| count.rate(at(second)));
    assert!(rates.is_sorted_by(|early, late| early > late), "{rates:?}");
    assert_eq!(rates[3], 0.0);
}

#[test]
fn what_rises_after_a_long_time_rises_now() {
    let mut count = Count::new(at(0), 0, 50);
    count.read(at(600), 60);
    assert_eq!(count.rate(at(600)), 2.0);
}

#[test]
fn what_a_new_one_has_had_before_counts() {
    let count = Count::new(at(5), 0, 3);
    assert_eq!((count.number(), count.rate(at(5))), (3, 3.0));
}

#[test]
fn a_number_does_not_fall() {
    let mut count = Count::new(at(0), 7, 7);
    count.read(at(1), 2);
    assert_eq!((count.number(), count.rate(at(1))), (7, 0.0));
}
