//! An estimate of another configuration is what the same configuration then really makes, and asking changes nothing.

use crate::edits::{EDITS, LIMITED, telemetry};
use crate::kernel::{Fate, Kernel, ROUTES};
use crate::world::{S, World, options, pod, tagged};
use longwire_model::estimate::{BudgetEstimate, EstimateOrder, NodeEstimate};
use longwire_model::series::{FAMILIES, Metrics, SeriesSet};
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::{LocalPod, Update};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines by metric.
type Lines = BTreeMap<String, u64>;

fn lines(world: &mut World) -> Lines {
    let family = |name: &str| {
        let parts = ["_bucket", "_sum", "_count"].into_iter().filter_map(|part| name.strip_suffix(part));
        let mut names = [name].into_iter().chain(parts);
        names.find(|name| FAMILIES.iter().any(|family| family.name == *name)).unwrap().to_owned()
    };
    let mut lines = Lines::new();
    for (name, samples) in world.scrape() {
        *lines.entry(family(&name)).or_default() += samples.len() as u64;
    }
    lines
}

fn order(telemetry: &Telemetry) -> EstimateOrder {
    let telemetry = Arc::new(telemetry.clone());
    let pods = ["a", "b"].map(|name| LocalPod { pod: pod(name), telemetry: Arc::clone(&telemetry) }).into();
    EstimateOrder { id: 1, namespace: None, update: Update { pods, ..Update::default() } }
}

fn estimate(world: &World, order: EstimateOrder) -> NodeEstimate {
    let mut estimation = world.pipeline.estimate(order);
    while world.pipeline.estimate_more(&mut estimation, world.now) {}
    estimation.found()
}

fn today(estimate: &NodeEstimate) -> Lines {
    let today = estimate.metrics.iter().filter(|metric| metric.today != 0);
    today.map(|metric| (metric.name.clone(), metric.today)).collect()
}

fn then(estimate: &NodeEstimate) -> Lines {
    let then = estimate.metrics.iter().filter(|metric| metric.then != 0);
    then.map(|metric| (metric.name.clone(), metric.then)).collect()
}

/// Connections on these routes, of this age, with what is configured applied.
fn connected(world: &mut World, routes: &[usize], age: u64) -> Kernel {
    let mut kernel = Kernel::default();
    for route in routes {
        kernel.open(world, ROUTES[*route], false);
    }
    for wait in [0, age, 0] {
        kernel.pass(world, true, || Fate::Arrives);
        world.answer();
        world.wait(wait);
    }
    kernel.pass(world, true, || Fate::Arrives);
    kernel
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_estimate_is_what_the_configuration_then_makes(
        before in 0..EDITS,
        // Which values a limit lets in depends on the order in which connections are sampled, and with them the number of series.
        after in (0..EDITS).prop_filter("without a limit of values", |after| *after != LIMITED),
        routes in prop::collection::vec(0..ROUTES.len(), 0..12),
        age in prop_oneof![Just(S), Just(20 * S)],
    ) {
        let mut world = World::new(options());
        world.observe(&Arc::new(telemetry(before)));
        let mut kernel = connected(&mut world, &routes, age);
        let now = lines(&mut world);
        let (text, state) = (world.text(), world.saved(1 << 20));
        let estimate = estimate(&world, order(&telemetry(after)));
        prop_assert_eq!((world.text(), world.saved(1 << 20)), (text, state), "asking changes nothing");
        prop_assert!(estimate.complete);
        prop_assert_eq!(estimate.connections, world.pipeline.stats().connections);
        prop_assert_eq!(today(&estimate), now);
        world.observe(&Arc::new(telemetry(after)));
        kernel.pass(&mut world, true, || Fate::Arrives);
        prop_assert_eq!(then(&estimate), lines(&mut world));
    }
}

const ISTIO: Metrics = Metrics::of(SeriesSet::Istio);

