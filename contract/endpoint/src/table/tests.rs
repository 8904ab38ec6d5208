use super::Table;
use crate::connection::Connection;
use crate::counts::{Counts, Reason};
use crate::limits::Limits;
use crate::source::Source;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Listener {
    table: Table,
    counts: Counts,
    now: Instant,
}

impl Listener {
    fn new(connections: usize, connections_of_source: usize) -> Self {
        let limits = Limits { connections, connections_of_source, ..Limits::METRICS };
        Self { table: Table::new(limits), counts: Counts::default(), now: Instant::now() }
    }

    fn admit(&mut self, source: u8) -> Option<Arc<Connection>> {
        self.now += Duration::from_millis(1);
        self.table.admit(Source::of(IpAddr::V4(Ipv4Addr::new(10, 0, 0, source))), &self.counts, self.now)
    }

    fn count(&self, reason: Reason) -> u64 {
        self.counts.read()[reason as usize].1
    }
}

#[test]
fn a_source_with_too_many_connections_loses_its_oldest() {
    let mut listener = Listener::new(10, 2);
    let [first, second] = [listener.admit(1).unwrap(), listener.admit(1).unwrap()];
    let other = listener.admit(2).unwrap();
    let third = listener.admit(1).unwrap();
    assert!(first.is_ending());
    assert!(![second, third, other].iter().any(|connection| connection.is_ending()));
    assert_eq!(listener.count(Reason::Replaced), 1);
}

#[test]
fn a_full_listener_takes_the_place_from_the_source_that_has_most() {
    let mut listener = Listener::new(4, 4);
    let rightful = listener.admit(1).unwrap();
    let crowd: Vec<_> = (0..3).map(|_| listener.admit(2).unwrap()).collect();
    let next = listener.admit(3).unwrap();
    assert!(crowd[0].is_ending() && !crowd[1].is_ending());
    assert!(!rightful.is_ending() && !next.is_ending());
}

#[test]
fn a_source_that_keeps_on_connecting_to_a_full_listener_pushes_out_its_own() {
    let mut listener = Listener::new(4, 4);
    let [others_before, own] = [9, 1].map(|source| listener.admit(source).unwrap());
    let others_after = [7, 8].map(|source| listener.admit(source).unwrap());
    let next = listener.admit(1).unwrap();
    assert!(own.is_ending() && !next.is_ending() && !others_before.is_ending());
    assert!(!others_after.iter().any(|connection| connection.is_ending()));
}

#[test]
fn where_every_source_has_one_the_oldest_without_a_request_gives_way() {
    let mut listener = Listener::new(4, 4);
    let answered = listener.admit(9).unwrap();
    answered.begin_request(listener.now);
    answered.made();
    answered.flushed(listener.now);
    let [oldest, second, third] = [1, 8, 7].map(|source| listener.admit(source).unwrap());
    let next = listener.admit(2).unwrap();
    assert!(oldest.is_ending());
    assert!(![answered, second, third, next].iter().any(|connection| connection.is_ending()));
}

#[test]
fn a_source_with_one_connection_is_not_cut_for_one_with_many() {
    let mut listener = Listener::new(4, 8);
    let rightful = listener.admit(1).unwrap();
    for _ in 0..3 {
        listener.admit(2).unwrap().begin_request(listener.now);
    }
    assert!(listener.admit(2).is_none());
    assert!(!rightful.is_ending());
    // A source without a connection counts like one with a single one.
    listener.admit(3).unwrap();
    assert!(rightful.is_ending());
    assert_eq!((listener.count(Reason::Full), listener.count(Reason::Replaced)), (1, 1));
}

#[test]
fn a_storm_from_fewer_sources_than_places_does_not_reach_another_source() {
    let mut listener = Listener::new(16, 8);
    let storm = |listener: &mut Listener, connections: u32| {
        for at in 0..connections {
            listener.admit(100 + u8::try_from(at % 14).unwrap()).unwrap();
        }
    };
    storm(&mut listener, 100);
    let rightful = listener.admit(200).unwrap();
    storm(&mut listener, 1_000);
    assert!(!rightful.is_ending());
    assert_eq!(listener.count(Reason::Replaced), 1_101 - 16);
}

#[test]
fn a_request_under_way_is_not_replaced() {
    let mut listener = Listener::new(2, 2);
    let busy = listener.admit(1).unwrap();
    busy.begin_request(listener.now);
    let resting = listener.admit(1).unwrap();
    let next = listener.admit(1).unwrap();
    assert!(resting.is_ending() && !busy.is_ending());
    next.begin_request(listener.now);
    assert!(listener.admit(1).is_none());
    assert_eq!((listener.count(Reason::Full), listener.count(Reason::Replaced)), (1, 1));
}

#[test]
fn a_connection_that_ended_gives_its_place_back() {
    let mut listener = Listener::new(1, 1);
    let first = listener.admit(1).unwrap();
    listener.table.remove(&first);
    listener.admit(1).unwrap();
    assert!(!first.is_ending());
    assert_eq!(listener.count(Reason::Replaced), 0);
}

#[test]
fn descriptors_come_back_from_the_source_that_has_most_and_never_from_a_request_under_way() {
    let mut listener = Listener::new(8, 8);
    let busy = listener.admit(1).unwrap();
    busy.begin_request(listener.now);
    let crowd: Vec<_> = (0..3).map(|_| listener.admit(2).unwrap()).collect();
    let alone = listener.admit(3).unwrap();
    assert!(listener.table.make_room(2, &listener.counts));
    assert_eq!(crowd.iter().map(|connection| connection.is_ending()).collect::<Vec<_>>(), [true, true, false]);
    assert!(!alone.is_ending());
    assert!(listener.table.make_room(8, &listener.counts));
    assert!(crowd[2].is_ending() && alone.is_ending() && !busy.is_ending());
    assert!(!listener.table.make_room(1, &listener.counts));
}

#[test]
fn a_sweep_ends_what_is_past_its_deadline_and_counts_it_once() {
    let mut listener = Listener::new(2, 2);
    let half = listener.admit(1).unwrap();
    let busy = listener.admit(1).unwrap();
    busy.begin_request(listener.now);
    let later = listener.now + Limits::METRICS.head;
    listener.table.sweep(&listener.counts, later);
    listener.table.sweep(&listener.counts, later);
    assert!(half.is_ending() && !busy.is_ending());
    assert_eq!(listener.count(Reason::Head), 1);
}
