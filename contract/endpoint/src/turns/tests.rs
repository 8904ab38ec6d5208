use super::{Busy, Turn, TurnLimits, Turns};
use crate::connection::Connection;
use crate::counts::Counts;
use crate::source::Source;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const LIMITS: TurnLimits = TurnLimits {
    running: 1,
    waiting: 3,
    waiting_of_source: 2,
    wait: Duration::from_secs(5),
    max_blocked: Duration::from_millis(250),
    max_blocked_alone: Duration::from_secs(1),
};

fn connection(source: u8) -> Arc<Connection> {
    Connection::new(Source::of(IpAddr::V4(Ipv4Addr::new(10, 0, 0, source))), Instant::now())
}

/// Starts a wait in a task of its own, and returns when it is in the queue.
async fn wait(turns: &Arc<Turns>, source: u8) -> JoinHandle<Result<Turn, Busy>> {
    let turns = Arc::clone(turns);
    let waiting = tokio::spawn(async move { turns.take(&connection(source)).await });
    tokio::task::yield_now().await;
    waiting
}

#[tokio::test]
async fn a_turn_is_given_on_when_it_ends() {
    let turns = Turns::new(LIMITS);
    let first = turns.take(&connection(1)).await.unwrap();
    let next = wait(&turns, 1).await;
    assert!(!next.is_finished());
    drop(first);
    drop(next.await.unwrap().unwrap());
    turns.take(&connection(1)).await.unwrap();
}

#[tokio::test]
async fn sources_take_turns_however_many_scrapes_each_asks_for() {
    let turns = Turns::new(LIMITS);
    let first = turns.take(&connection(1)).await.unwrap();
    let [eager, eager_again] = [wait(&turns, 1).await, wait(&turns, 1).await];
    let other = wait(&turns, 2).await;
    drop(first);
    let eager = eager.await.unwrap().unwrap();
    drop(eager);
    let other = other.await.unwrap().unwrap();
    assert!(!eager_again.is_finished());
    drop(other);
    eager_again.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_source_with_too_many_that_wait_loses_the_oldest_of_them() {
    let turns = Turns::new(LIMITS);
    let _first = turns.take(&connection(1)).await.unwrap();
    let [oldest, second] = [wait(&turns, 1).await, wait(&turns, 1).await];
    let third = wait(&turns, 1).await;
    assert_eq!(oldest.await.unwrap().err(), Some(Busy));
    assert!(!second.is_finished() && !third.is_finished());
}

#[tokio::test]
async fn a_full_queue_has_room_for_a_source_without_an_entry() {
    let turns = Turns::new(LIMITS);
    let first = turns.take(&connection(1)).await.unwrap();
    let [_eager, last] = [wait(&turns, 1).await, wait(&turns, 1).await];
    let _second = wait(&turns, 2).await;
    let third = wait(&turns, 3).await;
    assert_eq!(last.await.unwrap().err(), Some(Busy));
    assert!(!third.is_finished());
    // Now every source has one, and none is removed.
    assert_eq!(turns.take(&connection(4)).await.err(), Some(Busy));
    drop(first);
}

#[tokio::test]
async fn a_client_that_disconnected_does_not_keep_its_turn() {
    let turns = Turns::new(LIMITS);
    let first = turns.take(&connection(1)).await.unwrap();
    let gone = wait(&turns, 2).await;
    let next = wait(&turns, 3).await;
    gone.abort();
    assert!(gone.await.is_err());
    drop(first);
    next.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_has_an_end() {
    let turns = Turns::new(LIMITS);
    let _first = turns.take(&connection(1)).await.unwrap();
    assert_eq!(turns.take(&connection(2)).await.err(), Some(Busy));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_only_when_others_wait() {
    let turns = Turns::new(LIMITS);
    let (counts, now) = (Counts::default(), Instant::now());
    let slow = connection(1);
    slow.begin_request(now);
    slow.blocked(now);
    let _turn = turns.take(&slow).await.unwrap();
    turns.sweep(&counts, now + LIMITS.max_blocked);
    assert!(!slow.is_ending());
    let _next = wait(&turns, 1).await;
    turns.sweep(&counts, now + LIMITS.max_blocked - Duration::from_millis(1));
    assert!(!slow.is_ending());
    turns.sweep(&counts, now + LIMITS.max_blocked);
    assert!(slow.is_ending());
}

#[tokio::test]
async fn the_only_scrape_of_a_source_has_a_longer_timeout() {
    let turns = Turns::new(LIMITS);
    let (counts, now) = (Counts::default(), Instant::now());
    let rightful = connection(1);
    rightful.begin_request(now);
    rightful.blocked(now);
    let _turn = turns.take(&rightful).await.unwrap();
    let _crowd = [wait(&turns, 2).await, wait(&turns, 2).await];
    turns.sweep(&counts, now + LIMITS.max_blocked_alone - Duration::from_millis(1));
    assert!(!rightful.is_ending());
    turns.sweep(&counts, now + LIMITS.max_blocked_alone);
    assert!(rightful.is_ending());
}
