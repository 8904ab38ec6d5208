//! What is believed of a probe: its own end alone. Pure.
//!
//! The end that reports must be a pod of the probe's own node. The names of both ends are the operator's own, found by UID, so that
//! root on one node can invent connections of its own pods, but rename nobody, and put nothing into a namespace without a pod there.

#[cfg(test)]
mod tests;

use super::row::{Facts, Key, Side};
use super::written::Texts;
use crate::index::seen::SeenPod;
use longwire_model::connection::Reporter;
use longwire_model::identity::Service;
use longwire_model::live::{Described, LiveEnd};
use std::net::SocketAddr;
use std::sync::Arc;

/// Most bytes of a text of a Service: a DNS name.
const MAX_TEXT: usize = 253;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// The end that reports is no pod.
    NoPod,
    /// It is none of the probe's node, or one that is not known.
    ForeignPod,
    /// A Service's name is longer than Kubernetes allows.
    LongName,
    /// Another probe, or another socket, holds this side of the connection.
    Held,
    /// The other end took this side for another pod, and it is shown so already.
    OtherPod,
    /// There is no room for more connections.
    Full,
    /// The node has as many as one may have.
    NodeFull,
    /// Something was described under this number already.
    Number,
}

impl Refused {
    /// The value of the label `reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPod => "no_pod",
            Self::ForeignPod => "foreign_pod",
            Self::LongName => "long_name",
            Self::Held => "held",
            Self::OtherPod => "other_pod",
            Self::Full => "full",
            Self::NodeFull => "node_full",
            Self::Number => "number",
        }
    }
}

/// What a node's probe described, with the operator's names. `pod`: the one of this node with this UID, as kubelet knows it.
pub(super) fn verified(
    described: &Described,
    node: &Arc<str>,
    pod: impl Fn(&str, &str) -> Option<SeenPod>,
) -> Result<Facts, Refused> {
    let Described { reporter, source, destination, .. } = described;
    let reports = |end: Reporter| end == *reporter;
    let named = |end: &LiveEnd, reports: bool| match &end.pod {
        Some(claimed) if reports => pod(node, &claimed.uid).map(Some).ok_or(Refused::ForeignPod),
        None if reports => Err(Refused::NoPod),
        claimed => Ok(claimed.as_ref().and_then(|claimed| pod(&claimed.place.node, &claimed.uid))),
    };
    let destination_address =
        described.answered.or(reports(Reporter::Destination).then_some(described.requested_address));
    let side = |pod: Option<SeenPod>, address: Option<SocketAddr>| Side { pod, address };
    let source = side(named(source, reports(Reporter::Source))?, Some(described.source_address));
    let destination = side(named(destination, reports(Reporter::Destination))?, destination_address);
    let services = [&described.service, &described.requested_service];
    if services.into_iter().flatten().any(|service| !fits(service)) {
        return Err(Refused::LongName);
    }
    let key = Key::of(described.name, node);
    Ok(Facts {
        name: key.to_string().into(),
        key,
        source,
        destination,
        service: described.service.clone(),
        requested_service: described.requested_service.clone(),
        requested_address: described.requested_address,
        start: described.start,
        adopted: described.adopted,
        texts: Texts::default(),
    })
}

/// Texts of a Service stay in the table as long as its rows.
fn fits(service: &Service) -> bool {
    let Service { namespace, name, host, cluster } = service;
    [namespace, name, host, cluster].into_iter().all(|text| text.len() <= MAX_TEXT)
}
