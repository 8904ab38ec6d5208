//! A pod beside a flooding pod loses nothing.

use crate::scenarios::{client, moved};
use crate::world::{S, Socket, World, options, pod, tagged};
use longwire_model::identity::{Pod, Workload};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::Options;
use longwire_pipeline::record::kind;
use std::sync::Arc;

const OPENED: &str = "istio_tcp_connections_opened_total";
const FAILED: &str = "longwire_tcp_connections_failed_total";
const EVIL: &str = "10.0.0.9";
const ECONNREFUSED: i32 = 111;
const LONGWIRE: Metrics = Metrics::of(SeriesSet::Longwire);
const ISTIO: Metrics = Metrics::of(SeriesSet::Istio);

/// The two pods in namespace `default`, and one in `evil` that has this telemetry.
fn beside(telemetry: Telemetry) -> World {
    let mut world = World::new(Options { budget: Budget::shared(1_000, 30), ..options() });
    world.pipeline.local_cgroups([(9, "kubepods/poduid-evil/x".to_owned())]);
    let workload =
        Workload { namespace: "evil".to_owned(), name: "evil".to_owned(), ..Workload::clone(&pod("a").workload) };
    let evil = Pod {
        uid: "uid-evil".to_owned(),
        name: "evil-0".to_owned(),
        addresses: vec![EVIL.parse().unwrap()],
        workload: Arc::new(workload),
        ..Pod::clone(&pod("a"))
    };
    let pods = vec![LocalPod { pod: Arc::new(evil), telemetry: Arc::new(telemetry) }];
    world.pipeline.apply(&Update { pods, ..Update::default() }, world.now);
    world
}

/// One of its connections, to an address of its own.
fn evil(number: u16) -> Socket {
    let [high, low] = number.to_be_bytes();
    let remote: &'static str = Box::leak(format!("198.18.{high}.{low}").into_boxed_str());
    let id = 1_000 + u64::from(number);
    let sequence = (u32::from(number), 9);
    Socket { id, sequence, cgroup: 9, netns: 9, local: EVIL, local_port: number, remote, ..client(moved(1, 1)) }
}

fn refuse(world: &mut World, socket: &Socket) {
    let failed = Socket { established: 0, ..*socket };
    let mut record = failed.record(kind::FAIL, world.now);
    record[52..56].copy_from_slice(&ECONNREFUSED.to_ne_bytes());
    world.ingest(&record);
}

fn flood(world: &mut World, connections: u16, end: impl Fn(&mut World, &Socket)) {
    for number in 1..=connections {
        end(world, &evil(number));
        if number % 500 == 0 {
            settle(world);
        }
    }
    settle(world);
}

fn settle(world: &mut World) {
    world.answer();
    world.pass(&[]);
    world.wait(S);
    world.pipeline.publish();
}

/// A connection from `a` to `b` and one outside, which must be in label sets of their own.
fn victim_is_exact(world: &mut World) {
    world.close(&client(moved(10, 200)));
    world.close(&Socket { id: 3, sequence: (3, 3), remote: "192.0.2.1", ..client(moved(1, 2)) });
    settle(world);
    for (destination, sent) in [("b", 200.0), ("unknown", 2.0)] {
        let labels = format!("reporter=source source_workload=a destination_workload={destination}");
        assert_eq!(world.value(OPENED, &labels), Some(1.0), "{destination}");
        assert_eq!(world.value("istio_tcp_sent_bytes_total", &labels), Some(sent), "{destination}");
        assert_eq!(world.value("kmesh_tcp_workload_connections_closed_total", &labels), Some(1.0), "{destination}");
    }
    assert_eq!(world.value(OPENED, "source_workload=overflow source_workload_namespace=overflow"), None);
}

#[test]
fn refused_connects_are_charged_only_for_exposed_lines() {
    let sets = SeriesSets::NONE.with(SeriesSet::Istio).with(SeriesSet::KmeshWorkload);
    let mut world = beside(Telemetry::plain(sets));
    let before = world.pipeline.store().stats();
    flood(&mut world, 3_000, refuse);
    assert_eq!(world.pipeline.store().stats(), before);
    victim_is_exact(&mut world);
}

