use super::{Connections, Source};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::sync::oneshot::Receiver;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn other(last: u8) -> Source {
    Source::Other(IpAddr::from([10, 0, 0, last]))
}

fn node(last: u8) -> Source {
    Source::Node(IpAddr::from([10, 9, 0, last]))
}

fn is_open(closed: &mut Receiver<()>) -> bool {
    closed.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty)
}

/// A table, its beginning, and connections that are pending in it.
struct Fixture {
    table: Connections,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        let now = Instant::now();
        Self { table: Connections::new(now), now }
    }

    fn pending(&mut self, source: Source) -> (u64, Receiver<()>) {
        let (number, closed, _) = self.table.arrive(source, self.now);
        assert!(self.table.secured(number, self.now).is_some());
        (number, closed)
    }

    fn after(&self, milliseconds: u64) -> Instant {
        self.now + Duration::from_millis(milliseconds)
    }
}

#[test]
fn an_ipv6_source_is_its_64_bits_unless_it_is_a_node() {
    let of = |text: &str| Source::of(ip(text), |address| *address == ip("fd00::9"));
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:10.0.0.1"), other(1));
    assert_eq!((of("fd00::9"), of("fd00::8")), (Source::Node(ip("fd00::9")), Source::Other(ip("fd00::"))));
}

#[test]
fn the_oldest_handshake_of_a_source_gives_way_and_no_other() {
    let Fixture { mut table, now } = Fixture::new();
    let (_, mut elsewhere, _) = table.arrive(other(2), now);
    let mut held: Vec<_> = (0..128).map(|_| table.arrive(other(1), now)).collect();
    assert!(held.iter_mut().all(|(_, closed, evicted)| *evicted == 0 && is_open(closed)));
    let (_, _new, evicted) = table.arrive(other(1), now);
    let open: Vec<bool> = held.iter_mut().map(|(_, closed, _)| is_open(closed)).collect();
    assert_eq!(
        (evicted, open.iter().position(|open| !open), open.iter().filter(|open| !**open).count()),
        (1, Some(0), 1)
    );
    assert!(is_open(&mut elsewhere));
}

#[test]
fn others_do_not_take_the_place_of_nodes() {
    let Fixture { mut table, now } = Fixture::new();
    let (_, mut of_node, _) = table.arrive(node(1), now);
    let mut held = Vec::new();
    for source in 0..=255 {
        held.extend((0..4).map(|_| table.arrive(other(source), now)));
    }
    assert!(is_open(&mut of_node));
    assert_eq!(table.counts(), [("handshake", 257), ("pending", 0), ("admitted", 0)]);
}

#[test]
fn a_pod_behind_its_nodes_address_does_not_keep_its_probe_out() {
    let Fixture { mut table, now } = Fixture::new();
    // 1,000 a second, each held open: a probe needs a moment.
    let (probe, mut closed, _) = table.arrive(node(1), now);
    let held: Vec<_> = (0..127).map(|_| table.arrive(node(1), now)).collect();
    assert!(is_open(&mut closed));
    assert!(table.secured(probe, now).is_some());
    drop(held);
}

#[test]
fn handshakes_of_others_are_bounded_in_rate_and_a_node_always_has_its_own() {
    let Fixture { mut table, now } = Fixture::new();
    let mut answered = |source: fn(u32) -> Source| (0..10_000).filter(|at| table.may_answer(source(*at), now)).count();
    assert_eq!(answered(|_| other(1)), 200);
    assert_eq!(answered(|at| Source::Other(at.to_be_bytes().into())), 400 - 200);
    assert_eq!(answered(|_| node(1)), 20 + 1_500);
    assert_eq!(answered(|_| node(2)), 20);
    let later = now + Duration::from_secs(1);
    assert_eq!((0..1_000).filter(|_| table.may_answer(other(1), later)).count(), 100);
}

#[test]
fn a_connection_without_a_stream_is_closed_after_five_seconds_and_one_with_a_stream_is_not() {
    let mut fixture = Fixture::new();
    let (_, mut idle) = fixture.pending(other(1));
    let (reviewed, mut pending) = fixture.pending(other(1));
    let (admitted, mut stays) = fixture.pending(other(1));
    fixture.table.call(reviewed).unwrap();
    fixture.table.call(admitted).unwrap();
    fixture.table.admit(admitted).unwrap();
    fixture.table.answered(admitted);
    let overdue = [4_999, 5_000, 11_999, 12_000].map(|after| fixture.table.close_overdue(fixture.after(after)));
    assert_eq!(overdue, [0, 1, 0, 1]);
    assert_eq!([&mut idle, &mut pending, &mut stays].map(is_open), [false, false, true]);
    // Its stream ends; it has five seconds for the next one.
    fixture.table.left(admitted, fixture.after(20_000));
    assert_eq!([24_999, 25_000].map(|after| fixture.table.close_overdue(fixture.after(after))), [0, 1]);
    assert!(!is_open(&mut stays));
}

#[test]
fn a_call_that_waits_for_the_api_server_does_not_give_way() {
    let mut fixture = Fixture::new();
    let (reviewed, mut pending) = fixture.pending(other(1));
    fixture.table.call(reviewed).unwrap();
    let mut held: Vec<_> = (0..128).map(|_| fixture.pending(other(1))).collect();
    assert!(is_open(&mut pending));
    assert_eq!(held.iter_mut().map(|(_, closed)| is_open(closed)).filter(|open| !open).count(), 1);
}

#[test]
fn calls_of_a_connection_and_those_that_wait_of_a_source_are_bounded() {
    let mut fixture = Fixture::new();
    let (greedy, mut closed) = fixture.pending(other(1));
    for _ in 0..4 {
        assert_eq!(fixture.table.call(greedy), Ok(()));
        fixture.table.answered(greedy);
    }
    assert_eq!(fixture.table.call(greedy), Err("too_many_calls"));
    assert!(!is_open(&mut closed));
    let held: Vec<_> = (0..33).map(|_| fixture.pending(other(1))).collect();
    let calls: Vec<_> = held.iter().map(|(number, _)| fixture.table.call(*number)).collect();
    assert_eq!((calls[31], calls[32]), (Ok(()), Err("busy")));
}

#[test]
fn streams_of_a_node_are_bounded_and_nothing_is_left_of_what_ended() {
    let mut fixture = Fixture::new();
    let admit = |fixture: &mut Fixture| {
        let (number, closed) = fixture.pending(node(1));
        fixture.table.call(number).unwrap();
        (fixture.table.admit(number), number, closed)
    };
    let held: Vec<_> = (0..16).map(|_| admit(&mut fixture)).collect();
    assert!(held.iter().all(|(admitted, ..)| admitted.is_ok()));
    assert_eq!(admit(&mut fixture).0, Err("too_many"));
    held.iter().for_each(|(_, number, _)| fixture.table.end(*number));
    assert_eq!(fixture.table.counts(), [("handshake", 0), ("pending", 0), ("admitted", 0)]);
}
