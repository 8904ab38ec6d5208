//! Turns for requests to the API server about tokens: bounded in number, rate and queue, and split in two shares, so that
//! unknown tokens do not displace those with a known signature or address.

use super::rates::Rates;
use crate::cluster::bucket::{Bucket, Rate};
use parking_lot::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;
use tokio::sync::{Semaphore, SemaphorePermit};

#[cfg(test)]
mod tests;

#[derive(Clone, Copy, Debug)]
struct Limits {
    at_a_time: usize,
    waiting: usize,
    rate: Rate,
}

/// For tokens that the API server has signed, and those that come from the address of their pod's node.
const RESERVED: Limits = Limits { at_a_time: 24, waiting: 512, rate: Rate { per_second: 300, burst: 600 } };
const COMMON: Limits = Limits { at_a_time: 8, waiting: 32, rate: Rate { per_second: 20, burst: 40 } };
/// What one name has of the reserved share.
const OF_NAME: Rate = Rate { per_second: 1, burst: 8 };

#[derive(Debug)]
pub(super) struct Turns {
    reserved: Share,
    common: Share,
    names: Rates,
}

#[derive(Debug)]
struct Share {
    turns: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
    bucket: Mutex<Bucket>,
}

/// Too many requests wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

struct Waiting<'a>(&'a AtomicUsize);

impl Turns {
    pub(super) fn new(now: Instant) -> Self {
        Self { reserved: Share::new(RESERVED, now), common: Share::new(COMMON, now), names: Rates::new(OF_NAME) }
    }

    /// `name`: of the pod or user that the token is good for, if it has a known signature or address.
    pub(super) async fn take(&self, name: Option<&str>, now: Instant) -> Result<SemaphorePermit<'_>, Busy> {
        if name.is_some_and(|name| self.names.take(name, now))
            && let Ok(turn) = self.reserved.take(now).await
        {
            return Ok(turn);
        }
        self.common.take(now).await
    }
}

impl Share {
    fn new(limits: Limits, now: Instant) -> Self {
        let Limits { at_a_time, waiting, rate } = limits;
        let bucket = Mutex::new(Bucket::new(rate, now));
        Self { turns: Semaphore::new(at_a_time), waiting: AtomicUsize::new(0), most_waiting: waiting, bucket }
    }

    async fn take(&self, now: Instant) -> Result<SemaphorePermit<'_>, Busy> {
        if let Ok(turn) = self.turns.try_acquire() {
            return if self.bucket.lock().take(now) { Ok(turn) } else { Err(Busy) };
        }
        let place = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Relaxed) >= self.most_waiting || !self.bucket.lock().take(now) {
            return Err(Busy);
        }
        let turn = self.turns.acquire().await;
        drop(place);
        turn.map_err(|_| Busy)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
