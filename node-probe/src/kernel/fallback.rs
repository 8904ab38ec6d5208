//! What found the ring full and waits in hashes instead: read after the ring, deleted once it is known to be safe.

use super::KernelError;
use super::controls::Controls;
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
    /// Entries of this epoch and of earlier ones were read.
    applied: u32,
    /// Read, and not yet deleted.
    told: HashSet<u64>,
    told_folded: Vec<[u8; KEY]>,
}

impl Fallback {
    pub(super) fn new(closes: Map, folded: Map) -> Result<Self, KernelError> {
        Ok(Self {
            closes: HashMap::try_from(closes).map_err(|source| KernelError::Map { name: "closes", source })?,
            folded: HashMap::try_from(folded).map_err(|source| KernelError::Map { name: "folded", source })?,
            applied: 0,
            told: HashSet::new(),
            told_folded: Vec::new(),
        })
    }

    pub(super) fn applied(&self) -> u32 {
        self.applied
    }

    /// A predecessor read entries up to this epoch.
    pub(super) fn resume(&mut self, applied: u32) {
        self.applied = applied;
    }

    /// Hands on what it has not yet. A CPU may be adding to entries of the current epoch: they are left, and a new one
    /// begins, so that they stand still until the next time.
    pub(super) fn read(
        &mut self,
        controls: &Controls,
        mut close: impl FnMut(&[u8]),
        mut fold: impl FnMut(&FoldedKey, &Folded),
    ) {
        for (id, record) in entries(&self.closes) {
            if self.told.insert(id) {
                close(&record);
            }
        }
        let current = controls.epoch.load(Ordering::Relaxed);
        let mut is_used = false;
        for (bytes, sums) in entries(&self.folded) {
            let (Ok(key), Ok(sums)) = (FoldedKey::read_from_bytes(&bytes), Folded::read_from_bytes(&sums)) else {
                continue;
            };
            is_used |= key.epoch == current;
            if key.epoch >= current {
                continue;
            }
            if key.epoch > self.applied {
                fold(&key, &sums);
            }
            self.told_folded.push(bytes);
        }
        self.applied = current - 1;
        if is_used {
            controls.epoch.store(current + 1, Ordering::Relaxed);
        }
    }

    /// What was read need not be had again. An entry that cannot be deleted is one that is not there.
    pub(super) fn release(&mut self) {
        for id in self.told.drain() {
            let _ = self.closes.remove(&id);
        }
        for key in self.told_folded.drain(..) {
            let _ = self.folded.remove(&key);
        }
    }
}

/// Keys first: an entry that is added meanwhile may come with them or the next time.
fn entries<K: Pod, V: Pod>(map: &HashMap<MapData, K, V>) -> impl Iterator<Item = (K, V)> {
    let keys: Vec<K> = map.keys().filter_map(Result::<K, MapError>::ok).collect();
    keys.into_iter().filter_map(move |key| Some((key, map.get(&key, 0).ok()?)))
}
