//! Edits while connections live: what comes after one goes to other label sets, and nothing is lost or counted twice.

use crate::kernel::Fate;
use crate::kills::{Node, steps};
use crate::scenarios::{client, moved, server};
use crate::world::{S, World, options, pod, tagged};
use longwire_model::identity::Pod;
use longwire_model::series::{Metric, Metrics, SeriesSet, SeriesSets};
use longwire_model::telemetry::{Group, Telemetry};
use longwire_model::update::{LocalPod, Update};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const ISTIO: Metrics = Metrics::of(SeriesSet::Istio);
const LONGWIRE: Metrics = Metrics::of(SeriesSet::Longwire);
const DEFAULT: Metrics = ISTIO.union(LONGWIRE).union(Metrics::of(SeriesSet::KmeshConnection));
const ALL: Metrics = DEFAULT.union(Metrics::of(SeriesSet::KmeshWorkload));

const OPENED: &str = "istio_tcp_connections_opened_total";
const CLOSED: &str = "istio_tcp_connections_closed_total";
const SENT: &str = "istio_tcp_sent_bytes_total";
const RECEIVED: &str = "istio_tcp_received_bytes_total";
const ACTIVE: &str = "longwire_tcp_connections_active";
const LONG: &str = "kmesh_tcp_connection_sent_bytes_total";

pub(crate) const EDITS: usize = 10;
/// The one with a tag that may have one value.
pub(crate) const LIMITED: usize = 7;

/// What policies may come to. Istio's metrics and the gauge are on in all.
pub(crate) fn telemetry(number: usize) -> Telemetry {
    let bytes = Metrics::NONE.with(Metric::IstioSentBytes).with(Metric::IstioReceivedBytes);
    match number {
        0 => Telemetry::plain(SeriesSets::default()),
        1 => tagged(ALL, ISTIO, &[]),
        2 => tagged(ISTIO.with(Metric::LongwireActive), bytes, &[("team", Some("source.labels.team"))]),
        3 => tagged(ALL, ALL, &[("reporter", None)]),
        4 => {
            tagged(ALL, ALL, &[("reporter", Some("'both'")), ("source_workload", None), ("zone", Some("source.zone"))])
        }
        5 => tagged(DEFAULT, ISTIO, &[("source_workload", Some("'a'")), ("source_app", Some("'a'"))]),
        6 => tagged(DEFAULT, ALL, &[("port", Some("string(source.port)"))]),
        LIMITED => {
            let mut few = tagged(ALL, ALL, &[("port", Some("string(source.port)"))]);
            for group in few.source.iter_mut().chain(&mut few.destination) {
                group.tags[0].value.as_mut().unwrap().max_values = Some(1);
            }
            few
        }
        8 => Telemetry { long_connections: None, ..tagged(DEFAULT, LONGWIRE, &[("source_cluster", None)]) },
        _ => {
            let each = |metric| Group { metrics: Metrics::NONE.with(metric), tags: Vec::new() };
            let groups: Vec<_> = ISTIO.with(Metric::LongwireActive).iter().map(each).collect();
            Telemetry { source: groups.clone(), destination: groups, ..Telemetry::plain(SeriesSets::NONE) }
        }
    }
}

