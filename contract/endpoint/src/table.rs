//! The connections of a listener, by source.

use crate::connection::Connection;
use crate::counts::{Counts, Reason};
use crate::limits::Limits;
use crate::source::Source;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug)]
pub(crate) struct Table {
    limits: Limits,
    connections: Mutex<HashMap<Source, Vec<Arc<Connection>>>>,
}

impl Table {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, connections: Mutex::default() }
    }

    /// A place for one more. Where there is none, a connection without a request under way goes: of this source if it has
    /// too many, else of the source that has most. `None`: all have requests under way.
    pub(crate) fn admit(&self, source: Source, counts: &Counts, now: Instant) -> Option<Arc<Connection>> {
        let mut connections = self.connections.lock();
        let live = |of: &[Arc<Connection>]| of.iter().filter(|connection| !connection.is_ending()).count();
        let own = connections.get(&source).map_or(0, |of| live(of));
        let all: usize = connections.values().map(|of| live(of)).sum();
        let crowded = if own >= self.limits.connections_of_source {
            Some(source)
        } else if all >= self.limits.connections {
            most(&connections)
        } else {
            None
        };
        if let Some(crowded) = crowded {
            let replaced = connections.get(&crowded).is_some_and(|of| replace(of, counts))
                || (crowded != source && own > 0 && connections.get(&source).is_some_and(|of| replace(of, counts)));
            if !replaced {
                counts.refused(Reason::Full);
                return None;
            }
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

    /// Ends what is past its deadline.
    pub(crate) fn sweep(&self, counts: &Counts, now: Instant) {
        for connection in self.connections.lock().values().flatten() {
            if let Some(reason) = connection.overdue(&self.limits, now) {
                end(connection, reason, counts);
            }
        }
    }

    /// Gives so many descriptors back for those that wait to be accepted. `false`: none can be.
    pub(crate) fn make_room(&self, descriptors: usize, counts: &Counts) -> bool {
        let connections = self.connections.lock();
        let replaced =
            (0..descriptors).take_while(|_| most(&connections).is_some_and(|of| replace(&connections[&of], counts)));
        replaced.count() > 0
    }
}

pub(crate) fn end(connection: &Connection, reason: Reason, counts: &Counts) {
    if connection.end(reason) {
        counts.refused(reason);
    }
}

/// The source that has most connections that could go.
fn most(connections: &HashMap<Source, Vec<Arc<Connection>>>) -> Option<Source> {
    let dispensable = |of: &[Arc<Connection>]| {
        of.iter().filter(|connection| !connection.is_ending() && connection.dispensable().is_some()).count()
    };
    connections.iter().max_by_key(|(source, of)| (dispensable(of), **source)).map(|(source, _)| *source)
}

fn replace(of: &[Arc<Connection>], counts: &Counts) -> bool {
    let rest = of.iter().filter(|connection| !connection.is_ending());
    let first =
        rest.filter_map(|connection| Some((connection.dispensable()?, connection))).min_by_key(|(rank, _)| *rank);
    first.inspect(|(_, connection)| end(connection, Reason::Replaced, counts)).is_some()
}

#[cfg(test)]
mod tests;
