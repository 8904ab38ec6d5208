use super::*;
use tokio::time::advance;

fn heartbeats() -> Heartbeats {
    Heartbeats::new(("turns_seconds", "Turns."), ("delays_seconds", "Delays."), &["one", "other"])
}

/// Observations and their sum, of the loop `one`.
fn observed(heartbeats: &Heartbeats, name: &str) -> (u64, f64) {
    let families = heartbeats.families();
    let family = families.iter().find(|family| family.name() == name).unwrap();
    let is_one = |metric: &&prometheus::proto::Metric| metric.get_label()[0].value() == "one";
    let histogram = family.get_metric().iter().find(is_one).unwrap().get_histogram();
    (histogram.get_sample_count(), histogram.get_sample_sum())
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_waits_misses_nothing_however_long_it_waits() {
    let heartbeats = heartbeats();
    let one = heartbeats.of("one");
    assert_eq!(one.silence(), None);
    one.wakes(None);
    one.waits();
    advance(MISS + MISS / 2).await;
    assert!(one.silence() >= Some(MISS));
    one.wakes(None);
    one.waits();
    assert_eq!(one.misses(), Misses { all: 0, mega: 0 });
    assert_eq!(observed(&heartbeats, "turns_seconds").0, 2);
    assert_eq!(observed(&heartbeats, "delays_seconds").0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_turn_is_a_miss_while_it_lasts_and_one_when_it_is_over() {
    let heartbeats = heartbeats();
    let one = heartbeats.of("one");
    one.wakes(None);
    advance(MISS + MISS / 10).await;
    let expected = Misses { all: 1, mega: 0 };
    assert_eq!((one.misses(), one.misses()), (expected, expected));
    one.waits();
    assert_eq!(one.misses(), expected);
    assert_eq!(heartbeats.of("other").misses().all, 0);
    let (turns, seconds) = observed(&heartbeats, "turns_seconds");
    assert!(turns == 1 && seconds >= MISS.as_secs_f64(), "{turns} turns, {seconds} s");
}

/// A scrape may come in the middle of [`Heartbeat::waits`].
#[tokio::test(start_paused = true)]
async fn a_miss_that_was_read_while_its_turn_lasted_is_not_taken_back_before_it_is_counted() {
    let heartbeats = heartbeats();
    let one = heartbeats.of("one");
    one.wakes(None);
    advance(MISS + MISS / 10).await;
    let expected = Misses { all: 1, mega: 0 };
    assert_eq!(one.misses(), expected);
    one.last.store(one.now(), Relaxed);
    one.began.store(0, Relaxed);
    assert_eq!(one.misses(), expected);
    one.count(MISS);
    assert_eq!(one.misses(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_steps_of_a_turn_are_measured_one_by_one() {
    let heartbeats = heartbeats();
    let one = heartbeats.of("one");
    one.wakes(None);
    for _ in 0..4 {
        advance(MISS / 3).await;
        one.beats();
    }
    assert_eq!(one.misses().all, 0);
    advance(MISS + MISS / 10).await;
    one.beats();
    one.waits();
    assert_eq!(one.misses(), Misses { all: 1, mega: 0 });
    // A step outside a turn is none.
    advance(MISS + MISS / 10).await;
    one.beats();
    assert_eq!(one.misses().all, 1);
}

#[test]
fn a_loop_that_is_woken_late_has_missed_a_beat() {
    let heartbeats = heartbeats();
    let one = heartbeats.of("one");
    for late in [Duration::ZERO, MISS - Duration::from_nanos(1), MISS, MEGA_MISS] {
        one.wakes(Some(late));
        one.waits();
    }
    assert_eq!(one.misses(), Misses { all: 2, mega: 1 });
    assert_eq!(observed(&heartbeats, "delays_seconds").0, 4);
}
