//! Envoy's statistics, as a proxy beside the client would count them.

use crate::scenarios::{client, moved, server, to_web};
use crate::world::{S, Socket, World, options};
use longwire_model::matcher::{Pattern, StatsMatcher, StringMatcher, WholeRegex};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_pipeline::record::{Counters, flag, kind};
use std::collections::BTreeMap;
use std::sync::Arc;

const CLUSTER: &str = "outbound|80||web.default.svc.cluster.local";

fn matching(patterns: &[Pattern]) -> Arc<Telemetry> {
    let matchers = patterns.iter().map(|pattern| StringMatcher::new(pattern.clone(), false).unwrap()).collect();
    let stats = Some(StatsMatcher::Inclusion(matchers));
    Arc::new(Telemetry { stats, ..Telemetry::plain(SeriesSets::NONE) })
}

fn everything() -> Arc<Telemetry> {
    matching(&[Pattern::Prefix("cluster.".to_owned())])
}

fn world(telemetry: &Arc<Telemetry>) -> World {
    let mut world = World::unconfigured(options());
    world.observe(telemetry);
    world
}

/// Every statistic of a cluster, without what their names have in common.
fn statistics(world: &mut World, cluster: &str) -> BTreeMap<String, f64> {
    let scrape = world.scrape();
    let of_cluster = scrape.iter().flat_map(|(family, samples)| {
        let of = samples.iter().filter(|(labels, _)| labels["cluster_name"] == cluster);
        of.map(move |(_, value)| (family.strip_prefix("envoy_cluster_upstream_cx_").unwrap().to_owned(), *value))
    });
    of_cluster.collect()
}

fn expected(values: [(&str, f64); 8]) -> BTreeMap<String, f64> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn a_connection_counts_in_the_requested_cluster_and_the_server_has_none() {
    let mut world = world(&everything());
    world.announce(&to_web(moved(10, 200)));
    world.announce(&Socket { remote: "10.0.0.254", ..server(moved(200, 10)) });
    world.answer();
    let mut values = [
        ("total", 1.0),
        ("active", 1.0),
        ("connect_fail", 0.0),
        ("destroy", 0.0),
        ("destroy_local", 0.0),
        ("destroy_remote", 0.0),
        ("rx_bytes_total", 200.0),
        ("tx_bytes_total", 10.0),
    ];
    assert_eq!(statistics(&mut world, CLUSTER), expected(values));
    world.close(&Socket { flags: flag::ACTIVE | flag::BY_REMOTE, ..to_web(moved(11, 201)) });
    values = [
        ("total", 1.0),
        ("active", 0.0),
        ("connect_fail", 0.0),
        ("destroy", 1.0),
        ("destroy_local", 0.0),
        ("destroy_remote", 1.0),
        ("rx_bytes_total", 201.0),
        ("tx_bytes_total", 11.0),
    ];
    assert_eq!(statistics(&mut world, CLUSTER), expected(values));
    let scrape = world.scrape();
    let labels = &scrape["envoy_cluster_upstream_cx_total"][0].0;
    assert_eq!((labels["source_pod_namespace"].as_str(), labels["source_pod_name"].as_str()), ("default", "a-0"));
    assert_eq!((labels.len(), scrape["envoy_cluster_upstream_cx_total"].len()), (3, 1));
}

#[test]
fn a_requested_pod_is_in_the_cluster_of_its_service_and_outside_is_passthrough() {
    let mut world = world(&everything());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world.close(&Socket { id: 5, sequence: (5, 5), remote: "8.8.8.8", ..client(moved(1, 1)) });
    world.close(&Socket { id: 6, sequence: (6, 6), remote_port: 81, ..client(moved(2, 2)) });
    world.answer();
    for _ in 0..2 {
        world.wait(S);
        world.pass(&[client(moved(10, 200)), server(moved(200, 10))]);
    }
    assert_eq!(statistics(&mut world, CLUSTER)["total"], 1.0);
    assert_eq!(statistics(&mut world, "PassthroughCluster")["tx_bytes_total"], 3.0);
}

