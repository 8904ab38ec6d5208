//! What the scrape says of single connections, from ring records to text.

use crate::world::{BOOT, HOST, S, Socket, WEB, World, options};
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_model::update::Update;
use longwire_pipeline::pipeline::{Options, Queries};
use longwire_pipeline::record::{Counters, flag, kind};

const OPENED: &str = "istio_tcp_connections_opened_total";
const CLOSED: &str = "istio_tcp_connections_closed_total";
const SENT: &str = "istio_tcp_sent_bytes_total";
const RECEIVED: &str = "istio_tcp_received_bytes_total";
const ACTIVE: &str = "longwire_tcp_connections_active";
const FAILED: &str = "longwire_tcp_connections_failed_total";

pub(crate) fn moved(sent: u64, received: u64) -> Counters {
    Counters { sent, received, srtt_us: 300, ..Counters::default() }
}

/// Pod `a` connects to pod `b` on port 8080, at second 100.
pub(crate) fn client(counters: Counters) -> Socket {
    Socket {
        id: 1,
        flags: flag::ACTIVE,
        cgroup: 1,
        netns: 7,
        sequence: (10, 20),
        syn_time: 100 * S - 2_000_000,
        established: 100 * S,
        local: "10.0.0.1",
        local_port: 1000,
        remote: "10.0.0.2",
        remote_port: 8080,
        counters,
    }
}

pub(crate) fn server(counters: Counters) -> Socket {
    Socket {
        id: 2,
        flags: flag::PASSIVE,
        cgroup: 2,
        netns: 8,
        syn_time: 0,
        local: "10.0.0.2",
        local_port: 8080,
        remote: "10.0.0.1",
        remote_port: 1000,
        ..client(counters)
    }
}

/// Pod `a` connects to the Service.
pub(crate) fn to_web(counters: Counters) -> Socket {
    Socket { remote: "10.96.0.1", remote_port: 80, ..client(counters) }
}

fn values(world: &mut World, labels: &str) -> [Option<f64>; 4] {
    [OPENED, CLOSED, SENT, RECEIVED].map(|family| world.value(family, labels))
}

#[test]
fn a_connection_between_two_pods_is_one_edge_with_two_reporters() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    let edge = "source_workload=a destination_workload=b destination_service_name=web destination_canonical_service=b";
    for reporter in ["source", "destination"] {
        let labels = format!("reporter={reporter} {edge}");
        assert_eq!(values(&mut world, &labels), [Some(1.0), Some(0.0), Some(200.0), Some(10.0)], "{reporter}");
        assert_eq!(world.value(ACTIVE, &labels), Some(1.0));
    }
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    world.wait(S);
    world.close(&client(moved(15, 400)));
    world.close(&server(moved(400, 15)));
    for reporter in ["source", "destination"] {
        let labels = format!("reporter={reporter} {edge}");
        assert_eq!(values(&mut world, &labels), [Some(1.0), Some(1.0), Some(400.0), Some(15.0)], "{reporter}");
        assert_eq!(world.value(ACTIVE, &labels), Some(0.0));
        assert_eq!(world.value("longwire_tcp_rtt_seconds_count", &labels), Some(2.0), "announce and sample");
        assert_eq!(world.value("longwire_tcp_connection_duration_seconds_sum", &labels), Some(1.0));
    }
    assert_eq!(world.value("longwire_tcp_handshake_seconds_sum", "reporter=source"), Some(0.002));
    assert_eq!(world.value("longwire_tcp_handshake_seconds_count", "reporter=destination").unwrap_or(0.0), 0.0);
    assert_eq!(world.value("kmesh_tcp_workload_sent_bytes_total", "reporter=destination"), Some(400.0));
    assert_eq!(world.scrape()[OPENED].len(), 2);
    assert_eq!(world.pipeline.stats().connections, 0);
}

#[test]
fn a_short_connection_costs_one_record_an_end() {
    let mut world = World::new(options());
    world.now += S;
    for _ in 0..2 {
        world.close(&to_web(moved(10, 200)));
        world.close(&server(moved(200, 10)));
    }
    // Both ends query the owner of the requested address.
    world.answer_addresses();
    for reporter in ["source", "destination"] {
        let labels =
            format!("reporter={reporter} source_workload=a destination_workload=b destination_service_name=web");
        assert_eq!(values(&mut world, &labels), [Some(1.0), Some(1.0), Some(200.0), Some(10.0)], "{reporter}");
    }
    assert_eq!(world.value("longwire_tcp_rtt_seconds_count", "reporter=source"), Some(1.0));
    assert_eq!(world.pipeline.stats().late, 2);
}

