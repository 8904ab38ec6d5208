//! Who pods talk to now: their open connections, added up by the other end. Pure.

use crate::ends;
use longwire_live::connection::Phase;
use longwire_live::end::End;
use longwire_live::{Connection, EffectiveTelemetry};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// By role, peer and Service, the busiest first.
pub(super) type Feeds = Vec<Feed>;

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feed {
    pub(super) role: Role,
    /// The workload at the other end; its address if it has none.
    pub(super) peer: String,
    /// The Service that the connections count for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    pub(super) open: u64,
    /// Bytes of payload, since probes observe these connections.
    pub(super) sent_bytes: u64,
    pub(super) received_bytes: u64,
}

/// As what pods report the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Role {
    Source,
    Destination,
}

pub(super) fn feeds(connections: &[Connection], namespace: &str, telemetries: &[EffectiveTelemetry]) -> Feeds {
    let pods: BTreeSet<&str> = telemetries.iter().filter_map(|telemetry| telemetry.metadata.name.as_deref()).collect();
    let is_ours = |end: &End| {
        end.namespace.as_deref() == Some(namespace) && end.pod.as_deref().is_some_and(|pod| pods.contains(pod))
    };
    let mut sums = BTreeMap::<(Role, String, Option<String>), (u64, u64, u64)>::new();
    for Connection { spec, status, .. } in connections {
        let Some(status) = status.as_ref().filter(|status| status.phase == Phase::Open) else { continue };
        let (from_source, from_destination) = (status.bytes.from_source, status.bytes.from_destination);
        let both = [
            (Role::Source, &spec.source, &spec.destination, from_source, from_destination),
            (Role::Destination, &spec.destination, &spec.source, from_destination, from_source),
        ];
        for (role, _, other, sent, received) in both.into_iter().filter(|(_, own, ..)| is_ours(own)) {
            let service = spec.service.as_ref().and_then(|service| ends::service(service, &spec.destination));
            let sum = sums.entry((role, ends::workload(other), service)).or_default();
            sum.0 += 1;
            sum.1 = sum.1.saturating_add(sent);
            sum.2 = sum.2.saturating_add(received);
        }
    }
    let feed = |((role, peer, service), (open, sent_bytes, received_bytes))| Feed {
        role,
        peer,
        service,
        open,
        sent_bytes,
        received_bytes,
    };
    let mut feeds: Feeds = sums.into_iter().map(feed).collect();
    feeds.sort_by_key(|feed| (feed.role, Reverse(feed.sent_bytes.saturating_add(feed.received_bytes))));
    feeds
}