#[test]
fn refused_connects_with_long_labels_are_counted_in_overflow() {
    let long = format!("string(source.port) + '{}'", "x".repeat(480));
    let tags: Vec<_> = (0..32).map(|number| format!("tag_{number}")).collect();
    let tags: Vec<_> = tags.iter().map(|name| (name.as_str(), Some(long.as_str()))).collect();
    let mut world = beside(tagged(LONGWIRE, LONGWIRE, &tags));
    flood(&mut world, 1_000, refuse);
    let overflowed = world.value(FAILED, "source_workload=overflow source_workload_namespace=evil").unwrap();
    let own = world.value(FAILED, "source_workload=evil").unwrap();
    assert!(own < 10.0, "{own} of 16 kB each");
    assert_eq!(own + overflowed, 1_000.0);
    let stats = world.pipeline.store().stats();
    assert!(stats.bytes < stats.most_bytes * 2 / 3, "{stats:?}");
    victim_is_exact(&mut world);
}

#[test]
fn connections_to_many_peers_overflow_under_their_clients_namespace_also_after_a_restart() {
    let mut world = beside(tagged(ISTIO.union(LONGWIRE), ISTIO, &[("port", Some("string(source.port)"))]));
    flood(&mut world, 1_000, |world, socket| world.close(socket));
    victim_is_exact(&mut world);
    let overflowed = world.value(OPENED, "source_workload=overflow source_workload_namespace=evil").unwrap();
    let own = world.value(OPENED, "source_workload=evil").unwrap();
    assert_eq!((own + overflowed, own > 50.0 && own < 84.0), (1_000.0, true), "{own} of 333 lines in fours");
    world.pipeline.settle();
    let state = world.saved(1 << 10);
    world.pipeline.publish();
    let before = world.shown(|_| true);
    let emitted = world.emitted.len();
    world.kill(&state, emitted);
    assert_eq!(world.shown(|_| true), before);
}

/// Connections from `a` to pod `r` of another node, which the operator has to name.
fn to_another_node(world: &mut World, ids: std::ops::Range<u64>) {
    for id in ids {
        let sequence = (u32::try_from(id).unwrap(), 1);
        world.close(&Socket { id, sequence, remote: "10.0.1.1", ..client(moved(1, 2)) });
    }
}

fn named(world: &mut World) -> [Option<f64>; 2] {
    let labels = "reporter=source source_workload=a destination_workload=r";
    [OPENED, "istio_tcp_sent_bytes_total"].map(|family| world.value(family, labels))
}

#[test]
fn addresses_of_a_flood_take_no_names_from_a_neighbour_while_the_operator_is_away() {
    let mut world = beside(Telemetry::plain(SeriesSets::default()));
    to_another_node(&mut world, 10..11);
    settle(&mut world);
    assert_eq!(named(&mut world), [Some(1.0), Some(2.0)]);
    // More addresses than are known at a time, and no answer any more.
    for number in 1..=20_000 {
        refuse(&mut world, &evil(number));
    }
    to_another_node(&mut world, 11..21);
    world.pass(&[]);
    world.wait(5 * S);
    assert_eq!(named(&mut world), [Some(11.0), Some(22.0)]);
    assert!(world.pipeline.stats().addresses_evicted > 0);
}

#[test]
fn a_pod_of_many_cgroups_has_no_more_room_to_wait_than_one_of_one() {
    let mut world = beside(Telemetry::plain(SeriesSets::default()));
    let nested = (0..500).map(|number| (1_000 + number, format!("kubepods/poduid-evil/x/{number}")));
    world.pipeline.local_cgroups(nested);
    to_another_node(&mut world, 10..30);
    // Of none of its cgroups do as many wait as of the neighbour's one.
    for number in 1..=4_000 {
        refuse(&mut world, &Socket { cgroup: 1_000 + u64::from(number % 500), ..evil(number) });
    }
    assert_eq!(world.pipeline.stats().pending_forced, 3_020, "as many wait as may");
    settle(&mut world);
    assert_eq!(named(&mut world), [Some(20.0), Some(40.0)]);
}
