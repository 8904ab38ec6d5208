//! Hash maps that take records while the ring is full. They are read after the ring, and deleted once a state with them
//! is saved.

use super::KernelError;
use super::controls::Controls;
use super::sys::Grace;
use aya::Pod;
use aya::maps::{HashMap, Map, MapData, MapError};
use longwire_pipeline::record::{Folded, FoldedKey, RawRecord};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use zerocopy::FromBytes;

const RECORD: usize = size_of::<RawRecord>();
const KEY: usize = size_of::<FoldedKey>();
const SUMS: usize = size_of::<Folded>();

pub(super) struct Fallback {
    closes: HashMap<MapData, u64, [u8; RECORD]>,
    folded: HashMap<MapData, [u8; KEY], [u8; SUMS]>,
    /// Entries up to this epoch were handed on.
    applied: u32,
    /// Handed on, not yet deleted.
    read_closes: HashSet<u64>,
    grace: Grace,
}

impl Fallback {
    pub(super) fn new(closes: Map, folded: Map) -> Result<Self, KernelError> {
        Ok(Self {
            closes: HashMap::try_from(closes).map_err(|source| KernelError::Map { name: "closes", source })?,
            folded: HashMap::try_from(folded).map_err(|source| KernelError::Map { name: "folded", source })?,
            applied: 0,
            read_closes: HashSet::new(),
            grace: Grace::new().map_err(|source| KernelError::Io { what: "making a map of maps", source })?,
        })
    }

    pub(super) fn applied(&self) -> u32 {
        self.applied
    }

    /// A predecessor handed on entries up to this epoch.
    pub(super) fn resume(&mut self, applied: u32) {
        self.applied = applied;
    }

    /// Hands on new entries. CPUs may still add to entries of the current epoch: these stay until the next call, and a
    /// new epoch begins so that they do not change any more.
    pub(super) fn read(
        &mut self,
        controls: &Controls,
        mut close: impl FnMut(&[u8]),
        mut fold: impl FnMut(&FoldedKey, &Folded),
    ) {
        for (id, record) in values(&self.closes, keys(&self.closes)) {
            if self.read_closes.insert(id) {
                close(&record);
            }
        }
        let current = controls.epoch.load(Ordering::Relaxed);
        // A preempted program may have read an earlier epoch, and adds to it when it continues. Until it has ended, no
        // entry may be taken for the last of its epoch.
        if self.epochs().any(|epoch| epoch > self.applied && epoch < current) && self.grace.wait().is_ok() {
            for (bytes, sums) in values(&self.folded, keys(&self.folded)) {
                let (Ok(key), Ok(sums)) = (FoldedKey::read_from_bytes(&bytes), Folded::read_from_bytes(&sums)) else {
                    continue;
                };
                if key.epoch > self.applied && key.epoch < current {
                    fold(&key, &sums);
                }
            }
            self.applied = current - 1;
        }
        if self.epochs().any(|epoch| epoch == current) {
            controls.epoch.store(current + 1, Ordering::Relaxed);
        }
    }

    /// Epochs of the entries that are there.
    fn epochs(&self) -> impl Iterator<Item = u32> {
        self.folded.keys().flatten().filter_map(|key| Some(FoldedKey::read_from_bytes(&key).ok()?.epoch))
    }

    /// Deletes what was handed on. An entry that cannot be deleted is gone already.
    pub(super) fn release(&mut self) {
        for id in self.read_closes.drain() {
            let _ = self.closes.remove(&id);
        }
        let applied = |key: &[u8; KEY]| FoldedKey::read_from_bytes(key).is_ok_and(|key| key.epoch <= self.applied);
        for key in keys(&self.folded).iter().filter(|key| applied(key)) {
            let _ = self.folded.remove(key);
        }
    }
}

fn keys<K: Pod, V: Pod>(map: &HashMap<MapData, K, V>) -> Vec<K> {
    map.keys().filter_map(Result::<K, MapError>::ok).collect()
}

/// Keys first: an entry that is added meanwhile comes now or in the next call.
fn values<K: Pod, V: Pod>(map: &HashMap<MapData, K, V>, keys: Vec<K>) -> impl Iterator<Item = (K, V)> {
    keys.into_iter().filter_map(move |key| Some((key, map.get(&key, 0).ok()?)))
}
