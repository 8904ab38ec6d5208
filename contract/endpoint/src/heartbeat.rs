//! Whether the loops of a process keep turning, as Envoy's watchdog and the statistics of its event loop measure it. No
//! thread watches: a loop itself says when it works and when it waits, and a reader sees a turn that still lasts.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, HistogramVec};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// A loop that works for this long without a beat, or wakes so late, has missed one.
pub const MISS: Duration = Duration::from_millis(200);
/// And this is a mega miss, too.
pub const MEGA_MISS: Duration = Duration::from_secs(1);
/// Upper bounds of the histograms' buckets, seconds.
const BUCKETS: [f64; 5] = [0.001, 0.01, 0.05, 0.2, 1.0];

/// One loop. Only the loop itself writes.
#[derive(Debug)]
pub struct Heartbeat {
    epoch: Instant,
    /// Nanoseconds since `epoch`: when it last woke, beat or began to wait; 0: it has not begun.
    last: AtomicU64,
    /// When the current turn began; 0: it waits.
    began: AtomicU64,
    misses: AtomicU64,
    mega_misses: AtomicU64,
    /// The most of each that was read: a counter must not fall between the end of a turn and its count.
    read: [AtomicU64; 2],
    duration: Histogram,
    delay: Histogram,
}

/// The loops of a process, by name.
#[derive(Debug)]
pub struct Heartbeats {
    durations: HistogramVec,
    delays: HistogramVec,
    loops: Vec<(&'static str, Arc<Heartbeat>)>,
}

/// How often a loop has missed a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misses {
    pub all: u64,
    pub mega: u64,
}

impl Heartbeat {
    /// A turn begins. `late`: how long after it was due, if a clock woke it.
    pub fn wakes(&self, late: Option<Duration>) {
        let now = self.now();
        if let Some(late) = late {
            self.delay.observe(late.as_secs_f64());
            self.count(late);
        }
        // In this order, so that no reader takes the wait before it for a part of the turn.
        self.last.store(now, Relaxed);
        self.began.store(now, Release);
    }

    /// A turn of many steps goes on.
    pub fn beats(&self) {
        if self.began.load(Relaxed) != 0 {
            let now = self.now();
            self.count(since(self.last.swap(now, Relaxed), now));
        }
    }

    /// The turn is over.
    pub fn waits(&self) {
        let now = self.now();
        let last = self.last.swap(now, Relaxed);
        let began = self.began.swap(0, Relaxed);
        if began != 0 {
            self.count(since(last, now));
            self.duration.observe(since(began, now).as_secs_f64());
        }
    }

    /// Time since it last gave a sign of life. `None`: it has not begun.
    #[must_use]
    pub fn silence(&self) -> Option<Duration> {
        let last = self.last.load(Relaxed);
        (last != 0).then(|| since(last, self.now()))
    }

    /// With a turn that still lasts.
    #[must_use]
    pub fn misses(&self) -> Misses {
        let (all, mega) = (self.misses.load(Relaxed), self.mega_misses.load(Relaxed));
        let turn = if self.began.load(Acquire) == 0 { None } else { self.silence() };
        let with = |count: u64, limit| count + u64::from(turn.is_some_and(|turn| turn >= limit));
        let [most, most_mega] = &self.read;
        let rise = |most: &AtomicU64, now: u64| most.fetch_max(now, Relaxed).max(now);
        Misses { all: rise(most, with(all, MISS)), mega: rise(most_mega, with(mega, MEGA_MISS)) }
    }

    fn count(&self, gap: Duration) {
        self.misses.fetch_add((gap >= MISS).into(), Relaxed);
        self.mega_misses.fetch_add((gap >= MEGA_MISS).into(), Relaxed);
    }

    /// Never 0.
    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }
}

impl Heartbeats {
    /// `duration` and `delay`: names of the histograms with what they mean.
    ///
    /// # Panics
    /// A name is not one of Prometheus'.
    #[must_use]
    pub fn new(duration: (&str, &str), delay: (&str, &str), loops: &[&'static str]) -> Self {
        let histogram = |(name, help): (&str, &str)| {
            let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
            HistogramVec::new(options, &["loop"]).expect("a name of the model's table")
        };
        let (durations, delays) = (histogram(duration), histogram(delay));
        let heartbeat = |name: &&'static str| {
            let heartbeat = Heartbeat {
                epoch: Instant::now(),
                last: AtomicU64::new(0),
                began: AtomicU64::new(0),
                misses: AtomicU64::new(0),
                mega_misses: AtomicU64::new(0),
                read: Default::default(),
                duration: durations.with_label_values(&[*name]),
                delay: delays.with_label_values(&[*name]),
            };
            (*name, Arc::new(heartbeat))
        };
        let loops = loops.iter().map(heartbeat).collect();
        Self { durations, delays, loops }
    }

    /// # Panics
    /// There is no such loop.
    #[must_use]
    pub fn of(&self, name: &str) -> &Arc<Heartbeat> {
        let found = self.loops.iter().find(|(other, _)| *other == name);
        found.map(|(_, heartbeat)| heartbeat).expect("one of the names that it was made with")
    }

    pub fn misses(&self) -> impl Iterator<Item = (&'static str, Misses)> {
        self.loops.iter().map(|(name, heartbeat)| (*name, heartbeat.misses()))
    }

    /// Both histograms.
    #[must_use]
    pub fn families(&self) -> Vec<MetricFamily> {
        [self.delays.collect(), self.durations.collect()].concat()
    }
}

fn since(then: u64, now: u64) -> Duration {
    Duration::from_nanos(now.saturating_sub(then))
}
