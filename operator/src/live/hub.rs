//! What the streams of all probes say, joined to rows. Pure: times and pods are arguments.
//!
//! ```text
//! FromStream --trust: its own end alone--> Table: rows of both ends --> Views: revisions by namespace --> lists, watches
//! ```

#[cfg(test)]
mod tests;

use super::edges::Edges;
use super::row::Facts;
use super::streams::{FromStream, StreamNews};
use super::table::{End, MAX_ROWS, Table};
use super::trust::{Refused, verified};
use super::view::Views;
use crate::index::seen::SeenPod;
use longwire_model::identity::UnixNanos;
use longwire_model::live::{Described, Ended, LiveBatch, Moved, Watched, WatchedNamespaces, Whose};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Most live connections of one stream.
pub const MAX_OF_STREAM: usize = 16_384;

#[derive(Debug)]
struct Stream {
    node: Arc<str>,
    release: String,
    generation: u64,
    /// All that lived when the generation began has been described.
    complete: bool,
    ends: HashMap<u32, End>,
}

#[derive(Debug)]
pub struct Hub {
    streams: HashMap<u64, Stream>,
    table: Table,
    refused: BTreeMap<Refused, u64>,
    missed: u64,
}

/// When something is joined.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub instant: Instant,
    /// No reading, start or end is later: another clock may be wrong, or lie.
    pub clock: UnixNanos,
}

impl Now {
    fn moved(self, moved: Moved) -> Moved {
        Moved { at: moved.at.min(self.clock), ..moved }
    }

    fn ended(self, ended: Ended) -> Ended {
        Ended { at: ended.at.map(|at| at.min(self.clock)), ..ended }
    }
}

/// One node's part of what is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub node: Arc<str>,
    pub release: String,
    /// It has described all that lived when what is watched was asked for.
    pub complete: bool,
}

impl Hub {
    /// `begun`: as of [`Views::new`].
    #[must_use]
    pub fn new(begun: u64) -> Self {
        Self { streams: HashMap::new(), table: Table::new(begun), refused: BTreeMap::new(), missed: 0 }
    }

    /// A term begins: nothing of the former one counts but what its counters say.
    pub fn begin(&mut self, begun: u64) {
        let former = std::mem::replace(self, Self::new(begun));
        (self.refused, self.missed) = (former.refused, former.missed);
    }

    #[must_use]
    pub fn views(&self) -> &Views {
        &self.table.views
    }

    #[must_use]
    pub fn edges(&self) -> &Edges {
        &self.table.edges
    }

    /// Edges of these namespaces are added up from now on. `asked`: of probes. `clock`: the operator's.
    pub fn add_up(&mut self, namespaces: &WatchedNamespaces, asked: &Watched, now: Now) {
        if self.table.edges.want(namespaces, asked, self.missed, (now.instant, now.clock)) {
            self.table.count_anew();
        }
    }

    /// Connections that no edge had room for, since this was asked last.
    pub fn take_left_out(&mut self) -> u64 {
        self.table.edges.take_left_out()
    }

    /// Edges have what has been said.
    pub fn refresh(&mut self, now: Instant) {
        self.table.refresh(now);
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.table.len()
    }

    /// There is no room for more connections.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows() >= MAX_ROWS
    }

    /// Descriptions and numbers that were not believed, by reason.
    #[must_use]
    pub fn refused(&self) -> &BTreeMap<Refused, u64> {
        &self.refused
    }

    /// Updates that probes left out.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// How far each stream has come with this generation. A later one includes it, while somebody is interested in it.
    #[must_use]
    pub fn answers(&self, generation: u64) -> Vec<Answer> {
        let answer = |stream: &Stream| Answer {
            node: Arc::clone(&stream.node),
            release: stream.release.clone(),
            complete: stream.complete && stream.generation >= generation,
        };
        self.streams.values().map(answer).collect()
    }

    /// `pod`: the one of this node with this UID, as kubelet knows it.
    pub fn take(&mut self, said: FromStream, pod: impl Fn(&str, &str) -> Option<SeenPod>, now: Now) {
        let FromStream { stream: number, node, news } = said;
        match news {
            StreamNews::Opened { release } => {
                let stream = Stream { node, release, generation: 0, complete: false, ends: HashMap::new() };
                self.table.edges.opened(&stream.node);
                self.streams.insert(number, stream);
            }
            StreamNews::Batch(batch) => {
                // A batch without a stream is of one that was replaced.
                if let Some(mut stream) = self.streams.remove(&number) {
                    self.join((number, &mut stream), batch, pod, now);
                    self.streams.insert(number, stream);
                }
            }
            StreamNews::Ended => {
                if let Some(stream) = self.streams.remove(&number) {
                    self.table.edges.ended(&stream.node);
                    stream.ends.values().for_each(|end| self.table.release(end, number, now.instant));
                }
            }
        }
        self.table.settle(now.instant);
    }

    /// What time alone changes: about once a second.
    pub fn turn(&mut self, now: Instant) {
        self.table.turn(now);
    }

    fn join(
        &mut self,
        (number, stream): (u64, &mut Stream),
        batch: LiveBatch,
        pod: impl Fn(&str, &str) -> Option<SeenPod>,
        now: Now,
    ) {
        let LiveBatch { generation, at: _, described, moved, ended, gone, complete, missed } = batch;
        if generation != stream.generation {
            // What it does not describe again is not watched any more, or over.
            stream.ends.drain().for_each(|(_, end)| self.table.release(&end, number, now.instant));
            stream.generation = generation;
        }
        (stream.complete, self.missed) = (complete, self.missed.saturating_add(missed));
        for (name, connection) in described {
            let end = if stream.ends.contains_key(&name) {
                Err(Refused::Number)
            } else if stream.ends.len() >= MAX_OF_STREAM {
                Err(Refused::NodeFull)
            } else {
                self.describe(&connection, (number, &stream.node), &pod, now)
            };
            if let Some(end) = self.counted(end) {
                stream.ends.insert(name, end);
            }
        }
        for (name, moved) in moved {
            // One that was refused keeps sending.
            if let Some(end) = stream.ends.get(&name) {
                self.table.moved(end, now.moved(moved), now.instant);
            }
        }
        for (whose, moved, ended) in ended {
            let end = match whose {
                Whose::Number(name) => stream.ends.remove(&name),
                Whose::Described(connection) => {
                    let end = self.describe(&connection, (number, &stream.node), &pod, now);
                    self.counted(end)
                }
            };
            if let Some(end) = end {
                self.table.moved(&end, now.moved(moved), now.instant);
                self.table.ended(&end, now.ended(ended), now.instant);
            }
        }
        for name in gone {
            if let Some(end) = stream.ends.remove(&name) {
                self.table.drop_end(&end, number);
            }
        }
    }

    fn describe(
        &mut self,
        connection: &Described,
        (number, node): (u64, &Arc<str>),
        pod: impl Fn(&str, &str) -> Option<SeenPod>,
        now: Now,
    ) -> Result<End, Refused> {
        let facts = verified(connection, node, pod)?;
        let facts = Facts { start: facts.start.min(now.clock), ..facts };
        self.table.describe((facts, connection.reporter), connection.handshake, (number, node, now.instant))
    }

    fn counted(&mut self, end: Result<End, Refused>) -> Option<End> {
        end.map_err(|reason| *self.refused.entry(reason).or_default() += 1).ok()
    }
}
