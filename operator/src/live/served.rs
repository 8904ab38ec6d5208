//! What the API serves by revisions: connections, and edges, which are their sums.

use super::edges::{EdgeInView, Sums, edge};
use super::hub::Hub;
use super::merge::Merged;
use super::object::connection;
use super::row::{RowState, State};
use super::selector::{InView, Selection};
use super::view::Views;
use super::written;
use longwire_live::{Connection, Edge};
use longwire_model::identity::UnixNanos;
use serde::Serialize;
use std::time::Instant;

pub(super) trait Served: State {
    type Object: Serialize;

    /// They are added up only while somebody is interested in them.
    const ARE_SUMS: bool;

    fn views(hub: &Hub) -> &Views<Self>;

    /// Before a list: what has been said shall be in it.
    fn refresh(hub: &mut Hub, now: Instant);

    /// Why they may be too few, or too small.
    fn lacks(hub: &Hub) -> Vec<String>;

    /// `namespace`: the one that is listed. `None`: all are.
    fn is_selected(selection: &Selection, facts: &Self::Facts, phase: Self::Phase, namespace: Option<&str>) -> bool;

    /// As the view of this namespace has it. `now`: the operator's clock.
    fn object(state: &RowState<Self>, namespace: &str, now: UnixNanos) -> Self::Object;

    /// The same as JSON.
    fn write(state: &RowState<Self>, namespace: &str, now: UnixNanos, out: &mut Vec<u8>) {
        // Memory is always written to, and texts and numbers are always JSON.
        let _ = serde_json::to_writer(out, &Self::object(state, namespace, now));
    }
}

fn lacks_connections(hub: &Hub) -> Option<String> {
    hub.is_full().then(|| "there are more connections than the operator keeps: some are left out".to_owned())
}

impl Served for Merged {
    type Object = Connection;

    const ARE_SUMS: bool = false;

    fn views(hub: &Hub) -> &Views {
        hub.views()
    }

    /// They are published as they come.
    fn refresh(_: &mut Hub, _: Instant) {}

    fn lacks(hub: &Hub) -> Vec<String> {
        lacks_connections(hub).into_iter().collect()
    }

    fn is_selected(selection: &Selection, facts: &Self::Facts, phase: Self::Phase, namespace: Option<&str>) -> bool {
        selection.matches(&InView { facts, phase, namespace })
    }

    fn object(state: &RowState, namespace: &str, now: UnixNanos) -> Connection {
        connection(state, namespace, now)
    }

    fn write(state: &RowState, namespace: &str, now: UnixNanos, out: &mut Vec<u8>) {
        written::write(state, namespace, now, out);
    }
}

impl Served for Sums {
    type Object = Edge;

    const ARE_SUMS: bool = true;

    fn views(hub: &Hub) -> &Views<Self> {
        hub.edges().views()
    }

    fn refresh(hub: &mut Hub, now: Instant) {
        hub.refresh(now);
    }

    fn lacks(hub: &Hub) -> Vec<String> {
        let left_out = match hub.edges().left_out() {
            0 => None,
            count => Some(format!("{count} connections are in no edge: there are as many edges as the operator keeps")),
        };
        let missed = match hub.edges().missed(hub.missed()) {
            0 => None,
            count => {
                Some(format!("probes have left out {count} updates since edges are added up: sums may be too small"))
            }
        };
        [lacks_connections(hub), left_out, missed].into_iter().flatten().collect()
    }

    fn is_selected(selection: &Selection, facts: &Self::Facts, (): Self::Phase, namespace: Option<&str>) -> bool {
        selection.matches(&EdgeInView { facts, namespace })
    }

    fn object(state: &RowState<Self>, namespace: &str, _: UnixNanos) -> Edge {
        edge(state, namespace)
    }
}