#[test]
fn behind_a_service_conntrack_and_operator_name_the_pod() {
    let mut world = World::new(options());
    let socket = to_web(moved(10, 200));
    world.conntrack.insert(("10.0.0.1:1000".parse().unwrap(), WEB.parse().unwrap()), "10.0.1.1:8080".parse().unwrap());
    world.announce(&socket);
    assert_eq!(world.value(OPENED, ""), None);
    world.answer();
    world.wait(S);
    let labels = "reporter=source source_workload=a destination_workload=r destination_service_name=web";
    assert_eq!(values(&mut world, labels), [Some(1.0), Some(0.0), Some(200.0), Some(10.0)]);
}

#[test]
fn without_an_entry_the_service_stays_and_the_workload_is_unknown() {
    let mut world = World::new(options());
    world.announce(&to_web(moved(10, 200)));
    world.answer();
    world.wait(S);
    assert_eq!(world.pipeline.stats().pending, 1, "the other end may be here");
    world.pass(&[to_web(moved(10, 250))]);
    let labels = "source_workload=a destination_workload=unknown destination_service_name=web";
    assert_eq!(values(&mut world, labels), [Some(1.0), Some(0.0), Some(250.0), Some(10.0)]);
    assert_eq!(world.pipeline.stats().backend_unknown, 1);
}

#[test]
fn an_operator_that_is_silent_leaves_the_peer_unknown() {
    let mut world = World::new(options());
    let away = Socket { remote: "10.0.1.1", ..client(moved(10, 200)) };
    world.announce(&away);
    assert_eq!(
        world.pipeline.queries(),
        Queries { addresses: vec!["10.0.1.1".parse().unwrap()], ..Queries::default() }
    );
    world.pass(&[away]);
    world.wait(3 * S - 1);
    assert_eq!(world.value(OPENED, ""), None);
    world.wait(1);
    let labels = "source_workload=a destination_workload=unknown destination_service_name=unknown";
    assert_eq!(values(&mut world, labels), [Some(1.0), Some(0.0), Some(200.0), Some(10.0)]);
    assert_eq!(world.pipeline.stats().unanswered, 1);
    world.answer();
    world.pass(&[Socket { remote: "10.0.1.1", ..client(moved(11, 200)) }]);
    assert_eq!(world.value(RECEIVED, labels), Some(11.0), "a late answer changes nothing");
    assert_eq!(world.value(OPENED, "destination_workload=r"), None);
}

#[test]
fn before_the_operator_has_spoken_everything_waits_and_nothing_is_lost() {
    let mut world = World::unconfigured(options());
    assert!(!world.pipeline.configured());
    world.announce(&client(moved(10, 200)));
    world.close(&server(moved(400, 15)));
    world.wait(100 * S);
    world.pass(&[client(moved(15, 300))]);
    world.pass(&[client(moved(15, 400))]);
    assert_eq!((world.scrape().len(), world.pipeline.stats().pending), (0, 2));
    world.configure(SeriesSets::default());
    world.answer();
    assert!(world.pipeline.configured());
    for reporter in ["source", "destination"] {
        let closed = f64::from(reporter == "destination");
        let labels =
            format!("reporter={reporter} source_workload=a destination_workload=b destination_service_name=web");
        assert_eq!(values(&mut world, &labels), [Some(1.0), Some(closed), Some(400.0), Some(15.0)], "{reporter}");
    }
    assert_eq!(
        world.value("longwire_tcp_rtt_seconds_count", "reporter=source"),
        Some(1.0),
        "the last one that was seen"
    );
}

#[test]
fn a_failed_connect_is_neither_opened_nor_closed() {
    let mut world = World::new(options());
    let socket = Socket { sequence: (0, 0), established: 0, remote: "10.0.1.1", ..client(Counters::default()) };
    let mut record = socket.record(kind::FAIL, world.now);
    record[52..56].copy_from_slice(&111_i32.to_ne_bytes());
    world.ingest(&record);
    world.ingest(&record);
    world.answer();
    let labels = "reporter=source source_workload=a destination_workload=r destination_service_name=web";
    assert_eq!(world.value(FAILED, &format!("{labels} reason=refused")), Some(1.0));
    assert_eq!(world.value(OPENED, ""), None);
    assert_eq!(world.value(CLOSED, ""), None);
}

