//! The live stream: what is watched, and which connections live now; facts of the probe.

mod decode;
mod encode;
mod facts;
#[cfg(test)]
mod tests;

pub use decode::{InvalidLive, LiveDecoder};
pub use encode::{LiveEncoder, TooManyNames};
pub use facts::{MAX_COUNT, facts, facts_report};

use crate::proto;
use crate::proto::live_order::Order;
use longwire_model::live::{Watched, WatchedNamespaces};

/// Largest message of a probe on this stream, bytes. A batch of the most descriptions with the longest names that Kubernetes allows is
/// below it.
pub const MAX_LIVE_REPORT: usize = 2 << 20;
/// Most memory for decoding it, bytes.
pub const MAX_LIVE_REPORT_MEMORY: usize = 4 << 20;
/// Largest message of the operator, bytes: 1,024 namespaces take 64 KiB.
pub const MAX_LIVE_ORDER: usize = 256 << 10;
/// Most memory for decoding it, bytes.
pub const MAX_LIVE_ORDER_MEMORY: usize = 1 << 20;
/// Most references of each kind in a stream.
pub const MAX_LIVE_REFS: u32 = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("order: none that this probe knows, or one from a newer operator")]
pub struct UnknownOrder;

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Watched(Watched),
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
        Order::Watched(watched) => {
            let proto::Watched { generation, all, namespaces, history } = watched;
            let namespaces =
                if all { WatchedNamespaces::All } else { WatchedNamespaces::Only(namespaces.into_iter().collect()) };
            Ok(Asked::Watched(Watched { generation, namespaces, history }))
        }
        Order::Facts(proto::AskFacts { question }) => Ok(Asked::Facts(question)),
    }
}
