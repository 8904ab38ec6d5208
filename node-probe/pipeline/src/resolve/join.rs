//! Joins both ends of a connection on this machine by their sequence numbers, through any translation of addresses.

mod saved;
#[cfg(test)]
mod tests;

pub(crate) use saved::SavedPair;

use super::end::End;
use super::local::SocketOwner;
use crate::connection::Passes;
use crate::observation::Sequence;
use crate::record::Role;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Most pairs that are remembered: as many as a table of 65,536 slots takes. Most pairs are single ends whose peer is on another
/// machine.
const MAX_PAIRS: usize = 57_344;

/// One end of a pair, as the other end sees it.
#[derive(Clone, Debug)]
pub(crate) struct PairEnd {
    id: u64,
    /// Of the pending connection.
    key: u64,
    pub(crate) netns: u32,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// `None`: not settled yet.
    pub(crate) owner: Option<SocketOwner>,
    done: bool,
}

#[derive(Debug)]
struct Pair {
    client: Option<Box<PairEnd>>,
    server: Option<Box<PairEnd>>,
    /// Differs from that of an earlier pair with the same sequence numbers.
    number: u64,
}

#[derive(Debug)]
pub(crate) struct Joins {
    pairs: HashMap<Sequence, Pair>,
    /// Sequence numbers, number, and complete passes when it was first seen, the oldest first. Some pairs are gone already.
    order: VecDeque<(Sequence, u64, u32)>,
    next: u64,
    limit: usize,
    /// Pairs that were forgotten because there were too many.
    pub(super) evicted: u64,
}

impl Pair {
    fn end_mut(&mut self, role: Role) -> &mut Option<Box<PairEnd>> {
        match role {
            Role::Active => &mut self.client,
            Role::Passive => &mut self.server,
        }
    }

    fn other(&self, role: Role) -> Option<&PairEnd> {
        match role {
            Role::Active => self.server.as_deref(),
            Role::Passive => self.client.as_deref(),
        }
    }
}

impl Joins {
    pub(super) fn new() -> Self {
        Self::bounded(MAX_PAIRS)
    }

    fn bounded(limit: usize) -> Self {
        Self { pairs: HashMap::new(), order: VecDeque::new(), next: 0, limit, evicted: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// An end is seen for the first time. Returns the key of the other end, if that is here.
    pub(super) fn register(&mut self, end: &End, key: u64, passes: Passes) -> Option<u64> {
        let sequence = end.sequence?;
        if !self.pairs.contains_key(&sequence) {
            self.make_room();
            self.next += 1;
            self.order.push_back((sequence, self.next, passes.completions()));
        }
        let fresh = Pair { client: None, server: None, number: self.next };
        let pair = self.pairs.entry(sequence).or_insert(fresh);
        let seen = PairEnd {
            id: end.id,
            key,
            netns: end.netns,
            local: end.local,
            remote: end.remote,
            owner: None,
            done: false,
        };
        *pair.end_mut(end.role) = Some(Box::new(seen));
        pair.other(end.role).map(|other| other.key)
    }

    /// The owner of this end is known. Returns the key of the other end.
    pub(super) fn settle(&mut self, end: &End, owner: &SocketOwner) -> Option<u64> {
        let pair = self.pairs.get_mut(&end.sequence?)?;
        let seen = pair.end_mut(end.role).as_mut().filter(|seen| seen.id == end.id)?;
        seen.owner = Some(owner.clone());
        pair.other(end.role).map(|other| other.key)
    }

    pub(super) fn counterpart(&self, end: &End) -> Option<&PairEnd> {
        self.pairs.get(&end.sequence?)?.other(end.role)
    }

    /// This end is resolved. Once both are, the pair is forgotten.
    pub(super) fn finish(&mut self, end: &End) {
        let Some(sequence) = end.sequence else { return };
        let Some(pair) = self.pairs.get_mut(&sequence) else { return };
        if let Some(seen) = pair.end_mut(end.role).as_mut().filter(|seen| seen.id == end.id) {
            seen.done = true;
        }
        let is_done = |seen: &Option<Box<PairEnd>>| seen.as_ref().is_some_and(|seen| seen.done);
        if is_done(&pair.client) && is_done(&pair.server) {
            self.pairs.remove(&sequence);
        }
    }

    /// Two complete passes have seen every live socket: where one end is still single, the other is not on this machine. A pair of two
    /// ends stays until both are resolved.
    pub(super) fn end_pass(&mut self, passes: Passes) {
        while self.order.front().is_some_and(|(_, _, seen)| passes.completions() >= seen + 2) {
            let Some((sequence, number, _)) = self.order.pop_front() else { return };
            match self.pairs.get(&sequence).filter(|pair| pair.number == number) {
                Some(Pair { client: Some(_), server: Some(_), .. }) => {
                    self.order.push_back((sequence, number, passes.completions()));
                }
                Some(_) => {
                    self.pairs.remove(&sequence);
                }
                None => {}
            }
        }
    }

    fn make_room(&mut self) {
        // The order still has pairs that are gone, and must stay bounded too.
        while self.pairs.len() >= self.limit || self.order.len() >= 2 * self.limit {
            self.evicted += u64::from(self.drop_oldest());
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some((sequence, number, _)) = self.order.pop_front() else { return false };
        let is_it = self.pairs.get(&sequence).is_some_and(|pair| pair.number == number);
        if is_it {
            self.pairs.remove(&sequence);
        }
        is_it
    }
}