#[test]
fn an_adopted_connection_counts_from_then_on_and_was_never_opened() {
    let mut world = World::new(options());
    let adopted = |socket: Socket| Socket { flags: socket.flags | flag::ADOPTED, established: 0, ..socket };
    world.announce(&adopted(client(moved(1000, 2000))));
    world.announce(&adopted(server(moved(2000, 1000))));
    world.wait(S);
    world.close(&adopted(client(moved(1001, 2010))));
    for (reporter, closed, sent, received) in [("source", 1.0, 10.0, 1.0), ("destination", 0.0, 0.0, 0.0)] {
        let labels =
            format!("reporter={reporter} source_workload=a destination_workload=b destination_service_name=web");
        assert_eq!(values(&mut world, &labels), [Some(0.0), Some(closed), Some(sent), Some(received)], "{reporter}");
    }
    world.close(&Socket { id: 9, ..adopted(client(moved(5000, 5000))) });
    assert_eq!(world.pipeline.stats().unadopted_closes, 1);
    assert_eq!(world.value(SENT, "reporter=source"), Some(10.0));
    assert_eq!(world.value("longwire_tcp_connection_duration_seconds_count", "").unwrap_or(0.0), 0.0);
}

#[test]
fn a_long_connection_gets_series_that_equal_its_own_counters() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.wait(5 * S - 1);
    world.pass(&[client(moved(10, 200)), server(moved(200, 10))]);
    assert_eq!(world.value("kmesh_tcp_connection_sent_bytes_total", ""), None);
    world.wait(1);
    world.pass(&[client(moved(10, 200)), server(moved(210, 10))]);
    world.pass(&[client(moved(15, 210)), server(moved(210, 15))]);
    let start = "source_address=10.0.0.1:1000 destination_address=10.0.0.2:8080 destination_pod_name=b-0";
    for (reporter, sent, received) in [("source", 15.0, 210.0), ("destination", 210.0, 15.0)] {
        let labels = format!("reporter={reporter} {start}");
        assert_eq!(world.value("kmesh_tcp_connection_sent_bytes_total", &labels), Some(sent));
        assert_eq!(world.value("kmesh_tcp_connection_received_bytes_total", &labels), Some(received));
    }
    let scrape = world.scrape();
    let (labels, _) = &scrape["kmesh_tcp_connection_sent_bytes_total"][0];
    assert_eq!(BOOT + 100 * S, 1_700_000_100 * S);
    assert_eq!(labels["start_time"], "2023-11-14 22:15:00 +0000 UTC");
}

#[test]
fn a_pod_that_leaves_keeps_its_connections_until_they_close() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.pipeline.apply(&Update { removed_pods: vec!["uid-a".to_owned()], ..Update::default() }, world.now);
    for _ in 0..3 {
        world.wait(100 * S);
        world.pass(&[client(moved(15, 300)), server(moved(200, 10))]);
    }
    world.close(&client(moved(15, 400)));
    let labels = "reporter=source source_workload=a destination_workload=b";
    assert_eq!(values(&mut world, labels), [Some(1.0), Some(1.0), Some(400.0), Some(15.0)]);
    world.announce(&Socket { id: 3, sequence: (11, 21), established: world.now, ..client(moved(1, 1)) });
    world.wait(3 * S);
    assert_eq!(world.pipeline.stats().foreign_connections, 1, "it is not of this node any more");
}

#[test]
fn series_that_are_switched_off_while_a_connection_lives_stand_still() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.configure(SeriesSets::NONE.with(SeriesSet::Longwire));
    world.pass(&[client(moved(20, 300)), server(moved(300, 20))]);
    assert_eq!(world.value(SENT, "reporter=source"), Some(200.0));
    world.configure(SeriesSets::default());
    world.pass(&[client(moved(20, 301)), server(moved(301, 20))]);
    assert_eq!(world.value(SENT, "reporter=source"), Some(201.0));
}

#[test]
fn a_close_that_was_lost_is_counted_and_the_connection_ends_with_what_was_seen() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.pass(&[server(moved(250, 10))]);
    assert_eq!(world.pipeline.stats().closes_lost, 0, "one pass is no proof");
    world.pass(&[server(moved(250, 10))]);
    let labels = "reporter=source source_workload=a destination_workload=b";
    assert_eq!(values(&mut world, labels), [Some(1.0), Some(1.0), Some(200.0), Some(10.0)]);
    assert_eq!(world.value(ACTIVE, labels), Some(0.0));
    assert_eq!((world.pipeline.stats().closes_lost, world.pipeline.stats().connections), (1, 1));
}

