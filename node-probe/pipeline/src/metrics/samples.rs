//! Connections that hold label sets, for tests.

use super::{Aggregate, CONNECTION, SERVICE, SeriesHandles, SeriesSpec, WORKLOAD};
use crate::labels::Differences;
use crate::observation::{Edge, Flow};
use crate::record::Monotonic;
use longwire_model::series::Metrics;

pub(crate) fn plain(metrics: Metrics) -> SeriesSpec {
    SeriesSpec { metrics, differences: Differences::default(), tag_source: None }
}

/// Of an edge alone, what is on of its metrics.
pub(crate) fn hold_edge(aggregate: &mut Aggregate, edge: &Edge, on: Metrics, now: Monotonic) -> SeriesHandles {
    let mut held = SeriesHandles::default();
    aggregate.acquire_service(edge, plain(on.intersection(SERVICE)), now, &mut held);
    held
}

/// Of a long connection and of all that it is a part of.
pub(crate) fn hold_flow(aggregate: &mut Aggregate, flow: &Flow, on: Metrics, now: Monotonic) -> SeriesHandles {
    let mut held = hold_edge(aggregate, &flow.edge, on, now);
    aggregate.acquire_workload(flow, plain(on.intersection(WORKLOAD)), now, &mut held);
    aggregate.acquire_connection(flow, plain(on.intersection(CONNECTION)), now, &mut held);
    held
}
