//! What found the ring full and waits in hashes instead: read after the ring, deleted once it is known to be safe.

use super::KernelError;
use super::controls::Controls;
use super::sys::Grace;
use aya::Pod;
use aya::maps::{HashMap, Map, MapData, MapError};
use longwire_pipeline::record::{Folded, FoldedKey, RawRecord};
use std::collections::HashSet;
use std::io;
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
    grace: Grace,
}

impl Fallback {
    pub(super) fn new(closes: Map, folded: Map) -> Result<Self, KernelError> {
        Ok(Self {
            closes: HashMap::try_from(closes).map_err(|source| KernelError::Map { name: "closes", source })?,
            folded: HashMap::try_from(folded).map_err(|source| KernelError::Map { name: "folded", source })?,
            applied: 0,
            told: HashSet::new(),
            told_folded: Vec::new(),
            grace: Grace::new().map_err(|source| KernelError::Io { what: "making a map of maps", source })?,
        })
    }

    pub(super) fn applied(&self) -> u32 {
        self.applied
    }

    /// A predecessor read entries up to this epoch.
    pub(super) fn resume(&mut self, applied: u32) {
        self.applied = applied;
    }

    /// Programs that have begun before have ended.
    pub(super) fn wait_for_programs(&self) -> io::Result<()> {
        self.grace.wait()
    }

    /// Hands on what it has not yet. A CPU may be adding to entries of the current epoch: they are left, and a new one
    /// begins, so that they stand still until the next time.
    pub(super) fn read(
        &mut self,
        controls: &Controls,
        mut close: impl FnMut(&[u8]),
        mut fold: impl FnMut(&FoldedKey, &Folded),
    ) {
        for (id, record) in values(&self.closes, keys(&self.closes)) {
            if self.told.insert(id) {
                close(&record);
            }
        }
        let current = controls.epoch.load(Ordering::Relaxed);
        let mut is_used = false;
        let keys = keys(&self.folded);
        let epochs = || keys.iter().filter_map(|key| Some(FoldedKey::read_from_bytes(key).ok()?.epoch));
        // A program that is preempted may have read an epoch that is over, and add to it when it goes on.
        if epochs().any(|epoch| epoch > self.applied && epoch < current) {
            // The map was made for this: there is no memory to be out of.
            let _ = self.grace.wait();
        }
        for (bytes, sums) in values(&self.folded, keys) {
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

fn keys<K: Pod, V: Pod>(map: &HashMap<MapData, K, V>) -> Vec<K> {
    map.keys().filter_map(Result::<K, MapError>::ok).collect()
}

/// Keys first: an entry that is added meanwhile may come with them or the next time.
fn values<K: Pod, V: Pod>(map: &HashMap<MapData, K, V>, keys: Vec<K>) -> impl Iterator<Item = (K, V)> {
    keys.into_iter().filter_map(move |key| Some((key, map.get(&key, 0).ok()?)))
}