/// Over all label sets.
fn sums(world: &mut World) -> [u64; 5] {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few")]
    [OPENED, CLOSED, SENT, RECEIVED, ACTIVE].map(|family| world.value(family, "").unwrap_or(0.0) as u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_edited_and_however_often_the_probe_is_killed_every_sum_is_the_truth(steps in steps(true)) {
        let mut node = Node::new();
        let mut before = BTreeMap::new();
        for step in steps {
            node.take(step);
            let now = node.shown();
            for (line, value) in &before {
                prop_assert!(now.get(line).is_some_and(|now| now >= value), "{line:?} {value} then {:?}", now.get(line));
            }
            before = now;
        }
        node.kill();
        let Node { mut world, mut kernel, .. } = node;
        kernel.flush(&mut world);
        world.observe_again();
        for _ in 0..3 {
            world.answer();
            kernel.pass(&mut world, true, || Fate::Arrives);
            world.wait(S / 2);
        }
        let mut truth = [0; 5];
        for line in kernel.truth().values() {
            for (sum, value) in truth.iter_mut().zip(line) {
                *sum += value;
            }
        }
        truth[4] = world.pipeline.stats().connections;
        prop_assert_eq!(sums(&mut world), truth);
        prop_assert_eq!(world.pipeline.stats().pending, 0);
    }
}

/// Both ends of a connection from `a` to `b`, known and sampled.
fn connected() -> World {
    let mut world = World::new(options());
    world.announce(&client(moved(10, 200)));
    world.announce(&server(moved(200, 10)));
    world
}

#[test]
fn what_comes_after_an_edit_goes_to_the_new_label_set_and_the_old_one_stands_still() {
    let mut world = connected();
    world.observe(&Arc::new(tagged(DEFAULT, ISTIO, &[("team", Some("source.labels.team"))])));
    assert_eq!(world.value(SENT, "reporter=source"), Some(200.0), "nothing was looked at since");
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    world.close(&client(moved(15, 310)));
    let source = |world: &mut World, family| {
        let scrape = world.scrape_of(|name| name == family);
        let of_source = scrape[family].iter().filter(|(labels, _)| labels["reporter"] == "source");
        of_source.map(|(labels, value)| (labels.get("team").cloned(), *value)).collect::<BTreeMap<_, _>>()
    };
    let team = Some("team-a".to_owned());
    assert_eq!(source(&mut world, SENT), BTreeMap::from([(None, 200.0), (team.clone(), 110.0)]));
    assert_eq!(source(&mut world, OPENED), BTreeMap::from([(None, 1.0), (team.clone(), 0.0)]), "opened once");
    assert_eq!(source(&mut world, CLOSED), BTreeMap::from([(None, 0.0), (team, 1.0)]));
    assert_eq!(source(&mut world, ACTIVE), BTreeMap::from([(None, 0.0)]), "it was not edited");
}

#[test]
fn the_gauge_moves_with_the_connection() {
    let mut world = connected();
    world.observe(&Arc::new(tagged(DEFAULT, LONGWIRE, &[("team", Some("'x'"))])));
    world.pass(&[client(moved(10, 200)), server(moved(200, 10))]);
    assert_eq!(world.value(ACTIVE, ""), Some(2.0));
    let scrape = world.scrape_of(|name| name == ACTIVE);
    let active = |tagged: bool| {
        let of = scrape[ACTIVE].iter().filter(|(labels, _)| labels.contains_key("team") == tagged);
        of.map(|(_, value)| value).sum::<f64>()
    };
    assert_eq!((active(false), active(true)), (0.0, 2.0));
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    let mut world = connected();
    let errors = |world: &World| world.pipeline.stats().expression_errors;
    // A label that no pod has: each evaluation is counted.
    let telemetry = tagged(DEFAULT, ISTIO, &[("tier", Some("source.labels.tier"))]);
    world.observe(&Arc::new(telemetry.clone()));
    let both = [client(moved(10, 200)), server(moved(200, 10))];
    world.pass(&both);
    assert_eq!(errors(&world), 2);
    world.observe_again();
    world.pass(&both);
    assert_eq!(errors(&world), 2);
    let local = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let pod = Pod { labels, ..Pod::clone(&pod("a")) };
        Update {
            pods: vec![LocalPod { pod: Arc::new(pod), telemetry: Arc::new(telemetry.clone()) }],
            ..Update::default()
        }
    };
    world.pipeline.apply(&local(&[("team", "other")]), world.now);
    world.pass(&both);
    assert_eq!(errors(&world), 2, "no expression reads that label");
    world.pipeline.apply(&local(&[("tier", "gold")]), world.now);
    world.pass(&both);
    assert_eq!(world.value(OPENED, ""), Some(2.0));
    world.pass(&[client(moved(20, 200)), server(moved(200, 20))]);
    let scrape = world.scrape_of(|name| name == RECEIVED);
    let tiers = scrape[RECEIVED].iter().filter_map(|(labels, value)| Some((labels.get("tier")?.as_str(), *value)));
    assert_eq!(tiers.collect::<BTreeMap<_, _>>(), BTreeMap::from([("gold", 10.0), ("unknown", 10.0)]));
    assert_eq!(errors(&world), 2, "the peer's labels are those that it had");
}

