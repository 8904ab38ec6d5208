//! Estimates: the order to a probe, and its answer. A message has all definitions that it refers to.

use super::MAX_LIVE_ORDER;
use crate::decode::{Decoder, InvalidUpdate};
use crate::encode::Encoder;
use crate::proto;
use crate::proto::live_order::Order;
use longwire_model::estimate::{
    BudgetEstimate, EstimateOrder, Estimated, LabelEstimate, MAX_BUDGETS, MAX_LABELS, MAX_NAMESPACES, MAX_VALUE_BYTES,
    MAX_VALUES, MetricEstimate, NamespaceEstimate, NodeEstimate,
};
use longwire_model::series::FAMILIES;
use prost::Message as _;

#[cfg(test)]
mod tests;

/// `None`: it does not fit into a message.
#[must_use]
pub fn order_estimate(order: &EstimateOrder) -> Option<proto::LiveOrder> {
    let EstimateOrder { id, namespace, update } = order;
    let order = proto::EstimateOrder {
        id: *id,
        all: namespace.is_none(),
        namespace: namespace.clone().unwrap_or_default(),
        configuration: Some(Encoder::default().encode(update).ok()?),
    };
    let order = proto::LiveOrder { order: Some(Order::Estimate(Box::new(order))) };
    (order.encoded_len() <= MAX_LIVE_ORDER).then_some(order)
}

pub fn to_estimate(order: proto::EstimateOrder) -> Result<EstimateOrder, InvalidUpdate> {
    let proto::EstimateOrder { id, all, namespace, configuration } = order;
    let configuration = configuration.ok_or(InvalidUpdate::Missing { field: "estimate.configuration" })?;
    let update = Decoder::default().decode(configuration)?.update;
    Ok(EstimateOrder { id, namespace: (!all).then_some(namespace), update })
}

#[must_use]
pub fn estimated_to_proto(estimated: Estimated) -> proto::Estimated {
    let Estimated { id, estimate } = estimated;
    let NodeEstimate { complete, connections, relabelled, metrics, namespaces, budgets, labels } = estimate;
    let metric = |MetricEstimate { name, today, then, stopped, later }: MetricEstimate| proto::EstimatedMetric {
        name,
        today,
        then,
        stopped,
        later,
    };
    let namespace = |of: NamespaceEstimate| {
        let NamespaceEstimate { namespace, today, then, stopped } = of;
        proto::EstimatedNamespace { namespace, today, then, stopped }
    };
    let budget = |of: BudgetEstimate| {
        let BudgetEstimate { namespace, peer, resource, limit, refused } = of;
        proto::EstimatedBudget { namespace, peer, resource, limit, refused }
    };
    let label = |of: LabelEstimate| {
        let LabelEstimate { name, connections, unknown, overflow, values, has_more, top } = of;
        let top = top.into_iter().map(|(value, connections)| proto::EstimatedValue { value, connections }).collect();
        proto::EstimatedLabel { name, connections, unknown, overflow, values, has_more, top }
    };
    proto::Estimated {
        id,
        complete,
        connections,
        relabelled,
        metrics: metrics.into_iter().map(metric).collect(),
        namespaces: namespaces.into_iter().map(namespace).collect(),
        budgets: budgets.into_iter().map(budget).collect(),
        labels: labels.into_iter().map(label).collect(),
    }
}

/// What a probe has said, within the bounds that it should keep.
#[must_use]
pub fn estimated(said: proto::Estimated) -> Estimated {
    let proto::Estimated { id, complete, connections, relabelled, metrics, namespaces, budgets, labels } = said;
    let metric = |of: proto::EstimatedMetric| {
        let proto::EstimatedMetric { name, today, then, stopped, later } = of;
        MetricEstimate { name: cut(name), today, then, stopped, later }
    };
    let namespace = |of: proto::EstimatedNamespace| {
        let proto::EstimatedNamespace { namespace, today, then, stopped } = of;
        NamespaceEstimate { namespace: cut(namespace), today, then, stopped }
    };
    let budget = |of: proto::EstimatedBudget| {
        let proto::EstimatedBudget { namespace, peer, resource, limit, refused } = of;
        BudgetEstimate { namespace: namespace.map(cut), peer: peer.map(cut), resource: cut(resource), limit, refused }
    };
    let label = |of: proto::EstimatedLabel| {
        let proto::EstimatedLabel { name, connections, unknown, overflow, values, has_more, top } = of;
        let top = top.into_iter().take(MAX_VALUES).map(|of| (cut(of.value), of.connections)).collect();
        LabelEstimate { name: cut(name), connections, unknown, overflow, values, has_more, top }
    };
    let estimate = NodeEstimate {
        complete,
        connections,
        relabelled,
        metrics: metrics.into_iter().take(FAMILIES.len()).map(metric).collect(),
        namespaces: namespaces.into_iter().take(MAX_NAMESPACES).map(namespace).collect(),
        budgets: budgets.into_iter().take(MAX_BUDGETS).map(budget).collect(),
        labels: labels.into_iter().take(MAX_LABELS).map(label).collect(),
    };
    Estimated { id, estimate }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_VALUE_BYTES));
    text
}