/// Three connections, two of them of one edge.
fn of_istio() -> (World, Kernel) {
    let mut world = World::new(options());
    world.observe(&Arc::new(tagged(ISTIO, ISTIO, &[])));
    let kernel = connected(&mut world, &[0, 0, 1], S);
    (world, kernel)
}

#[test]
fn values_of_a_new_label_are_counted_and_what_it_replaces_stops() {
    let (world, _kernel) = of_istio();
    let port = estimate(&world, order(&tagged(ISTIO, ISTIO, &[("port", Some("string(source.port)"))])));
    // Both ends of each connection are on this node.
    let [label] = &port.labels[..] else { panic!("{port:?}") };
    assert_eq!((label.name.as_str(), label.connections, label.values, label.unknown), ("port", 6, 3, 0));
    assert_eq!(label.top.iter().map(|(_, connections)| *connections).collect::<Vec<_>>(), [2, 2, 2]);
    // Four counters of two edges at two ends are there, and of three connections at two ends are new.
    let sum = |of: fn(&longwire_model::estimate::MetricEstimate) -> u64| port.metrics.iter().map(of).sum::<u64>();
    assert_eq!((sum(|of| of.today), sum(|of| of.then), sum(|of| of.stopped)), (16, 16 + 24, 16));
    let [namespace] = &port.namespaces[..] else { panic!("{port:?}") };
    assert_eq!((namespace.namespace.as_str(), namespace.today, namespace.then), ("default", 16, 40));
    let unknown = estimate(&world, order(&tagged(ISTIO, ISTIO, &[("tier", Some("source.labels['tier']"))])));
    assert_eq!((unknown.labels[0].unknown, unknown.labels[0].connections), (6, 6));
}

#[test]
fn what_has_no_room_is_named_and_counted_where_it_would_go() {
    let (mut world, mut kernel) = of_istio();
    let limited = NodeSettings { series_per_namespace: Some(24), ..NodeSettings::default() };
    world.pipeline.apply(&Update { settings: Some(limited), ..Update::default() }, world.now);
    let ports = tagged(ISTIO, ISTIO, &[("port", Some("string(source.port)"))]);
    let estimate = estimate(&world, order(&ports));
    let [BudgetEstimate { namespace: Some(namespace), peer: None, resource, limit: 24, refused: 4 }] =
        &estimate.budgets[..]
    else {
        panic!("{estimate:?}")
    };
    assert_eq!((namespace.as_str(), resource.as_str()), ("default", "series"));
    world.observe(&Arc::new(ports));
    kernel.pass(&mut world, true, || Fate::Arrives);
    assert_eq!(then(&estimate), lines(&mut world));
}

#[test]
fn settings_that_would_come_with_it_count_and_another_namespace_does_not() {
    let (world, _kernel) = of_istio();
    let ports = tagged(ISTIO, ISTIO, &[("port", Some("string(source.port)"))]);
    let mut limited = order(&ports);
    limited.update.settings = Some(NodeSettings { series: Some(1), ..NodeSettings::default() });
    assert_eq!(estimate(&world, limited).budgets[0].namespace, None);
    let other = EstimateOrder { namespace: Some("other".to_owned()), ..order(&ports) };
    let estimate = estimate(&world, other);
    assert_eq!(estimate, NodeEstimate { complete: true, ..NodeEstimate::default() });
}

#[test]
fn a_limit_of_values_is_kept() {
    let (mut world, mut kernel) = of_istio();
    let mut few = tagged(ISTIO, ISTIO, &[("port", Some("string(source.port)"))]);
    for group in few.source.iter_mut().chain(&mut few.destination) {
        group.tags[0].value.as_mut().unwrap().max_values = Some(2);
    }
    let estimate = estimate(&world, order(&few));
    assert_eq!((estimate.labels[0].overflow, estimate.labels[0].values), (2, 3));
    world.observe(&Arc::new(few));
    kernel.pass(&mut world, true, || Fate::Arrives);
    assert_eq!(then(&estimate), lines(&mut world));
}
