//! Caches of lazy DFAs for the expressions that were matched last. Their number is bounded.

use regex_automata::hybrid::dfa::{Cache, DFA};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Size of one cache. The lazy DFA starts anew when it is full.
pub(super) const CACHE_BYTES: usize = 64 * 1024;
/// Expressions that have a cache at the same time.
const MAX_CACHES: usize = 64;

static CACHES: Mutex<Caches> = Mutex::new(Vec::new());

/// The last used one is at the end.
type Caches = Vec<(CacheKey, Box<Cache>)>;

/// Identifies an expression, because a cache is valid only for the DFA that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CacheKey(u64);

impl CacheKey {
    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Relaxed))
    }
}

/// Lends an expression its cache, or a new one if it was evicted. The lock is free meanwhile.
pub(super) fn with<T>(key: CacheKey, dfa: &DFA, search: impl FnOnce(&mut Cache) -> T) -> T {
    let own = {
        let mut caches = lock();
        let at = caches.iter().rposition(|(of, _)| *of == key);
        at.map(|at| caches.remove(at).1)
    };
    let mut cache = own.unwrap_or_else(|| Box::new(dfa.create_cache()));
    let outcome = search(&mut cache);
    let mut caches = lock();
    if caches.len() >= MAX_CACHES {
        // The least recently used one.
        caches.remove(0);
    }
    caches.push((key, cache));
    outcome
}

fn lock() -> MutexGuard<'static, Caches> {
    CACHES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(super) fn count() -> usize {
    lock().len()
}
