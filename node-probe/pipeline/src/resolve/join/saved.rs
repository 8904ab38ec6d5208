//! The saved form of pairs, so that an end whose record comes again finds the other end.

use super::{Joins, Pair, PairEnd};
use crate::observation::Sequence;
use crate::resolve::local::{Locals, SavedSocketOwner};
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedPair {
    sequence: Sequence,
    client: Option<SavedPairEnd>,
    server: Option<SavedPairEnd>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SavedPairEnd {
    id: u64,
    key: u64,
    netns: u32,
    local: SocketAddr,
    remote: SocketAddr,
    owner: Option<SavedSocketOwner>,
    done: bool,
}

impl Joins {
    /// The pair at this place of the order, or the first one after it, and the next place.
    pub(in crate::resolve) fn save<'v>(&'v self, at: u64, numbers: &mut Numbers<'_, 'v>) -> Option<(SavedPair, u64)> {
        let (order, first) = (self.order.iter().enumerate(), usize::try_from(at).ok()?);
        let mut alive = order.skip(first).filter_map(|(at, (sequence, number, _))| {
            let pair = self.pairs.get(sequence).filter(|pair| pair.number == *number)?;
            Some((at, *sequence, pair))
        });
        let (at, sequence, pair) = alive.next()?;
        let client = pair.client.as_ref().map(|seen| seen.save(numbers));
        let server = pair.server.as_ref().map(|seen| seen.save(numbers));
        Some((SavedPair { sequence, client, server }, at as u64 + 1))
    }

    pub(in crate::resolve) fn restore(
        &mut self,
        saved: SavedPair,
        locals: &Locals,
        shared: &Shared,
    ) -> Result<(), Flaw> {
        let SavedPair { sequence, client, server } = saved;
        let restore = |seen: SavedPairEnd| PairEnd::restore(seen, locals, shared).map(Box::new);
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

impl PairEnd {
    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> SavedPairEnd {
        let Self { id, key, netns, local, remote, owner, done } = self;
        let owner = owner.as_ref().map(|owner| owner.save(numbers));
        SavedPairEnd { id: *id, key: *key, netns: *netns, local: *local, remote: *remote, owner, done: *done }
    }

    fn restore(saved: SavedPairEnd, locals: &Locals, shared: &Shared) -> Result<Self, Flaw> {
        let SavedPairEnd { id, key, netns, local, remote, owner, done } = saved;
        let owner = owner.map(|owner| locals.restore_socket_owner(owner, shared)).transpose()?;
        Ok(Self { id, key, netns, local, remote, owner, done })
    }
}
