//! Both ends of a connection on this machine find each other by their sequence numbers, whatever translation lies between.

mod saved;
#[cfg(test)]
mod tests;

pub(crate) use saved::SavedPair;

use super::end::{End, Sequence};
use super::local::SocketOwner;
use crate::connection::Passes;
use crate::record::Role;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Pairs that are remembered; most are single ends whose peer is on another machine. The most that a table of 65,536 slots
/// takes.
const MOST: usize = 57_344;

/// One end of a pair, for the other to look at.
#[derive(Clone, Debug)]
pub(crate) struct PairEnd {
    id: u64,
    /// The pending into this end.
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
    /// Tells it from an earlier pair of this name.
    number: u64,
}

#[derive(Debug)]
pub(crate) struct Joins {
    pairs: HashMap<Sequence, Pair>,
    /// Name, number and complete passes at the first sight, the oldest first. Some are gone already.
    order: VecDeque<(Sequence, u64, u32)>,
    next: u64,
    limit: usize,
    /// Pairs that others had to make room for.
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
        Self::bounded(MOST)
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

    /// This end needs the other no more. Once both are done, nobody does.
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

    /// After two complete passes everybody who is alive has been looked at: the other end is not on this machine. A pair
    /// stays until both its ends are done, and each comes to that.
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
        // What is gone from the pairs still stands in the order, which must not grow for it.
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
