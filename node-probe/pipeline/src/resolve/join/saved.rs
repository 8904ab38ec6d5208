//! Pairs as state has them, so that an end whose record comes again finds the other.

use super::{Joins, Pair, Seen};
use crate::resolve::local::Locals;
use crate::state::{Flaw, Item, SavedPair, SavedSeen, Shared, Writer};

impl Joins {
    /// The pair at this place of the order, or the first one after it.
    pub(in crate::resolve) fn save(&self, at: u64, to: &mut Writer<'_>) -> Option<u64> {
        let (order, first) = (self.order.iter().enumerate(), usize::try_from(at).ok()?);
        let mut alive = order.skip(first).filter_map(|(at, (sequence, number, _))| {
            let pair = self.pairs.get(sequence).filter(|pair| pair.number == *number)?;
            Some((at, *sequence, pair))
        });
        let (at, sequence, pair) = alive.next()?;
        let mut save = |seen: &Option<Box<Seen>>| seen.as_ref().map(|seen| seen.save(to));
        let (client, server) = (save(&pair.client), save(&pair.server));
        to.write(&Item::Pair(SavedPair { sequence, client, server }));
        Some(at as u64 + 1)
    }

    pub(in crate::resolve) fn restore(
        &mut self,
        saved: SavedPair,
        locals: &Locals,
        shared: &Shared,
    ) -> Result<(), Flaw> {
        let SavedPair { sequence, client, server } = saved;
        let restore = |seen: SavedSeen| Seen::restore(seen, locals, shared).map(Box::new);
        if self.pairs.contains_key(&sequence) {
            return Err(Flaw::Twice("pair"));
        }
        let (client, server) = (client.map(restore).transpose()?, server.map(restore).transpose()?);
        self.make_room();
        self.next += 1;
        self.pairs.insert(sequence, Pair { client, server, number: self.next });
        self.order.push_back((sequence, self.next, 0));
        Ok(())
    }
}

impl Seen {
    fn save(&self, to: &mut Writer<'_>) -> SavedSeen {
        let Self { id, key, netns, local, remote, standing, done } = self;
        let standing = standing.as_ref().map(|standing| standing.save(to));
        SavedSeen { id: *id, key: *key, netns: *netns, local: *local, remote: *remote, standing, done: *done }
    }

    fn restore(saved: SavedSeen, locals: &Locals, shared: &Shared) -> Result<Self, Flaw> {
        let SavedSeen { id, key, netns, local, remote, standing, done } = saved;
        let standing = standing.map(|standing| locals.restore_standing(standing, shared)).transpose()?;
        Ok(Self { id, key, netns, local, remote, standing, done })
    }
}
