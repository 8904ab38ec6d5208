//! Counters of refused and closed connections and requests, by reason.

use crate::readers::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection was closed or a scrape refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The request's head was not complete in time.
    Head,
    /// No request came for too long.
    Idle,
    /// The client read nothing of its answer for too long.
    Stalled,
    /// The answer took too long in total.
    Answer,
    /// The client read slowly while other scrapes waited for a turn.
    Slow,
    /// It had no request in flight, and its place was needed for another one.
    Replaced,
    /// All places were taken by connections with a request in flight.
    Full,
    /// HTTP/2.
    Http2,
    /// A request that is not HTTP/1, or whose head is too large.
    Malformed,
    /// Too many scrapes wait for a turn.
    Busy,
}

impl Reason {
    pub const ALL: [Self; 10] = [
        Self::Head,
        Self::Idle,
        Self::Stalled,
        Self::Answer,
        Self::Slow,
        Self::Replaced,
        Self::Full,
        Self::Http2,
        Self::Malformed,
        Self::Busy,
    ];

    /// The value of the label `reason`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "header_timeout",
            Self::Idle => "idle_timeout",
            Self::Stalled => "write_timeout",
            Self::Answer => "response_timeout",
            Self::Slow => "slow_reader",
            Self::Replaced => "replaced",
            Self::Full => "too_many_connections",
            Self::Http2 => "http2",
            Self::Malformed => "malformed",
            Self::Busy => "too_many_scrapes",
        }
    }
}

/// Cumulative counters of one listener.
#[derive(Debug, Default)]
pub struct Counts {
    refused: [AtomicU64; Reason::ALL.len()],
    out_of_descriptors: AtomicU64,
    readers: [AtomicU64; Outcome::ALL.len()],
}

impl Counts {
    pub(crate) fn refused(&self, reason: Reason) {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn out_of_descriptors(&self) {
        self.out_of_descriptors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reader(&self, outcome: Outcome) {
        self.readers[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests for a restricted page: label value and count of each outcome.
    #[must_use]
    pub fn readers(&self) -> [(&'static str, u64); Outcome::ALL.len()] {
        Outcome::ALL.map(|outcome| (outcome.name(), self.readers[outcome as usize].load(Ordering::Relaxed)))
    }

    /// Label value and count of each reason.
    #[must_use]
    pub fn read(&self) -> [(&'static str, u64); Reason::ALL.len()] {
        Reason::ALL.map(|reason| (reason.name(), self.refused[reason as usize].load(Ordering::Relaxed)))
    }

    /// Accepts that failed because no file descriptor was left.
    #[must_use]
    pub fn accepts_without_descriptor(&self) -> u64 {
        self.out_of_descriptors.load(Ordering::Relaxed)
    }
}