/// The bytes of a long connection, by whether it has the tag.
fn long(world: &mut World) -> BTreeMap<bool, f64> {
    let scrape = world.scrape_of(|name| name == LONG);
    let of_source = scrape.get(LONG).into_iter().flatten().filter(|(labels, _)| labels["reporter"] == "source");
    of_source.map(|(labels, value)| (labels.contains_key("team"), *value)).collect()
}

#[test]
fn a_long_connection_with_new_tags_begins_at_0() {
    let mut world = connected();
    world.wait(5 * S);
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    assert_eq!(long(&mut world), BTreeMap::from([(false, 15.0)]));
    world.observe(&Arc::new(tagged(DEFAULT, ALL, &[("team", Some("'x'"))])));
    world.pass(&[client(moved(25, 300)), server(moved(300, 25))]);
    assert_eq!(long(&mut world), BTreeMap::from([(false, 15.0), (true, 10.0)]));
    world.wait(301 * S);
    world.pass(&[client(moved(26, 300)), server(moved(300, 26))]);
    world.wait(5 * S);
    assert_eq!(long(&mut world), BTreeMap::from([(true, 11.0)]), "no connection has the other");
}

#[test]
fn one_that_is_not_long_yet_begins_with_all_it_has_moved() {
    let mut world = connected();
    world.observe(&Arc::new(tagged(DEFAULT, ALL, &[("team", Some("'x'"))])));
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    world.wait(5 * S);
    world.pass(&[client(moved(16, 300)), server(moved(300, 16))]);
    assert_eq!(long(&mut world), BTreeMap::from([(true, 16.0)]));
}

#[test]
fn a_threshold_applies_at_once_and_long_connections_stay_long() {
    let mut world = connected();
    let with = |seconds: u64| {
        let long_connections = Some(Duration::from_secs(seconds));
        Arc::new(Telemetry { long_connections, ..Telemetry::plain(SeriesSets::default()) })
    };
    world.observe(&with(60));
    world.wait(10 * S);
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    assert_eq!(long(&mut world), BTreeMap::new());
    world.observe(&with(8));
    world.pass(&[client(moved(15, 300)), server(moved(300, 15))]);
    assert_eq!(long(&mut world), BTreeMap::from([(false, 15.0)]));
    world.observe(&with(60));
    world.pass(&[client(moved(20, 300)), server(moved(300, 20))]);
    assert_eq!(long(&mut world), BTreeMap::from([(false, 20.0)]));
    world.observe(&Arc::new(Telemetry::plain(SeriesSets::default().without(SeriesSet::KmeshConnection))));
    world.pass(&[client(moved(30, 300)), server(moved(300, 30))]);
    assert_eq!(long(&mut world), BTreeMap::from([(false, 20.0)]), "the last values, for a while");
    world.observe(&with(60));
    world.pass(&[client(moved(31, 300)), server(moved(300, 31))]);
    assert_eq!(long(&mut world), BTreeMap::from([(false, 21.0)]), "what came while it was off is not there");
}

#[test]
fn a_metric_that_is_off_while_others_go_on_goes_after_5_to_10_minutes() {
    let mut world = connected();
    let without = Metrics::of(SeriesSet::Istio).without(Metric::IstioOpened);
    world.observe(&Arc::new(tagged(without, ISTIO, &[])));
    for sent in 1..=130_u64 {
        world.pass(&[client(moved(10 + sent, 200)), server(moved(200, 10 + sent))]);
        world.wait(5 * S);
        let is_shown = world.value(OPENED, "").is_some();
        assert!(is_shown || sent > 60, "{sent}");
        assert!(!is_shown || sent < 120, "{sent}");
    }
    assert_eq!(world.value(CLOSED, ""), Some(0.0));
    world.observe(&Arc::new(Telemetry::plain(SeriesSets::default())));
    world.pass(&[client(moved(200, 200)), server(moved(200, 200))]);
    assert_eq!(world.value(OPENED, ""), Some(0.0), "it begins anew");
}
