//! Edges and their rates: each row counts once, whichever reporter it is from.

use super::node::Node;
use super::telemetry::{End, Telemetry, is_ok};
use super::{GraphType, View, service};
use longwire_testkit::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes a second from one node to another.
pub type Edges = BTreeMap<(Node, Node), f64>;

/// Rows with equal keys are the same: metric, both ends, flags and host.
type Key = (&'static str, End, End, String, String);

#[derive(Clone, Debug)]
pub struct Graph {
    view: View,
    edges: Edges,
    seen: BTreeSet<(Node, Node, Key)>,
    /// Rows that Kiali would drop, and why.
    pub refused: Vec<String>,
}

impl Graph {
    pub(super) fn new(view: View) -> Self {
        Self { view, edges: Edges::new(), seen: BTreeSet::new(), refused: Vec::new() }
    }

    pub(super) fn add(&mut self, metric: &'static str, row: &Row) {
        if let Err(reason) = self.try_add(metric, row) {
            self.refused.push(format!("{reason}: {:?}", row.labels));
        }
    }

    fn try_add(&mut self, metric: &'static str, row: &Row) -> Result<(), String> {
        let Telemetry { source, destination, host, flags } = Telemetry::of(row)?;
        let row_key = (metric, source.clone(), destination.clone(), flags, host);
        let between = destination.as_service();
        let kind = self.view.graph;
        let server = Node::of(&destination, kind).ok_or("the destination has no name at all")?;
        let with_services = self.view.with_services || kind == GraphType::Service;
        let steps = if with_services && is_ok(&destination.service) && !server.is_service() {
            vec![(source, between.clone()), (between, destination)]
        } else {
            vec![(source, destination)]
        };
        for (from, to) in steps {
            let nodes = [Node::of(&from, kind), Node::of(&to, kind)];
            let [Some(near), Some(far)] = nodes else { return Err("an end has no name at all".to_owned()) };
            if self.seen.insert((near.clone(), far.clone(), row_key.clone())) {
                *self.edges.entry((near, far)).or_default() += row.value;
            }
        }
        Ok(())
    }

    /// The edges of the drawn graph.
    pub fn edges(&self) -> Edges {
        if self.view.graph == GraphType::Service { service::reduce(&self.edges) } else { self.edges.clone() }
    }
}
