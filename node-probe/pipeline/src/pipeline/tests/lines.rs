//! Lines of access logs: which there are, and that they say what the series say.

use super::events::{ends, play, step};
use super::nodes::{BOOT, Node, S, Socket, address};
use crate::event::{ConnectionId, Traffic};
use crate::log::LogRecord;
use crate::observation::Reporter;
use crate::record::{CloseReason, Counters, FailReason, flag};
use longwire_model::access_log::{AccessLog, LogEvent, LogEvents, Share};
use longwire_model::expression::Condition;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

fn all() -> AccessLog {
    let events = LogEvent::ALL.into_iter().fold(LogEvents::NONE, LogEvents::with);
    AccessLog { events, interval: Duration::from_secs(1), ..AccessLog::default() }
}

fn logging(log: AccessLog) -> Node {
    let mut node = Node::new(&["a", "b"]);
    node.configure(&["a", "b"], Some(log));
    node
}

/// The client of a connection from `a` to `b`.
fn client(number: u32) -> Socket {
    let [client, _] = ends(number, "b", SocketAddr::new(address("b"), 8080), SocketAddr::new(address("a"), 1));
    client
}

/// Lives for some seconds, then closes.
fn live_and_close(node: &mut Node, mut client: Socket) {
    node.announce(&client);
    node.settle(&[client]);
    client.counters.sent += 100;
    node.pass(&[client]);
    node.close(&client);
}

fn events(node: &mut Node) -> Vec<LogEvent> {
    node.lines().iter().map(|line| line.event).collect()
}

proptest! {
    #[test]
    fn the_lines_of_a_connection_add_up_to_its_totals_and_never_go_back(steps in prop::collection::vec(step(), 0..60)) {
        let (mut node, sockets) = play(logging(all()), &steps);
        let lines = node.lines().to_vec();
        for socket in &sockets {
            let events = node.events(socket.id);
            let last = events.last().unwrap();
            let own: Vec<&LogRecord> =
                lines.iter().filter(|line| line.id == last.id && line.edge.reporter == last.reporter).collect();
            let mut before = Traffic::default();
            for line in &own {
                prop_assert_eq!(line.new, line.totals.since(before));
                prop_assert_eq!(line.totals.since(line.new), before, "it went back");
                before = line.totals;
            }
            let (end, rest) = own.split_last().unwrap();
            prop_assert_eq!((end.event, end.totals), (LogEvent::Close, last.totals.oriented(last.reporter)));
            prop_assert!(rest.iter().all(|line| line.event != LogEvent::Close));
            prop_assert!(rest.iter().skip(1).all(|line| line.event == LogEvent::Periodic));
        }
    }
}

#[test]
fn nothing_is_logged_without_a_configuration() {
    let mut node = Node::new(&["a", "b"]);
    live_and_close(&mut node, client(1));
    assert!(node.lines().is_empty());
}

#[test]
fn only_the_events_that_are_on_have_lines() {
    let mut node = logging(AccessLog::default());
    live_and_close(&mut node, client(1));
    assert_eq!(events(&mut node), [LogEvent::Close]);
}

#[test]
fn a_connection_that_is_idle_for_an_hour_has_its_periodic_line_each_interval_over_a_restart_too() {
    let mut node = logging(AccessLog { interval: Duration::from_secs(5), ..all() });
    let client = client(1);
    node.announce(&client);
    node.settle(&[client]);
    let resolved = node.lines().len();
    // A pass is a little early, or late.
    for second in 0..3_600 {
        node.now += S - S / 50 + u64::from(second % 3 == 0) * S / 20;
        node.pass(&[client]);
        if second == 1_800 {
            node.restart();
        }
    }
    let times: Vec<u64> = node.lines()[resolved..].iter().map(|line| line.time / S).collect();
    assert!((715..=719).contains(&times.len()), "{} lines in 3,588 s", times.len());
    assert!(times.windows(2).all(|pair| (4..=6).contains(&(pair[1] - pair[0]))), "{times:?}");
    let lines = &node.lines()[resolved..];
    assert!(lines.iter().all(|line| (line.event, line.new) == (LogEvent::Periodic, Traffic::default())));
}

#[test]
fn a_line_says_who_closed_how_long_it_took_and_what_was_last_read() {
    let mut node = logging(all());
    let mut client = client(1);
    client.counters.min_rtt_us = 40;
    node.announce(&client);
    node.settle(&[client]);
    client.flags |= flag::BY_REMOTE | flag::CUT;
    node.close(&client);
    let closed = node.now;
    let line = node.lines().last().unwrap().clone();
    assert_eq!(
        (line.event, line.close_reason, line.closed_by),
        (LogEvent::Close, Some(CloseReason::Reset), Some(Reporter::Destination))
    );
    assert_eq!((line.start, line.duration, line.time), (BOOT + 99 * S, closed - 99 * S, BOOT + closed));
    assert_eq!((line.rtt_us, line.min_rtt_us, line.handshake), (Some(70), Some(40), Some(1_000)));
    // As the series have it: the client's bytes are those that the server received.
    assert_eq!((line.totals.received, line.totals.sent), (10, 3));
    assert!(matches!(line.id, ConnectionId::Shared(_)));
    assert_eq!(line.answered, Some(SocketAddr::new(address("b"), 8080)));
}