#[test]
fn attempts_that_failed_count_as_envoy_has_them() {
    let mut world = world(&everything());
    for (id, error, flags) in [(1, 111, 0), (2, 110, 0), (3, 113, 0), (4, 104, 0), (5, 0, 0), (6, 0, flag::NEVER_SENT)]
    {
        let socket =
            Socket { id, sequence: (0, 0), established: 0, flags: flag::ACTIVE | flags, ..client(Counters::default()) };
        let mut record = socket.record(kind::FAIL, world.now);
        record[52..56].copy_from_slice(&i32::to_ne_bytes(error));
        world.ingest(&record);
    }
    world.answer();
    world.wait(S);
    let values = [
        ("total", 6.0),
        ("active", 0.0),
        ("connect_fail", 6.0),
        ("destroy", 6.0),
        ("destroy_local", 1.0),
        ("destroy_remote", 5.0),
        ("rx_bytes_total", 0.0),
        ("tx_bytes_total", 0.0),
    ];
    assert_eq!(statistics(&mut world, CLUSTER), expected(values));
}

#[test]
fn an_adopted_connection_is_active_and_ends_but_is_not_in_the_total() {
    let mut world = world(&everything());
    let adopted = |counters| Socket { flags: flag::ACTIVE | flag::ADOPTED, established: 0, ..client(counters) };
    world.announce(&adopted(moved(1000, 2000)));
    world.answer();
    world.wait(S);
    let values = |world: &mut World| {
        let statistics = statistics(world, CLUSTER);
        ["total", "active", "destroy", "destroy_local", "rx_bytes_total"].map(|name| statistics[name])
    };
    assert_eq!(values(&mut world), [0.0, 1.0, 0.0, 0.0, 0.0]);
    world.close(&adopted(moved(1000, 2001)));
    assert_eq!(values(&mut world), [0.0, 0.0, 1.0, 1.0, 1.0]);
}

#[test]
fn the_matcher_decides_by_envoys_own_names() {
    let suffix = |text: &str| Pattern::Suffix(text.to_owned());
    for (patterns, names) in [
        (vec![suffix(".upstream_cx_total")], vec!["total"]),
        (vec![suffix("_active"), suffix("_fail")], vec!["active", "connect_fail"]),
        (vec![Pattern::Exact(format!("cluster.{CLUSTER}.upstream_cx_destroy"))], vec!["destroy"]),
        (vec![Pattern::Regex(WholeRegex::parse(".*bytes_total").unwrap())], vec!["rx_bytes_total", "tx_bytes_total"]),
        (vec![Pattern::Contains("inbound".to_owned())], vec![]),
        (vec![Pattern::Prefix("envoy_".to_owned())], vec![]),
    ] {
        let mut world = world(&matching(&patterns));
        world.announce(&client(moved(1, 1)));
        world.announce(&server(moved(1, 1)));
        let found: Vec<_> = statistics(&mut world, CLUSTER).into_keys().collect();
        assert_eq!(found, names, "{patterns:?}");
    }
}

#[test]
fn a_matcher_applies_to_live_connections_and_excluded_statistics_stop_changing() {
    let mut world = world(&everything());
    world.announce(&client(moved(1, 1)));
    world.announce(&server(moved(1, 1)));
    world.observe(&matching(&[Pattern::Suffix("rx_bytes_total".to_owned())]));
    world.pass(&[client(moved(5, 7)), server(moved(7, 5))]);
    let values = |world: &mut World| {
        let statistics = statistics(world, CLUSTER);
        ["active", "rx_bytes_total", "tx_bytes_total"].map(|name| statistics[name])
    };
    assert_eq!(values(&mut world), [0.0, 7.0, 1.0]);
    world.observe(&everything());
    world.pass(&[client(moved(6, 7)), server(moved(7, 6))]);
    assert_eq!(values(&mut world), [1.0, 7.0, 2.0]);
}
