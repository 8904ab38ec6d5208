//! The connections of a listener, by source.

use crate::connection::Connection;
use crate::counts::{Counts, Reason};
use crate::limits::Limits;
use crate::source::Source;
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug)]
pub(crate) struct Table {
    limits: Limits,
    connections: Mutex<BySource>,
}

type BySource = HashMap<Source, Vec<Arc<Connection>>>;

impl Table {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, connections: Mutex::default() }
    }

    /// Takes a place for one more. If all are taken, closes a connection without a request in flight: of this source if
    /// it has too many, else the one that [`in_the_way`] chooses. `None`: none may be closed.
    pub(crate) fn admit(&self, source: Source, counts: &Counts, now: Instant) -> Option<Arc<Connection>> {
        let mut connections = self.connections.lock();
        let own = connections.get(&source).map_or(0, |of| live(of).count());
        let all: usize = connections.values().map(|of| live(of).count()).sum();
        let has_too_many = own >= self.limits.connections_of_source;
        if has_too_many || all >= self.limits.connections {
            let replaced = if has_too_many {
                connections.get(&source).and_then(|of| first_to_go(of)).map(|(_, first)| first)
            } else {
                in_the_way(&connections, Some(source))
            };
            let Some(replaced) = replaced else {
                counts.refused(Reason::Full);
                return None;
            };
            end(replaced, Reason::Replaced, counts);
        }
        let connection = Connection::new(source, now);
        connections.entry(source).or_default().push(Arc::clone(&connection));
        Some(connection)
    }

    pub(crate) fn remove(&self, connection: &Arc<Connection>) {
        let mut connections = self.connections.lock();
        if let Some(of) = connections.get_mut(&connection.source()) {
            of.retain(|known| !Arc::ptr_eq(known, connection));
            if of.is_empty() {
                connections.remove(&connection.source());
            }
        }
    }

    /// Ends connections past their deadline.
    pub(crate) fn sweep(&self, counts: &Counts, now: Instant) {
        for connection in self.connections.lock().values().flatten() {
            if let Some(reason) = connection.overdue(&self.limits, now) {
                end(connection, reason, counts);
            }
        }
    }

    /// Closes so many connections, whose file descriptors waiting ones need. `false`: none can be closed.
    pub(crate) fn make_room(&self, descriptors: usize, counts: &Counts) -> bool {
        let connections = self.connections.lock();
        let replaced = (0..descriptors).map_while(|_| in_the_way(&connections, None));
        replaced.inspect(|connection| end(connection, Reason::Replaced, counts)).count() > 0
    }
}

pub(crate) fn end(connection: &Connection, reason: Reason, counts: &Counts) {
    if connection.end(reason) {
        counts.refused(reason);
    }
}

fn live(of: &[Arc<Connection>]) -> impl Iterator<Item = &Arc<Connection>> {
    of.iter().filter(|connection| !connection.is_ending())
}

/// Chooses from the source with most connections, counting the newcomer to its own, so that a source that keeps
/// connecting replaces its own connections. Between equal sources, the connection that waits longest. `None`: the
/// newcomer's source would then have more than any source that could lose one.
fn in_the_way(connections: &BySource, newcomer: Option<Source>) -> Option<&Arc<Connection>> {
    let held = |source: &Source, of: &[Arc<Connection>]| live(of).count() + usize::from(newcomer == Some(*source));
    let least = newcomer.map_or(0, |source| held(&source, connections.get(&source).map_or(&[], Vec::as_slice)));
    let sources = connections.iter().filter_map(|(source, of)| {
        let (rank, first) = first_to_go(of)?;
        Some(((held(source, of), newcomer == Some(*source), Reverse(rank)), first))
    });
    sources.filter(|((held, ..), _)| *held >= least).max_by_key(|(key, _)| *key).map(|(_, first)| first)
}

/// A source's connections that may be closed; the lowest rank goes first.
fn first_to_go(of: &[Arc<Connection>]) -> Option<((bool, Instant), &Arc<Connection>)> {
    live(of).filter_map(|connection| Some((connection.dispensable()?, connection))).min_by_key(|(rank, _)| *rank)
}

#[cfg(test)]
mod tests;
