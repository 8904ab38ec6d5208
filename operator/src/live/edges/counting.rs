//! Which connections count, each of them once.
//!
//! A connection counts when the probe of its source's node has reported it; from then on both ends' reports are one row. If that
//! probe says nothing of it for a while, or there is none, the destination's word counts. Some connections have no id that both ends
//! know, and are a row of each end: then the destination's is passed over, because the source's has the same addresses.

use super::accumulator::{Edge, Given};
use super::facts::EdgeFacts;
use super::{Edges, MAX_EDGES, MAX_OF_NODE};
use crate::index::seen::SeenPod;
use crate::live::merge::{Merged, Phase};
use crate::live::row::{Facts, Side};
use longwire_model::identity::UnixNanos;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So long the source's report is waited for.
const SOURCE: Duration = Duration::from_secs(3);

/// A row, as it is now.
#[derive(Clone, Copy, Debug)]
pub(in crate::live) struct Seen<'a> {
    pub(in crate::live) facts: &'a Facts,
    pub(in crate::live) merged: &'a Merged,
    /// The first that reported it.
    pub(in crate::live) node: &'a Arc<str>,
    /// Since when it is known.
    pub(in crate::live) since: Instant,
    /// One end says that it is over.
    pub(in crate::live) is_ending: bool,
}

/// What of a row is in an edge.
#[derive(Debug, Default)]
pub(in crate::live) enum Share {
    /// Nothing yet, or nobody wants to know.
    #[default]
    None,
    /// It counts elsewhere, or not at all.
    Never,
    Of(Box<Counted>),
}

#[derive(Debug)]
pub(in crate::live) struct Counted {
    name: Arc<str>,
    /// The edge's.
    number: u64,
    given: Given,
    pair: Option<Pair>,
}

type Pair = (SocketAddr, SocketAddr);

/// Addresses of connections that count and that their source has reported.
#[derive(Debug, Default)]
pub(super) struct Pairs(HashMap<Pair, u32>);

impl Pairs {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn add(&mut self, pair: Pair) {
        *self.0.entry(pair).or_default() += 1;
    }

    fn remove(&mut self, pair: Pair) {
        if let Some(count) = self.0.get_mut(&pair) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&pair);
            }
        }
    }
}

impl Seen<'_> {
    fn is_of_source(&self) -> bool {
        self.merged.kernels[0].is_some()
    }

    /// Both ends know them alike, unless they are translated in between.
    fn pair(&self) -> Option<Pair> {
        let plain = |side: &Side| side.address.map(|at| SocketAddr::new(at.ip().to_canonical(), at.port()));
        plain(&self.facts.source).zip(plain(&self.facts.destination))
    }
}

impl Share {
    /// Time may decide whether it counts.
    pub(in crate::live) fn is_open(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl Edges {
    /// A row that is shown is new, or has changed.
    pub(in crate::live) fn take(&mut self, share: &mut Share, seen: Seen<'_>, now: Instant) {
        if !self.is_on() {
            return;
        }
        if let Share::Of(counted) = share {
            match self.edges.get_mut(&counted.name).filter(|edge| edge.number == counted.number) {
                Some(edge) => {
                    if edge.add(&mut counted.given, seen.merged) {
                        self.changed.insert(Arc::clone(&counted.name));
                    }
                    return;
                }
                // The edge was not wanted any more.
                None => *share = self.lost(counted),
            }
        }
        if share.is_open() && self.is_decided(seen, now) {
            *share = self.count(seen, now);
        }
    }

    /// A row goes.
    pub(in crate::live) fn leave(&mut self, mut share: Share, seen: Seen<'_>, now: Instant) {
        if self.is_on() && share.is_open() && seen.merged.phase != Phase::Open {
            share = self.count(seen, now);
        }
        let Share::Of(counted) = share else { return };
        if let Some(edge) = self.edges.get_mut(&counted.name).filter(|edge| edge.number == counted.number) {
            edge.leave(&counted.given, now);
            self.changed.insert(Arc::clone(&counted.name));
        }
        self.lost(&counted);
    }

    fn lost(&mut self, counted: &Counted) -> Share {
        if let Some(pair) = counted.pair {
            self.pairs.remove(pair);
        }
        Share::None
    }

    fn is_decided(&self, seen: Seen<'_>, now: Instant) -> bool {
        // How it has ended is known soon.
        if seen.is_ending && seen.merged.phase == Phase::Open {
            return false;
        }
        let node = seen.facts.source.pod.as_ref().and_then(SeenPod::node);
        let is_seen_there = node.is_some_and(|node| self.streams.contains_key(node));
        seen.is_of_source() || !is_seen_there || now.saturating_duration_since(seen.since) >= SOURCE
    }

    fn count(&mut self, seen: Seen<'_>, now: Instant) -> Share {
        let Seen { facts: connection, merged, node, .. } = seen;
        let Some(since) = self.wanted.since(connection.namespaces()) else { return Share::None };
        let pair = seen.pair();
        if !seen.is_of_source() && pair.is_some_and(|pair| self.pairs.0.contains_key(&pair)) {
            return Share::Never;
        }
        let facts = EdgeFacts::of(connection);
        let known = self.edges.get(&facts.name);
        let since = known.map_or_else(|| since.max(self.forgotten), Edge::since);
        let is_over = merged.phase != Phase::Open;
        let end = merged.end.unwrap_or(connection.start);
        if is_over && end < since.max(self.wanted.repeated()) {
            return Share::Never;
        }
        let has_room = match known {
            Some(edge) => edge.facts.is_same(&facts),
            None => self.has_room(node),
        };
        if !has_room {
            self.left_out += 1;
            return Share::Never;
        }
        let name = Arc::clone(&facts.name);
        let edge = self.edges.entry(Arc::clone(&name)).or_insert_with(|| {
            self.number += 1;
            *self.of_node.entry(Arc::clone(node)).or_default() += 1;
            Edge::new(self.number, facts, node, (now, since))
        });
        let given = edge.take(merged, start(connection));
        let number = edge.number;
        let pair = pair.filter(|_| seen.is_of_source());
        if let Some(pair) = pair {
            self.pairs.add(pair);
        }
        self.changed.insert(Arc::clone(&name));
        Share::Of(Box::new(Counted { name, number, given, pair }))
    }

    fn has_room(&self, node: &Arc<str>) -> bool {
        self.edges.len() < MAX_EDGES && self.of_node.get(node).copied().unwrap_or_default() < MAX_OF_NODE
    }
}

/// When it was established. `None`: before a probe saw it.
fn start(connection: &Facts) -> Option<UnixNanos> {
    (!connection.adopted).then_some(connection.start)
}
