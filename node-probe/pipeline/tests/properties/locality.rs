//! Bytes by how far apart the ends are, and zones as labels.

use crate::scenarios::{client, moved, server, to_web};
use crate::world::{S, Socket, World, options, tagged};
use longwire_model::scope::Scope;
use longwire_model::series::{Metrics, SeriesSet};
use longwire_pipeline::record::kind;
use std::collections::BTreeMap;
use std::sync::Arc;

const BYTES: &str = "longwire_tcp_locality_bytes_total";
const OF_DIRECTIONS: [(&str, &str); 2] =
    [("sent", "istio_tcp_sent_bytes_total"), ("received", "istio_tcp_received_bytes_total")];
const LOCALITY: Metrics = Metrics::of(SeriesSet::Locality);
const ISTIO: Metrics = Metrics::of(SeriesSet::Istio);

/// Scope and direction of what the client's end has counted.
fn scopes(world: &mut World) -> BTreeMap<(String, String), f64> {
    let scrape = world.scrape_of(|name| name == BYTES);
    let of_client = scrape.get(BYTES).into_iter().flatten().filter(|(labels, _)| labels["reporter"] == "source");
    let mut sums = BTreeMap::new();
    for (labels, value) in of_client {
        *sums.entry((labels["scope"].clone(), labels["direction"].clone())).or_default() += value;
    }
    sums
}

fn expected(values: &[(Scope, f64, f64)]) -> BTreeMap<(String, String), f64> {
    let both = |(scope, sent, received): &(Scope, f64, f64)| {
        [("sent", *sent), ("received", *received)]
            .map(|(way, value)| ((scope.name().to_owned(), way.to_owned()), value))
    };
    values.iter().flat_map(both).collect()
}

/// From `a` to `r`, which is on another node.
fn far(id: u64, counters: (u64, u64)) -> Socket {
    let local_port = 2_000 + u16::try_from(id).unwrap();
    let (remote, sequence) = ("10.0.1.1", (local_port.into(), 9));
    Socket { id, sequence, remote, local_port, ..client(moved(counters.0, counters.1)) }
}

#[test]
fn each_scope_has_its_bytes_and_their_sum_is_that_of_istio_by_reporter_and_pair() {
    let mut world = World::new(options());
    world.label("a", ["n1", "eu-1a", "eu-1"]);
    world.label("b", ["n1", "eu-1a", "eu-1"]);
    world.close(&client(moved(1, 10)));
    world.close(&server(moved(10, 1)));
    for (id, (labels, bytes)) in (100..).zip([
        (["n2", "eu-1b", "eu-1"], (2, 20)),
        (["n2", "us-1a", "us-1"], (4, 40)),
        (["n2", "", ""], (8, 80)),
        (["n2", "eu-1a", "eu-1"], (16, 160)),
    ]) {
        world.label("r", labels);
        world.close(&far(id, bytes));
        world.answer();
        world.wait(S);
    }
    world.close(&Socket { remote: "8.8.8.8", ..far(200, (32, 320)) });
    // Conntrack does not say which backend the Service had.
    world.close(&Socket { id: 201, sequence: (201, 9), local_port: 2_201, ..to_web(moved(64, 640)) });
    world.answer();
    world.pass(&[]);
    world.wait(4 * S);
    world.answer();
    let all = [
        (Scope::SameZone, 10.0 + 160.0, 1.0 + 16.0),
        (Scope::CrossZone, 20.0, 2.0),
        (Scope::CrossRegion, 40.0, 4.0),
        (Scope::External, 320.0, 32.0),
        (Scope::Unknown, 80.0 + 640.0, 8.0 + 64.0),
    ];
    assert_eq!(scopes(&mut world), expected(&all));
    let scrape = world.scrape();
    let pair = ["reporter", "source_workload", "destination_workload"];
    let sums = |family: &str, way: Option<&str>| {
        let mut sums: BTreeMap<Vec<String>, f64> = BTreeMap::new();
        let wanted = scrape[family].iter().filter(|(labels, _)| way.is_none_or(|way| labels["direction"] == way));
        for (labels, value) in wanted {
            *sums.entry(pair.iter().map(|name| labels[*name].clone()).collect()).or_default() += value;
        }
        sums
    };
    for (way, istio) in OF_DIRECTIONS {
        assert_eq!(sums(BYTES, Some(way)), sums(istio, None), "{way}");
    }
    assert_eq!(sums(BYTES, Some("sent"))[&["destination", "a", "b"].map(str::to_owned).to_vec()], 10.0);
}

#[test]
fn a_connection_keeps_its_scope_and_zones_when_its_node_is_labelled_anew_also_over_a_restart() {
    let mut world = World::unconfigured(options());
    let tags = [("source_zone", Some("source.zone")), ("destination_zone", Some("destination.zone"))];
    world.observe(&Arc::new(tagged(ISTIO.union(LOCALITY), ISTIO, &tags)));
    world.label("a", ["n1", "z1", ""]);
    world.label("r", ["n2", "z1", ""]);
    world.announce(&far(100, (1, 10)));
    world.answer();
    world.wait(S);
    world.label("a", ["n1", "z9", ""]);
    world.pass(&[far(100, (2, 20))]);
    assert_eq!(scopes(&mut world), expected(&[(Scope::SameZone, 20.0, 2.0)]));
    let state = world.saved(1_000);
    world.kill(&state, world.emitted.len());
    world.observe_again();
    world.pass(&[far(100, (3, 30))]);
    world.close(&far(100, (4, 40)));
    assert_eq!(scopes(&mut world), expected(&[(Scope::SameZone, 40.0, 4.0)]));
    let sent = |world: &mut World, zones: &str| world.value("istio_tcp_sent_bytes_total", zones);
    assert_eq!(sent(&mut world, "source_zone=z1 destination_zone=z1"), Some(40.0));
    world.close(&far(101, (5, 50)));
    world.answer();
    world.wait(S);
    let both = [(Scope::SameZone, 40.0, 4.0), (Scope::CrossZone, 50.0, 5.0)];
    assert_eq!(scopes(&mut world), expected(&both), "a new one has the new labels");
    assert_eq!(sent(&mut world, "source_zone=z9 destination_zone=z1"), Some(50.0));
}

#[test]
fn no_tag_replaces_the_scope_or_the_direction_and_others_are_added() {
    let mut world = World::unconfigured(options());
    let tags = [("scope", Some("'mine'")), ("direction", None), ("team", Some("source.labels.team"))];
    world.observe(&Arc::new(tagged(LOCALITY, LOCALITY, &tags)));
    world.close(&client(moved(1, 10)));
    world.answer();
    world.pass(&[]);
    world.wait(S);
    let labels = "scope=same_zone direction=sent team=team-a source_workload=a destination_workload_namespace=default";
    assert_eq!(world.value(BYTES, labels), Some(10.0));
    assert_eq!(scopes(&mut world).len(), 2);
}

#[test]
fn a_failed_attempt_has_no_bytes() {
    let mut world = World::new(options());
    world.ingest(&Socket { established: 0, ..client(moved(0, 0)) }.record(kind::FAIL, 100 * S));
    world.answer();
    world.pass(&[]);
    world.wait(4 * S);
    assert_eq!(scopes(&mut world), BTreeMap::new());
    assert_eq!(world.value("longwire_tcp_connections_failed_total", "reporter=source"), Some(1.0));
}
