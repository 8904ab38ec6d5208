//! A rate for each of many, such as nodes.

use crate::cluster::bucket::{Bucket, Rate};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Instant;

/// Names whose rate is known.
const MAX: usize = 16_384;

#[derive(Debug)]
pub(super) struct Rates {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl Rates {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one of this name's, if there is one. Of a name for which there is no room there is none.
    pub(super) fn take(&self, name: &str, now: Instant) -> bool {
        let mut buckets = self.buckets.lock();
        if buckets.len() >= MAX {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        if buckets.len() >= MAX && !buckets.contains_key(name) {
            return false;
        }
        buckets.entry(name.to_owned()).or_insert_with(|| Bucket::new(self.rate, now)).take(now)
    }
}
