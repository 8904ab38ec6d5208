//! Numbers of the values that many entries share, by where these are in memory: while a state is saved nothing moves.

use hashbrown::HashMap;

/// What was written so far.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(super) items: u64,
    pub(super) workloads: HashMap<usize, u32>,
    pub(super) services: HashMap<usize, u32>,
    pub(super) places: HashMap<usize, u32>,
    pub(super) pods: HashMap<usize, u32>,
    pub(super) telemetries: HashMap<usize, u32>,
    /// Reporter, both workloads, what was dialled and the service; 0 where there is none.
    pub(super) edges: HashMap<[usize; 5], u32>,
}

/// The next number of a kind, for what stands there.
pub(super) fn number<K: Eq + std::hash::Hash>(numbers: &mut HashMap<K, u32>, key: K) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "everything that can be named is bounded far below 2^32")]
    let next = numbers.len() as u32;
    numbers.insert(key, next);
    next
}
