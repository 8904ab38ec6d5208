use super::Connection;
use crate::counts::Reason;
use crate::limits::Limits;
use crate::source::Source;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMITS: Limits = Limits::METRICS;

fn connection(now: Instant) -> Arc<Connection> {
    Connection::new(Source::of(IpAddr::V4(Ipv4Addr::LOCALHOST)), now)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_head_has_its_time_however_often_a_byte_of_it_comes() {
    let began = Instant::now();
    let connection = connection(began);
    for second in 1..5 {
        connection.received(began + seconds(second));
        assert_eq!(connection.overdue(&LIMITS, began + seconds(second)), None);
    }
    assert_eq!(connection.overdue(&LIMITS, began + LIMITS.head), Some(Reason::Head));
}

#[test]
fn between_two_requests_a_connection_may_rest_until_the_next_head_begins() {
    let began = Instant::now();
    let connection = connection(began);
    connection.begin_request(began);
    connection.made();
    connection.flushed(began + seconds(1));
    assert_eq!(connection.overdue(&LIMITS, began + seconds(60)), None);
    connection.received(began + seconds(61));
    assert_eq!(connection.overdue(&LIMITS, began + seconds(66)), Some(Reason::Head));
}

#[test]
fn a_connection_that_rests_for_too_long_is_overdue() {
    let began = Instant::now();
    let connection = connection(began);
    connection.begin_request(began);
    connection.made();
    connection.flushed(began);
    assert_eq!(connection.overdue(&LIMITS, began + LIMITS.idle - seconds(1)), None);
    assert_eq!(connection.overdue(&LIMITS, began + LIMITS.idle), Some(Reason::Idle));
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_overdue_and_one_that_takes_a_little_later() {
    let began = Instant::now();
    let connection = connection(began);
    connection.begin_request(began);
    connection.blocked(began);
    connection.blocked(began + seconds(3));
    assert_eq!(connection.overdue(&LIMITS, began + LIMITS.stall), Some(Reason::Stalled));
    for second in 1..30 {
        connection.wrote(began + seconds(second));
        connection.blocked(began + seconds(second));
        assert_eq!(connection.overdue(&LIMITS, began + seconds(second)), None);
    }
    assert_eq!(connection.overdue(&LIMITS, began + LIMITS.answer), Some(Reason::Answer));
    assert_eq!(connection.blocked_for(began + seconds(30)), seconds(30));
}

#[test]
fn the_time_of_a_slow_client_starts_again_with_each_request() {
    let began = Instant::now();
    let connection = connection(began);
    connection.begin_request(began);
    connection.blocked(began);
    connection.made();
    connection.flushed(began + seconds(2));
    connection.begin_request(began + seconds(3));
    assert_eq!(connection.blocked_for(began + seconds(4)), Duration::ZERO);
}

#[test]
fn a_connection_without_a_request_under_way_is_dispensable_and_first_one_that_never_had_an_answer() {
    let began = Instant::now();
    let (fresh, rested) = (connection(began + seconds(5)), connection(began));
    rested.begin_request(began);
    assert_eq!(rested.dispensable(), None);
    rested.made();
    // The rest of the answer is still being sent.
    assert_eq!(rested.dispensable(), None);
    rested.blocked(began);
    assert_eq!(rested.dispensable(), Some((true, began)).map(|(_, since)| (false, since)));
    rested.flushed(began + seconds(1));
    assert_eq!(rested.dispensable(), Some((true, began + seconds(1))));
    assert!(fresh.dispensable() < rested.dispensable());
}

#[test]
fn a_connection_ends_once() {
    let connection = connection(Instant::now());
    assert!(!connection.is_ending());
    assert!(connection.end(Reason::Idle));
    assert!(connection.is_ending() && !connection.end(Reason::Head));
}
