//! The live stream: what is watched, and which connections live now; what another configuration would do to their series; facts of
//! the probe.

mod decode;
mod encode;
mod estimate;
mod facts;
#[cfg(test)]
mod tests;

pub use decode::{InvalidLive, LiveDecoder};
pub use encode::{LiveEncoder, TooManyNames};
pub use estimate::{estimated, estimated_to_proto, order_estimate, to_estimate};
pub use facts::{MAX_COUNT, facts, facts_report};

use crate::proto;
use crate::proto::live_order::Order;
use crate::{MAX_UPDATE, MAX_UPDATE_MEMORY};
use longwire_model::live::{Watched, WatchedNamespaces};

/// Largest message of a probe on this stream, bytes. A batch of the most descriptions with the longest names that Kubernetes allows is
/// below it.
pub const MAX_LIVE_REPORT: usize = 2 << 20;
/// Most memory for decoding it, bytes.
pub const MAX_LIVE_REPORT_MEMORY: usize = 4 << 20;
/// Largest message of the operator, bytes: as an update, because it may have the pods of a node.
pub const MAX_LIVE_ORDER: usize = MAX_UPDATE;
/// Most memory for decoding it, bytes.
pub const MAX_LIVE_ORDER_MEMORY: usize = MAX_UPDATE_MEMORY;
/// Most references of each kind in a stream.
pub const MAX_LIVE_REFS: u32 = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("order: none that this probe knows, or one from a newer operator")]
pub struct UnknownOrder;

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    Watched(Watched),
    Estimate(Box<proto::EstimateOrder>),
    /// Facts, under this number.
    Facts(u64),
}

/// Asks a probe that knows facts.
#[must_use]
pub fn ask_facts(question: u64) -> proto::LiveOrder {
    proto::LiveOrder { order: Some(Order::Facts(proto::AskFacts { question })) }
}

#[must_use]
pub fn order(watched: &Watched) -> proto::LiveOrder {
    let Watched { generation, namespaces, history } = watched;
    let (all, namespaces) = match namespaces {
        WatchedNamespaces::All => (true, Vec::new()),
        WatchedNamespaces::Only(namespaces) => (false, namespaces.iter().cloned().collect()),
    };
    let watched = proto::Watched { generation: *generation, all, namespaces, history: *history };
    proto::LiveOrder { order: Some(Order::Watched(watched)) }
}

pub fn asked(order: proto::LiveOrder) -> Result<Asked, UnknownOrder> {
    match order.order.ok_or(UnknownOrder)? {
        Order::Watched(order) => Ok(Asked::Watched(watched(order))),
        Order::Estimate(order) => Ok(Asked::Estimate(order)),
        Order::Facts(proto::AskFacts { question }) => Ok(Asked::Facts(question)),
    }
}

fn watched(watched: proto::Watched) -> Watched {
    let proto::Watched { generation, all, namespaces, history } = watched;
    let namespaces =
        if all { WatchedNamespaces::All } else { WatchedNamespaces::Only(namespaces.into_iter().collect()) };
    Watched { generation, namespaces, history }
}
