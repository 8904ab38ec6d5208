//! The state of the whole pipeline, one part after the other. What a part refers to comes before it.

use super::Pipeline;
use super::saved::{Item, SavedEnd, SavedHead};
use super::stage::SavedStage;
use crate::connection::SavedConnection;
use crate::labels::{ConnectionLabels, EnvoyLabels, LocalityLabels, ServiceLabels, WorkloadLabels};
use crate::metrics::{KnownLabels, SavedSetOf};
use crate::shared::{Numbered, Numbers};
use crate::state::{Late, STATE_VERSION, Writer};

/// How far saving has come.
#[derive(Debug, Default)]
pub struct SaveCursor {
    numbered: Numbered,
    /// Items so far.
    items: u64,
    /// Of the parts of a pipeline.
    part: usize,
    /// Within the part.
    at: u64,
}

impl SaveCursor {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Writes the entry at a position of the part, or the first one after it, and returns the next position; `None`: there was no
/// entry.
type Part = for<'p> fn(&'p Pipeline, u64, &mut Out<'_, 'p>) -> Option<u64>;

const PARTS: [Part; 16] = [
    |pipeline, at, out| out.entry(|_| once(at, || head(pipeline)), Item::Head),
    |pipeline, at, out| out.entry(|_| once(at, || pipeline.store.save_snapshots()), Item::Snapshots),
    |pipeline, at, out| out.entry(|numbers| pipeline.resolver.save_slots(at, numbers), Item::Slot),
    |pipeline, at, out| out.entry(|_| pipeline.resolver.save_netns_owners(at), Item::NetnsOwner),
    |pipeline, at, out| out.entry(|_| pipeline.resolver.save_cgroups(at), Item::Cgroup),
    |pipeline, at, out| out.entry(|numbers| pipeline.resolver.save_identities(at, numbers), Item::Identity),
    |pipeline, at, out| out.entry(|numbers| sets::<ServiceLabels>(pipeline, at, numbers), Item::ServiceSet),
    |pipeline, at, out| out.entry(|numbers| sets::<LocalityLabels>(pipeline, at, numbers), Item::LocalitySet),
    |pipeline, at, out| out.entry(|numbers| sets::<WorkloadLabels>(pipeline, at, numbers), Item::WorkloadSet),
    |pipeline, at, out| out.entry(|numbers| sets::<ConnectionLabels>(pipeline, at, numbers), Item::ConnectionSet),
    |pipeline, at, out| out.entry(|numbers| sets::<EnvoyLabels>(pipeline, at, numbers), Item::ClusterSet),
    |pipeline, at, out| out.entry(|numbers| connection(pipeline, at, numbers), Item::Connection),
    |pipeline, at, out| pipeline.connections.save_closed(at, |closed| out.writer.write(&Item::Closed(closed))),
    |pipeline, at, out| out.entry(|numbers| pipeline.resolver.save_pairs(at, numbers), Item::Pair),
    |pipeline, at, out| out.entry(|numbers| pipeline.resolver.save_pending(at, numbers), Item::Pending),
    |_, _, out| out.end(),
];

struct Out<'w, 'p> {
    writer: Writer<'w>,
    numbers: Numbers<'w, 'p>,
}

impl Pipeline {
    /// Appends about `bytes` bytes more of the state and returns whether there is more. The pipeline must not change between
    /// the first call with a cursor and the last: the parts refer to each other.
    pub fn save(&self, cursor: &mut SaveCursor, bytes: usize, out: &mut Vec<u8>) -> bool {
        let enough = out.len().saturating_add(bytes);
        let SaveCursor { numbered, items, part, at } = cursor;
        let mut out = Out { writer: Writer { out, items }, numbers: Numbers::new(numbered) };
        while let Some(write) = PARTS.get(*part) {
            match write(self, *at, &mut out) {
                Some(next) => *at = next,
                None => (*part, *at) = (*part + 1, 0),
            }
            if out.writer.out.len() >= enough {
                break;
            }
        }
        *part < PARTS.len()
    }
}

impl<'p> Out<'_, 'p> {
    /// Writes an entry, behind the shared values that are new with it, and returns the next position.
    fn entry<T>(
        &mut self,
        save: impl FnOnce(&mut Numbers<'_, 'p>) -> Option<(T, u64)>,
        item: impl FnOnce(T) -> Item<'p>,
    ) -> Option<u64> {
        let (entry, next) = save(&mut self.numbers)?;
        for value in self.numbers.new.drain(..) {
            self.writer.write(&Item::from(value));
        }
        self.writer.write(&item(entry));
        Some(next)
    }

    fn end(&mut self) -> Option<u64> {
        let (items, shared) = (*self.writer.items, Late(Some(self.numbers.counts())));
        self.writer.write(&Item::End(SavedEnd { items, shared }));
        None
    }
}

fn once<T>(at: u64, save: impl FnOnce() -> T) -> Option<(T, u64)> {
    (at == 0).then(|| (save(), 1))
}

fn head(pipeline: &Pipeline) -> SavedHead {
    let configured = (pipeline.resolver.configured(), pipeline.settings.clone());
    SavedHead::new(STATE_VERSION, pipeline.options.wall_clock_offset, configured, pipeline.resolver.last_key())
}

fn sets<'p, K: KnownLabels>(
    pipeline: &'p Pipeline,
    at: u64,
    numbers: &mut Numbers<'_, 'p>,
) -> Option<(SavedSetOf<'p, K>, u64)> {
    pipeline.store.save_set::<K>(at, numbers)
}

fn connection<'p>(
    pipeline: &'p Pipeline,
    at: u64,
    numbers: &mut Numbers<'_, 'p>,
) -> Option<(SavedConnection<SavedStage<'p>>, u64)> {
    let entry = pipeline.connections.at(at)?;
    Some((entry.save(entry.stage.save(numbers)), at + 1))
}
