//! What somebody knows who has taken every batch.

use super::super::nodes::Node;
use crate::event::Traffic;
use crate::pipeline::stage::Stage;
use longwire_model::connection::Reporter;
use longwire_model::live::{Described, Ended, LiveBatch, LiveName, Moved, Watched, Whose};
use std::collections::{BTreeMap, BTreeSet};

/// A connection's end: on one node both ends have one name.
type Who = (LiveName, bool);

#[derive(Debug, Default)]
pub(super) struct Mirror {
    generation: u64,
    living: BTreeMap<u32, (Who, Moved)>,
    /// Described in this generation.
    described: BTreeSet<Who>,
    pub(super) ended: BTreeMap<Who, (Moved, Ended)>,
    pub(super) gone: usize,
    pub(super) complete: bool,
    pub(super) missed: u64,
}

fn who(described: &Described) -> Who {
    (described.name, described.reporter == Reporter::Source)
}

fn goes_on(before: Traffic, after: Traffic) -> bool {
    before.since(after) == Traffic::default()
}

impl Mirror {
    pub(super) fn apply(&mut self, batch: LiveBatch) {
        let LiveBatch { generation, at, described, moved, ended, gone, complete, missed } = batch;
        if generation != self.generation {
            let Self { ended, gone, missed, .. } = std::mem::take(self);
            *self = Self { generation, ended, gone, missed, ..Self::default() };
        }
        for (number, connection) in described {
            assert_ne!(number, 0);
            assert!(self.described.insert(who(&connection)), "{connection:?} was described before");
            assert!(self.living.insert(number, (who(&connection), Moved::default())).is_none(), "{number} is taken");
        }
        for (number, moved) in moved {
            let (_, before) = self.living.get_mut(&number).unwrap();
            assert!(goes_on(before.traffic, moved.traffic) && moved.at <= at, "{before:?} then {moved:?}");
            *before = moved;
        }
        for (whose, moved, ended) in ended {
            let (who, before) = match whose {
                Whose::Number(number) => self.living.remove(&number).unwrap(),
                Whose::Described(described) => (who(&described), Moved::default()),
            };
            assert!(goes_on(before.traffic, moved.traffic), "{before:?} then {moved:?}");
            assert!(self.ended.insert(who, (moved, ended)).is_none(), "{who:?} ended before");
        }
        for number in gone {
            assert!(self.living.remove(&number).is_some());
            self.gone += 1;
        }
        assert!(complete || !self.complete);
        self.complete = complete;
        self.missed += missed;
    }

    /// It knows what lives, and what that has moved.
    pub(super) fn check(&self, node: &Node, watched: &Watched) {
        let mut truth = BTreeMap::new();
        let pipeline = &node.pipeline;
        for entry in pipeline.connections.entries() {
            let Stage::Recording(recording) = &entry.stage else { continue };
            let resolution = &recording.resolution;
            let edge = resolution.edge();
            let mut ends = [edge.source, edge.destination].into_iter().flatten();
            if !ends.any(|workload| watched.namespaces.contains(&workload.namespace)) {
                continue;
            }
            let name = resolution.id().map_or(LiveName::Local(entry.id), |id| LiveName::Shared(id.to_bytes()));
            let traffic = Traffic::from(&entry.total()).oriented(resolution.reporter());
            truth.insert((name, resolution.reporter() == Reporter::Source), traffic);
        }
        let known: BTreeMap<_, _> = self.living.values().map(|(who, moved)| (*who, moved.traffic)).collect();
        assert_eq!(known, truth);
        assert_eq!(self.living.len(), truth.len());
    }
}
