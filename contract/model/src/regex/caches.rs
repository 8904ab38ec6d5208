//! Working memory of lazy DFAs, for the expressions that were matched last: however many there are, it is bounded.

use regex_automata::hybrid::dfa::{Cache, DFA};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of one expression; the lazy DFA begins again when it has filled it.
pub(super) const CACHE_BYTES: usize = 64 * 1024;
/// Expressions that have one at a time.
const MAX_CACHES: usize = 64;

static CACHES: Mutex<Caches> = Mutex::new(Vec::new());

/// Those that were used last stand at the end.
type Caches = Vec<(CacheKey, Box<Cache>)>;

/// Tells expressions apart: a cache is of use to the DFA that made it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CacheKey(u64);

impl CacheKey {
    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Relaxed))
    }
}

/// Lends the cache of an expression, a new one if it has lost its own. Others are not kept waiting meanwhile.
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
        // The one that has not been used for the longest time.
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
