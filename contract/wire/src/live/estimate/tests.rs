use super::{estimated, estimated_to_proto, order_estimate, to_estimate};
use crate::codec;
use crate::decode::InvalidUpdate;
use crate::live::{Asked, MAX_LIVE_ORDER, asked};
use crate::proto;
use longwire_model::estimate::{
    BudgetEstimate, EstimateOrder, Estimated, LabelEstimate, MAX_LABELS, MAX_VALUE_BYTES, MAX_VALUES, MetricEstimate,
    NamespaceEstimate, NodeEstimate,
};
use longwire_model::identity::{Place, Pod, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::{LocalPod, Update};
use prost::Message as _;
use std::sync::Arc;

fn pod(number: usize, label: String) -> LocalPod {
    let text = || "a".to_owned();
    let workload = Workload {
        namespace: text(),
        name: text(),
        canonical_service: text(),
        canonical_revision: text(),
        cluster: text(),
    };
    let pod = Pod {
        uid: number.to_string(),
        name: text(),
        addresses: Vec::new(),
        host_network: false,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::new(Place::default()),
        labels: vec![("team".to_owned(), label)],
    };
    LocalPod { pod: Arc::new(pod), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) }
}

fn of_message(order: &proto::LiveOrder) -> EstimateOrder {
    let order = codec::decode::<proto::LiveOrder>(&order.encode_to_vec()).unwrap();
    let Asked::Estimate(order) = asked(order).unwrap() else { panic!("another order") };
    to_estimate(*order).unwrap()
}

#[test]
fn an_order_arrives_as_it_was_and_needs_nothing_of_another_one() {
    let settings = Some(NodeSettings { series: Some(7), ..NodeSettings::default() });
    for namespace in [None, Some("shop".to_owned())] {
        let pods = (0..3).map(|number| pod(number, "x".to_owned())).collect();
        let update = Update { settings: settings.clone(), pods, ..Update::default() };
        let order = EstimateOrder { id: 9, namespace, update };
        // Twice: each has all of its definitions.
        for _ in 0..2 {
            assert_eq!(of_message(&order_estimate(&order).unwrap()), order);
        }
    }
}

#[test]
fn an_order_that_is_too_large_or_has_no_configuration_is_none() {
    let pods = (0..5).map(|number| pod(number, "x".repeat(MAX_LIVE_ORDER / 4))).collect();
    let large = EstimateOrder { update: Update { pods, ..Update::default() }, ..EstimateOrder::default() };
    assert_eq!(order_estimate(&large), None);
    let missing = InvalidUpdate::Missing { field: "estimate.configuration" };
    assert_eq!(to_estimate(proto::EstimateOrder::default()), Err(missing));
}

fn answer() -> Estimated {
    let text = str::to_owned;
    let estimate = NodeEstimate {
        complete: true,
        connections: 1,
        relabelled: 2,
        metrics: vec![MetricEstimate { name: text("m"), today: 3, then: 4, stopped: 5, later: 6 }],
        namespaces: vec![NamespaceEstimate { namespace: text("n"), today: 7, then: 8, stopped: 9 }],
        budgets: vec![BudgetEstimate {
            namespace: Some(text("n")),
            peer: None,
            resource: text("series"),
            limit: 10,
            refused: 11,
        }],
        labels: vec![LabelEstimate {
            name: text("l"),
            connections: 12,
            unknown: 13,
            overflow: 14,
            values: 15,
            has_more: true,
            top: vec![(text("v"), 16)],
        }],
    };
    Estimated { id: 17, estimate }
}

#[test]
fn an_answer_arrives_as_it_was() {
    let bytes = estimated_to_proto(answer()).encode_to_vec();
    assert_eq!(estimated(proto::Estimated::decode(&*bytes).unwrap()), answer());
}

/// Of a probe that keeps no bound.
#[test]
fn an_answer_is_cut_to_its_bounds() {
    let mut said = answer();
    let long = "\u{e9}".repeat(MAX_VALUE_BYTES);
    said.estimate.labels[0].top = vec![(long.clone(), 1); MAX_VALUES + 1];
    said.estimate.labels = vec![said.estimate.labels[0].clone(); MAX_LABELS + 1];
    said.estimate.metrics = vec![MetricEstimate { name: long, ..MetricEstimate::default() }; 1_000];
    let taken = estimated(estimated_to_proto(said)).estimate;
    assert_eq!((taken.labels.len(), taken.labels[0].top.len()), (MAX_LABELS, MAX_VALUES));
    assert!(taken.metrics.len() < 1_000 && taken.metrics[0].name.len() <= MAX_VALUE_BYTES);
    assert_eq!(taken.labels[0].top[0].0, "\u{e9}".repeat(MAX_VALUE_BYTES / 2));
}