#[test]
fn a_failed_connect_is_logged_whatever_the_sample() {
    let nothing = Share::of_percent(0.0).unwrap();
    let mut node = logging(AccessLog { sample: nothing, ..all() });
    let failed = Socket { sequence: (0, 0), established: 0, counters: Counters::default(), ..client(1) };
    node.fail(&failed);
    node.settle(&[]);
    live_and_close(&mut node, client(2));
    let lines: Vec<_> = node.lines().iter().map(|line| (line.event, line.failure)).collect();
    assert_eq!(lines, [(LogEvent::Failed, Some(FailReason::Aborted))]);
}

#[test]
fn both_ends_choose_the_same_connections() {
    let mut node = logging(AccessLog { sample: Share::of_percent(30.0).unwrap(), ..AccessLog::default() });
    for number in 1..=200 {
        let seen = SocketAddr::new(address("a"), 1_000 + u16::try_from(number).unwrap());
        let both = ends(number, "b", SocketAddr::new(address("b"), 8080), seen);
        both.iter().for_each(|end| node.close(end));
    }
    node.settle(&[]);
    let lines = node.lines().to_vec();
    let [source, destination] = [Reporter::Source, Reporter::Destination].map(|reporter| {
        let own = lines.iter().filter(|line| line.edge.reporter == reporter);
        own.map(|line| format!("{:?}", line.id)).collect::<BTreeSet<_>>()
    });
    assert_eq!(source, destination);
    assert!((30..90).contains(&source.len()), "{} of 200", source.len());
}

#[test]
fn a_connection_without_a_common_id_belongs_to_the_sample_by_its_own() {
    let mut node = logging(AccessLog { sample: Share::of_percent(30.0).unwrap(), ..AccessLog::default() });
    (1..=200).for_each(|number| node.close(&Socket { sequence: (0, 0), ..client(number) }));
    node.settle(&[]);
    let lines = node.lines();
    assert!(lines.iter().all(|line| matches!(line.id, ConnectionId::Local(_))));
    assert!((30..90).contains(&lines.len()), "{} of 200", lines.len());
}

#[test]
fn periodic_lines_of_connections_that_are_found_at_once_are_spread_over_the_interval() {
    let mut node = logging(AccessLog { events: LogEvents::NONE.with(LogEvent::Periodic), ..AccessLog::default() });
    let clients: Vec<Socket> = (1..=600).map(client).collect();
    clients.iter().for_each(|client| node.announce(client));
    node.settle(&clients);
    for _ in 0..130 {
        node.now += S;
        node.pass(&clients);
    }
    let mut each_second = BTreeMap::<u64, usize>::new();
    for line in node.lines() {
        *each_second.entry(line.time / S).or_default() += 1;
    }
    let most = each_second.values().max().copied().unwrap_or_default();
    assert!(each_second.len() > 60 && most <= 30, "{most} of 600 lines a minute in one second");
}

#[test]
fn the_start_is_by_the_clock_as_it_is_set_now() {
    let mut node = logging(all());
    let client = client(1);
    node.announce(&client);
    node.settle(&[client]);
    node.pipeline.set_clock(BOOT + 3_600 * S);
    node.close(&client);
    let end = node.lines().last().unwrap().clone();
    assert_eq!((end.start, end.time), (BOOT + 3_699 * S, BOOT + 3_600 * S + node.now));
}

#[test]
fn what_only_the_begin_knows_is_in_later_lines_and_filters() {
    let filter = Condition::parse("connection.event != \"connect\" && connection.handshake > 0").unwrap();
    let mut node = logging(AccessLog { filter: Some(filter), ..all() });
    let client = client(1);
    node.announce(&client);
    node.settle(&[client]);
    let periodic = node.lines().last().unwrap().clone();
    assert_eq!((periodic.event, periodic.handshake, periodic.rtt_us), (LogEvent::Periodic, Some(1_000), Some(70)));
}

#[test]
fn a_log_that_was_off_for_a_while_repeats_no_byte() {
    let mut node = logging(all());
    let mut client = client(1);
    node.announce(&client);
    node.settle(&[client]);
    node.configure(&["a", "b"], None);
    client.counters.sent += 5;
    node.pass(&[client]);
    let before = node.lines().len();
    node.restart();
    node.configure(&["a", "b"], Some(all()));
    node.close(&client);
    let since = &node.lines()[before..];
    assert_eq!(since.iter().map(|line| line.new.received).sum::<u64>(), 5);
}

