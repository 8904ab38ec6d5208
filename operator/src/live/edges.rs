//! Edges: connections added up by source workload, destination workload and Service, while somebody is interested. Pure: times are
//! arguments.
//!
//! ```text
//! Table: a row has changed --counting: which end's word counts, once--> Share (of the row) --what is more than before--> Edge: Sums
//!                                                                   lists, watches <--Views-- once a second, or before a list
//! ```
//!
//! A row knows what it has given to its edge, so that every change adds the difference. Nothing is kept of a connection that has gone
//! but the sums.

mod accumulator;
mod counting;
mod facts;
mod in_view;
mod object;
mod rate;
mod rtts;
mod sums;
#[cfg(test)]
mod tests;
mod wanted;

pub(super) use counting::{Seen, Share};
pub(super) use in_view::EdgeInView;
pub(super) use object::edge;
pub use sums::Sums;

use super::view::Views;
use accumulator::Edge;
use counting::Pairs;
use longwire_model::identity::UnixNanos;
use longwire_model::live::{Watched, WatchedNamespaces};
use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wanted::Wanted;

/// Most edges, of all nodes and of those that one node has brought.
pub(super) const MAX_EDGES: usize = 16_384;
pub(super) const MAX_OF_NODE: usize = 4_096;
/// How long an edge is shown without a connection.
const IDLE: Duration = Duration::from_mins(5);

#[derive(Debug)]
pub struct Edges {
    wanted: Wanted,
    /// By name.
    edges: HashMap<Arc<str>, Edge>,
    /// How many a node has brought.
    of_node: HashMap<Arc<str>, usize>,
    /// Of the last edge.
    number: u64,
    /// Edges that have changed since they were shown.
    changed: HashSet<Arc<str>>,
    pairs: Pairs,
    /// Live streams of each node.
    streams: HashMap<Arc<str>, usize>,
    /// Connections that no edge had room for.
    left_out: u64,
    /// As many of them as the counters have.
    counted: u64,
    /// Updates that probes had left out when it began.
    missed: u64,
    /// Before it, edges may have been forgotten.
    forgotten: UnixNanos,
    /// The operator's clock, when it was told last.
    clock: UnixNanos,
    views: Views<Sums>,
}

impl Edges {
    /// `begun`: as of [`Views::new`].
    pub(super) fn new(begun: u64) -> Self {
        Self {
            wanted: Wanted::default(),
            edges: HashMap::new(),
            of_node: HashMap::new(),
            number: 0,
            changed: HashSet::new(),
            pairs: Pairs::default(),
            streams: HashMap::new(),
            left_out: 0,
            counted: 0,
            missed: 0,
            forgotten: 0,
            clock: 0,
            views: Views::new(begun),
        }
    }

    /// Somebody is interested.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.wanted.is_on()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Connections in this term that no edge had room for.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Those since this was asked last.
    pub(super) fn take_left_out(&mut self) -> u64 {
        self.left_out - mem::replace(&mut self.counted, self.left_out)
    }

    /// Of so many updates that probes have left out, those since edges are added up.
    #[must_use]
    pub fn missed(&self, all: u64) -> u64 {
        if self.is_on() { all.saturating_sub(self.missed) } else { 0 }
    }

    #[must_use]
    pub fn views(&self) -> &Views<Sums> {
        &self.views
    }

    /// A node's live stream begins.
    pub(super) fn opened(&mut self, node: &Arc<str>) {
        *self.streams.entry(Arc::clone(node)).or_default() += 1;
    }

    pub(super) fn ended(&mut self, node: &Arc<str>) {
        if let Some(streams) = self.streams.get_mut(node) {
            *streams -= 1;
            if *streams == 0 {
                self.streams.remove(node);
            }
        }
    }

    /// Edges of these namespaces are wanted from now on; `asked`: of probes. Returns whether rows are to be looked at anew.
    pub(super) fn want(
        &mut self,
        namespaces: &WatchedNamespaces,
        asked: &Watched,
        missed: u64,
        (now, clock): (Instant, UnixNanos),
    ) -> bool {
        self.clock = clock;
        let was_on = self.is_on();
        self.wanted.repeats(asked, clock);
        if !self.wanted.want(namespaces, clock) {
            return false;
        }
        if !was_on {
            self.missed = missed;
        }
        let unwanted: Vec<_> = self
            .edges
            .iter()
            .filter(|(_, edge)| self.wanted.since(edge.facts.namespaces()).is_none())
            .map(|(name, _)| Arc::clone(name))
            .collect();
        unwanted.iter().for_each(|name| self.remove(name, now));
        if !self.is_on() {
            self.pairs = Pairs::default();
        }
        self.is_on()
    }

    /// About once a second: rates, and what has changed.
    pub(super) fn turn(&mut self, now: Instant) {
        let mut idle = Vec::new();
        for (name, edge) in &mut self.edges {
            if edge.turn(now) {
                self.changed.insert(Arc::clone(name));
            }
            if edge.is_idle_since(now, IDLE) {
                idle.push(Arc::clone(name));
            }
        }
        if !idle.is_empty() {
            // Nothing happened to them since then, so whatever comes of them again is complete from there.
            let idle_since = self.clock.saturating_sub(u64::try_from(IDLE.as_nanos()).unwrap_or(u64::MAX));
            self.forgotten = self.forgotten.max(idle_since);
        }
        idle.iter().for_each(|name| self.remove(name, now));
        self.publish();
        self.views.expire(now);
    }

    /// Shows what has changed.
    pub(super) fn publish(&mut self) {
        for name in self.changed.drain() {
            if let Some(edge) = self.edges.get_mut(&name) {
                edge.publish(&mut self.views);
            }
        }
    }

    fn remove(&mut self, name: &Arc<str>, now: Instant) {
        let Some(edge) = self.edges.remove(name) else { return };
        self.changed.remove(name);
        if let Some(count) = self.of_node.get_mut(&edge.node) {
            *count -= 1;
            if *count == 0 {
                self.of_node.remove(&edge.node);
            }
        }
        if let Some(shown) = &edge.shown {
            self.views.remove(shown, now);
        }
    }
}