#[test]
fn too_many_that_wait_are_settled_with_what_is_known_the_oldest_first() {
    let mut world = World::new(Options { max_pending: 2, ..options() });
    for id in 1..=3 {
        let number = u32::try_from(id).unwrap();
        let away = Socket { id, sequence: (number, 9), remote: "10.0.1.1", ..client(moved(id, 0)) };
        world.announce(&away);
    }
    assert_eq!(world.value(RECEIVED, "destination_workload=unknown"), Some(1.0));
    world.answer();
    world.wait(S);
    assert_eq!(world.value(RECEIVED, "destination_workload=r"), Some(5.0));
    let mut world = World::unconfigured(Options { max_pending: 0, ..options() });
    world.announce(&client(moved(1, 1)));
    world.close(&server(moved(1, 1)));
    assert_eq!((world.pipeline.stats().pending_dropped, world.pipeline.stats().pending), (2, 0));
}

#[test]
fn a_refused_connection_comes_again_once_there_is_room() {
    let mut world = World::new(Options { max_connections: 1, ..options() });
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    assert_eq!(world.pipeline.stats().connections_refused, 1);
    assert!(!world.pipeline.wants_reannounce());
    world.close(&client(moved(10, 200)));
    assert!(world.pipeline.wants_reannounce());
    assert!(!world.pipeline.wants_reannounce());
    world.announce(&server(moved(300, 20)));
    world.close(&server(moved(300, 20)));
    world.answer();
    world.wait(S);
    assert_eq!(world.value(SENT, "reporter=destination"), Some(300.0));
    assert_eq!(world.value(OPENED, "reporter=destination"), Some(1.0));
}

#[test]
fn bytes_that_are_no_record_are_counted_by_kind() {
    let mut world = World::new(options());
    let whole = client(Counters::default()).record(kind::CLOSE, 1);
    world.ingest(&whole[1..]);
    world.ingest(&[]);
    let mut unknown = whole.clone();
    unknown[0] = 9;
    world.ingest(&unknown);
    world.ingest(&Socket { id: 0, ..client(Counters::default()) }.record(kind::CLOSE, 1));
    let stats = world.pipeline.stats();
    assert_eq!(stats.invalid_size + stats.invalid_kind, 3);
    assert_eq!((stats.invalid_id, stats.records), (1, 0));
}

#[test]
fn connections_without_an_owner_are_counted() {
    let mut world = World::new(options());
    world.announce(&Socket { flags: 0, ..client(moved(1, 1)) });
    let kubelet = Socket { id: 3, cgroup: 3, netns: HOST, sequence: (0, 0), ..client(moved(1, 1)) };
    world.announce(&kubelet);
    let loopback = Socket { id: 4, local: "127.0.0.1", remote: "127.0.0.1", sequence: (0, 0), ..client(moved(1, 1)) };
    world.announce(&loopback);
    world.close(&Socket { id: 0, flags: flag::UNTRACKED, ..client(moved(9, 9)) });
    let stats = world.pipeline.stats();
    assert_eq!((stats.role_unknown, stats.host_connections, stats.local_legs), (1, 1, 1));
    assert_eq!((stats.untracked_closes, stats.connections), (1, 3));
    assert_eq!(world.scrape().len(), 0);
    world.pass(&[Socket { id: 3, ..kubelet }, loopback, Socket { flags: 0, ..client(moved(1, 1)) }]);
    assert_eq!(world.pipeline.stats().samples_unknown, 0, "they are known, and left alone");
}

#[test]
fn an_edge_expires_once_it_is_idle_and_a_workload_of_it_is_gone() {
    let mut world = World::new(options());
    world.close(&client(moved(10, 200)));
    world.close(&server(moved(200, 10)));
    for _ in 0..200 {
        world.wait(5 * S);
    }
    assert_eq!(world.value(OPENED, ""), Some(2.0), "both pods are still here");
    world.pipeline.apply(&Update { removed_pods: vec!["uid-a".to_owned()], ..Update::default() }, world.now);
    world.wait(5 * S);
    assert_eq!(world.value(OPENED, ""), None);
}

#[test]
fn an_address_is_forgotten_when_it_is_not_used_and_asked_for_again_when_it_is() {
    let mut world = World::new(options());
    let outside = |id: u64| Socket { id, sequence: (0, 0), remote: "8.8.8.8", ..client(moved(1, 1)) };
    let dns = vec!["8.8.8.8".parse().unwrap()];
    world.close(&outside(5));
    assert_eq!(world.pipeline.interest(), dns);
    world.answer();
    assert_eq!(world.value(OPENED, "destination_service_name=PassthroughCluster"), Some(1.0));
    world.wait(600 * S);
    assert_eq!(world.pipeline.queries(), Queries { forget: dns.clone(), ..Queries::default() });
    world.close(&outside(6));
    assert_eq!(world.pipeline.queries(), Queries { addresses: dns, ..Queries::default() });
}