#[test]
fn young_connections_and_those_after_the_end_have_no_line() {
    let mut node = logging(AccessLog { min_duration: Duration::from_secs(3), ..AccessLog::default() });
    let young = client(1);
    node.close(&young);
    node.settle(&[]);
    assert_eq!(events(&mut node), []);
    live_and_close(&mut node, client(2));
    assert_eq!(events(&mut node), [LogEvent::Close]);
    let until = Some(BOOT + node.now);
    node.configure(&["a", "b"], Some(AccessLog { until, ..AccessLog::default() }));
    live_and_close(&mut node, client(3));
    assert_eq!(events(&mut node), [LogEvent::Close], "it was over");
}

#[test]
fn a_filter_chooses_by_what_has_happened() {
    let filter = Condition::parse("connection.received_bytes > 50 && destination.workload == \"b\"").unwrap();
    let mut node = logging(AccessLog { filter: Some(filter), ..AccessLog::default() });
    node.close(&client(1));
    node.settle(&[]);
    assert_eq!(events(&mut node), []);
    live_and_close(&mut node, client(2));
    assert_eq!(events(&mut node), [LogEvent::Close]);
    let broken = Condition::parse("source.labels[\"team\"] == \"x\"").unwrap();
    node.configure(&["a", "b"], Some(AccessLog { filter: Some(broken), ..AccessLog::default() }));
    node.close(&client(3));
    node.settle(&[]);
    assert_eq!(node.lines().len(), 1, "without a value it does not hold");
    assert_eq!(node.pipeline.journal().counts().filter_errors, 1);
}

#[test]
fn the_next_line_says_how_many_were_left_out_before() {
    let mut node = logging(AccessLog { rate_limit: Some(2), ..AccessLog::default() });
    (1..=5).for_each(|number| node.close(&client(number)));
    node.settle(&[]);
    assert_eq!(node.lines().len(), 2, "two at once");
    node.now += S;
    node.close(&client(6));
    node.settle(&[]);
    let suppressed: Vec<u64> = node.lines().iter().map(|line| line.suppressed).collect();
    assert_eq!(suppressed, [0, 0, 3]);
    assert_eq!(node.pipeline.journal().counts().pod_rate, 3);
}

#[test]
fn the_nodes_limit_is_for_all_pods_together() {
    let mut node = logging(AccessLog::default());
    node.limit(4);
    for number in 1..=3 {
        let seen = SocketAddr::new(address("a"), 1_000 + u16::try_from(number).unwrap());
        ends(number, "b", SocketAddr::new(address("b"), 8080), seen).iter().for_each(|end| node.close(end));
    }
    node.settle(&[]);
    let counts = node.pipeline.journal().counts();
    assert_eq!((node.lines().len(), counts.node_rate + counts.pod_rate), (4, 2));
    node.restart();
    node.now += S;
    (4..=9).for_each(|number| node.close(&client(number)));
    node.settle(&[]);
    assert_eq!(node.lines().len(), 6, "the successor has the limit too, and a pod has half of it");
}

#[test]
fn lines_that_nobody_takes_are_bounded_and_counted() {
    let mut node = logging(AccessLog::default());
    node.limit(100_000);
    for number in 0..17_000 {
        node.close(&client(number % 60_000 + 1));
        if number % 500 == 0 {
            node.settle(&[]);
        }
    }
    node.settle(&[]);
    let counts = node.pipeline.journal().counts();
    assert_eq!((counts.lines, counts.queue_full), (16_384, 17_000 - 16_384));
    assert_eq!(node.lines().len(), 16_384);
}

#[test]
fn an_edit_applies_to_living_connections_and_repeats_no_byte() {
    let mut node = logging(all());
    let mut client = client(1);
    node.announce(&client);
    node.settle(&[client]);
    node.configure(&["a", "b"], Some(AccessLog { events: LogEvents::NONE.with(LogEvent::Close), ..all() }));
    client.counters.sent += 7;
    node.pass(&[client]);
    node.now += 60 * S;
    node.pass(&[client]);
    node.close(&client);
    let line = node.lines().last().unwrap().clone();
    assert_eq!((line.event, line.totals.received, line.new.received), (LogEvent::Close, 17, 7));
    assert_eq!(events(&mut node).iter().filter(|event| **event == LogEvent::Close).count(), 1);
    node.configure(&["a", "b"], None);
    live_and_close(&mut node, self::client(2));
    assert_eq!(node.lines().last().unwrap().id, line.id, "it is off");
}

#[test]
fn a_restart_repeats_no_byte_and_delays_no_line() {
    let mut node = logging(AccessLog { interval: Duration::from_secs(20), ..all() });
    let mut client = client(1);
    node.announce(&client);
    node.settle(&[client]);
    let before = node.lines().len();
    node.now += 10 * S;
    node.restart();
    client.counters.sent += 5;
    node.now += 6 * S;
    node.pass(&[client]);
    let lines = &node.lines()[before..];
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0].event, lines[0].totals.received, lines[0].new.received), (LogEvent::Periodic, 15, 5));
}
