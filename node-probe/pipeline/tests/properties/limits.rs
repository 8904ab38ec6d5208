//! What is configured for a node as a whole.

use crate::scenarios::{client, moved, server};
use crate::world::{S, Socket, World, options};
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::Update;
use std::collections::BTreeMap;
use std::time::Duration;

const OPENED: &str = "istio_tcp_connections_opened_total";
const LONG: &str = "kmesh_tcp_connection_sent_bytes_total";

fn configure(world: &mut World, settings: NodeSettings) {
    world.pipeline.apply(&Update { settings: Some(settings), ..Update::default() }, world.now);
}

fn own(world: &mut World, family: &str) -> f64 {
    let scrape = world.scrape_of(|name| name == family);
    let own = scrape.get(family).into_iter().flatten().filter(|(labels, _)| labels["source_cluster"] != "overflow");
    own.map(|(_, value)| value).sum()
}

/// A connection from `a` to each of so many ports, and so many label sets.
fn dial(world: &mut World, destinations: &[&'static str]) {
    for (id, remote) in (0..).zip(destinations) {
        let number = u32::try_from(id).unwrap();
        world.close(&Socket { id: 50 + id, sequence: (50 + number, 1), remote, ..client(moved(1, 1)) });
    }
    world.answer();
    world.pass(&[]);
    world.wait(S);
}

#[test]
fn fewer_series_drop_nothing_that_is_there_but_let_nothing_new_in() {
    let mut world = World::new(options());
    dial(&mut world, &["10.0.0.2"]);
    world.pipeline.publish();
    configure(&mut world, NodeSettings { series: Some(1), ..NodeSettings::default() });
    dial(&mut world, &["10.0.0.2", "10.0.1.1"]);
    assert_eq!((own(&mut world, OPENED), world.value(OPENED, "source_cluster=overflow")), (1.0, Some(1.0)));
    world.close(&Socket { id: 91, sequence: (91, 1), ..client(moved(1, 1)) });
    world.answer();
    world.wait(S);
    assert_eq!((own(&mut world, OPENED), world.value(OPENED, "source_cluster=overflow")), (2.0, Some(1.0)));
    assert_eq!(world.pipeline.store().stats().services.overflowed, 1);
    configure(&mut world, NodeSettings::default());
    world.close(&Socket { id: 92, sequence: (92, 1), remote: "10.0.1.1", ..client(moved(1, 1)) });
    world.wait(S);
    assert_eq!(own(&mut world, OPENED), 3.0, "as the probe was started");
}

#[test]
fn only_the_namespace_with_a_full_share_is_counted_in_overflow() {
    let mut world = World::new(options());
    world.configure(SeriesSets::default().with(SeriesSet::KmeshWorkload).without(SeriesSet::Locality));
    configure(&mut world, NodeSettings { series_per_namespace: Some(6), ..NodeSettings::default() });
    dial(&mut world, &["10.0.0.2"]);
    let stats = world.pipeline.store().stats();
    let overflowed = world.value(OPENED, "source_cluster=overflow source_workload_namespace=default");
    assert_eq!((own(&mut world, OPENED), overflowed), (0.0, Some(1.0)));
    // The edge finds no room for 7 lines, the workload does for 6.
    let blamed = world.pipeline.store().overflowed_by_namespace();
    assert_eq!(blamed, BTreeMap::from([(("namespace", "default"), 1)]));
    assert_eq!((stats.services.overflowed, stats.workloads.overflowed), (0, 0));
    assert_eq!(own(&mut world, "kmesh_tcp_workload_connections_opened_total"), 1.0);
}

#[test]
fn long_connections_are_bounded_live() {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    configure(&mut world, NodeSettings { long_connections: Some(3), ..NodeSettings::default() });
    world.wait(5 * S);
    for _ in 0..2 {
        world.pass(&[client(moved(10, 200)), server(moved(200, 10))]);
    }
    let overflowed = world.pipeline.store().stats().connections.overflowed;
    assert_eq!((own(&mut world, LONG), overflowed), (10.0, 1), "two places are overflow's");
}

#[test]
fn the_busiest_connection_gets_the_room_and_others_get_it_after_its_end() {
    let mut world = World::new(options());
    let socket = |id: u64, sent| {
        let local_port = 1_000 + u16::try_from(id).unwrap();
        Socket { id, sequence: (local_port.into(), 9), local_port, ..client(moved(sent, 0)) }
    };
    let of = |world: &mut World, port: u16| world.value(LONG, &format!("source_address=10.0.0.1:{port}"));
    world.announce(&socket(1, 10));
    world.announce(&socket(2, 5_000));
    world.answer();
    for _ in 0..2 {
        world.pass(&[socket(1, 10), socket(2, 5_000)]);
    }
    configure(&mut world, NodeSettings { long_connections: Some(3), ..NodeSettings::default() });
    world.wait(5 * S);
    for first in [10, 9_000, 9_000] {
        world.pass(&[socket(1, first), socket(2, 5_000)]);
        assert_eq!((of(&mut world, 1_002), of(&mut world, 1_001)), (Some(5_000.0), None));
    }
    assert_eq!(world.value(LONG, "start_time=overflow reporter=source"), Some(9_000.0));
    world.close(&socket(2, 5_000));
    world.wait(299 * S);
    world.pass(&[socket(1, 9_000)]);
    assert_eq!((of(&mut world, 1_002), of(&mut world, 1_001)), (Some(5_000.0), None), "its last value");
    world.wait(10 * S);
    world.pass(&[socket(1, 9_070)]);
    assert_eq!((of(&mut world, 1_002), of(&mut world, 1_001)), (None, Some(0.0)));
    // Over a restart, too.
    let state = world.saved(1_000);
    world.kill(&state, world.emitted.len());
    world.pass(&[socket(1, 9_100)]);
    assert_eq!(of(&mut world, 1_001), Some(30.0));
    assert_eq!(world.value(LONG, "start_time=overflow reporter=source"), Some(9_070.0), "what it moved before");
    assert_eq!(world.pipeline.store().stats().connections.overflowed, 0, "counted before the restart");
}

#[test]
fn settings_are_saved() {
    let mut world = World::new(options());
    let settings = NodeSettings {
        reporting_interval: Some(Duration::from_millis(1_500)),
        series: Some(1),
        long_connections: Some(2),
        series_per_namespace: Some(3),
        access_log_rate: None,
        exporters: Vec::new(),
    };
    configure(&mut world, settings.clone());
    let state = world.saved(100);
    world.kill(&state, world.emitted.len());
    assert_eq!(world.pipeline.settings(), &settings);
    dial(&mut world, &["10.0.0.2"]);
    assert_eq!((own(&mut world, OPENED), world.value(OPENED, "source_cluster=overflow")), (0.0, Some(1.0)));
    world.configure(SeriesSets::default());
    assert_eq!(world.pipeline.settings(), &settings, "an update that does not say them leaves them");
}
