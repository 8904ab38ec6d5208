//! Kiali's traffic graph of one namespace, by the rules of its own graph generator.
//!
//! ```text
//! Prometheus --three queries a metric--> rows --telemetry: accepted?--> node: who is it? --graph: edges, each row once-->
//! service: reduced to Services, in a service graph
//! ```
//!
//! It refuses and duplicates what Kiali would. A real one (`deployed`) draws the same without reasons.

pub mod deployed;
mod graph;
mod node;
mod service;
mod telemetry;
#[cfg(test)]
mod tests;

use anyhow::Result;
pub use graph::{Edges, Graph};
use longwire_dashboards::{kiali::Traffic, kiali::queries};
use longwire_testkit::Prometheus;
pub use node::{Name, Node};

/// The four graphs that Kiali offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphType {
    Workload,
    App,
    VersionedApp,
    Service,
}

impl GraphType {
    pub const ALL: [Self; 4] = [Self::Workload, Self::App, Self::VersionedApp, Self::Service];
}

/// Choices of the graph's menus.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub graph: GraphType,
    /// Services as nodes between clients and servers; always in a service graph.
    pub with_services: bool,
    pub traffic: Traffic,
}

/// The graph of a namespace over the minute before a moment, in seconds since 1970.
pub fn draw(prometheus: &Prometheus, namespace: &str, view: View, moment: f64) -> Result<Graph> {
    let mut graph = Graph::new(view);
    for (metric, queries) in queries(view.traffic, namespace, 60) {
        for query in queries {
            for row in prometheus.query(&query, moment)? {
                graph.add(metric, &row);
            }
        }
    }
    Ok(graph)
}
