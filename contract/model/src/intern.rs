//! Shares equal values within the process, by their text, while they are in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

#[cfg(test)]
mod tests;

/// Least number of entries before unused ones are searched.
const MIN_SWEEP: usize = 1024;

/// Holds weak references. The number of unused entries is bounded by that of used ones.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    known: Mutex<Known<T>>,
}

#[derive(Debug)]
struct Known<T> {
    values: HashMap<Box<str>, Weak<T>>,
    /// Number of entries at which unused ones are removed.
    sweep_at: usize,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { known: Mutex::new(Known { values: HashMap::new(), sweep_at: MIN_SWEEP }) }
    }
}

impl<T> Interner<T> {
    /// The shared value of this text. A new one is made outside the lock.
    pub(crate) fn get_or_make<E>(&self, text: &str, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(value) = self.find(text) {
            return Ok(value);
        }
        let made = Arc::new(make()?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have inserted it.
        if let Some(value) = known.values.get(text).and_then(Weak::upgrade) {
            return Ok(value);
        }
        known.sweep();
        known.values.insert(text.into(), Arc::downgrade(&made));
        Ok(made)
    }

    fn find(&self, text: &str) -> Option<Arc<T>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values.get(text)?.upgrade()
    }
}

impl<T> Known<T> {
    fn sweep(&mut self) {
        if self.values.len() < self.sweep_at {
            return;
        }
        self.values.retain(|_, value| value.strong_count() > 0);
        self.values.shrink_to(MIN_SWEEP);
        self.sweep_at = MIN_SWEEP.max(2 * self.values.len());
    }
}
