//! What the traffic's own programs have counted of each edge, with its history: what series, graphs and queries must say.

use crate::edge::Truth;
use parking_lot::Mutex;
use std::iter;
use std::ops::Add;
use std::time::{Duration, SystemTime};

/// Cumulative, except `open`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub truth: Truth,
    pub failed: u64,
    /// Retransmitted payload bytes of the reporting ends, from the kernel's TCP_INFO.
    pub again: u64,
    /// The same in segments.
    pub segments_again: ByEnd,
    /// Long-lived connections that are open.
    pub open: u64,
}

/// Counters of the client and of the server, if they report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ByEnd {
    pub client: u64,
    pub server: u64,
}

/// The least and the greatest duration that the programs measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub most: f64,
}

/// Counters of one edge.
#[derive(Clone, Debug)]
pub struct Book<E> {
    pub edge: E,
    /// Seconds since 1970, and the counters at that time.
    entries: Vec<(f64, Counts)>,
    times: [Option<Spread>; 3],
}

/// Durations of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Time {
    RoundTrip,
    Handshake,
    Lifetime,
}

/// The books of all edges, each identified by an `E`.
#[derive(Debug)]
pub struct Ledger<E> {
    books: Mutex<Vec<Book<E>>>,
}

impl<E> Default for Ledger<E> {
    fn default() -> Self {
        Self { books: Mutex::default() }
    }
}

impl<E: Clone + PartialEq> Ledger<E> {
    pub fn add(&self, edge: &E, more: Counts, times: &[(Time, Duration)]) {
        self.enter(edge, times, |before| before + more);
    }

    /// Sets an edge's counters to these totals.
    pub fn reach(&self, edge: &E, total: Counts, times: &[(Time, Duration)]) {
        self.enter(edge, times, |_| total);
    }

    /// The first entry creates the edge.
    fn enter(&self, edge: &E, times: &[(Time, Duration)], total: impl Fn(Counts) -> Counts) {
        let mut books = self.books.lock();
        let at = books.iter().position(|book| book.edge == *edge).unwrap_or_else(|| {
            books.push(Book { edge: edge.clone(), entries: Vec::new(), times: [None; 3] });
            books.len() - 1
        });
        let book = &mut books[at];
        book.entries.push((now(), total(book.total())));
        for (time, measured) in times {
            let (spread, measured) = (&mut book.times[*time as usize], measured.as_secs_f64());
            let Spread { least, most } = spread.unwrap_or(Spread { least: measured, most: measured });
            *spread = Some(Spread { least: least.min(measured), most: most.max(measured) });
        }
    }

    pub fn books(&self) -> Vec<Book<E>> {
        self.books.lock().clone()
    }
}

impl<E> Book<E> {
    pub fn total(&self) -> Counts {
        self.entries.last().map(|(_, total)| *total).unwrap_or_default()
    }

    pub fn at(&self, moment: f64) -> Counts {
        let before = self.entries.partition_point(|(time, _)| *time <= moment);
        before.checked_sub(1).map_or_else(Counts::default, |last| self.entries[last].1)
    }

    /// The greatest increase of one entry.
    pub fn largest(&self, of: impl Fn(Counts) -> f64) -> f64 {
        let totals = self.entries.iter().map(|(_, counts)| of(*counts));
        let before = iter::once(0.0).chain(totals.clone());
        totals.zip(before).map(|(total, before)| total - before).fold(0.0, f64::max)
    }

    pub fn spread(&self, of: Time) -> Option<Spread> {
        self.times[of as usize]
    }
}

impl From<Truth> for Counts {
    fn from(truth: Truth) -> Self {
        Self { truth, ..Self::default() }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            truth: self.truth + more.truth,
            failed: self.failed + more.failed,
            again: self.again + more.again,
            segments_again: ByEnd {
                client: self.segments_again.client + more.segments_again.client,
                server: self.segments_again.server + more.segments_again.server,
            },
            open: self.open + more.open,
        }
    }
}

/// Seconds since 1970, as in Prometheus.
pub fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
