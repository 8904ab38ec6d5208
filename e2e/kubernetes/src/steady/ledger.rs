//! The programs' own counters of every edge, with their history.

use longwire_testkit::scrape::Labels;
use parking_lot::Mutex;
use std::iter;
use std::time::{Duration, SystemTime};

/// Cumulative, except `open`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub opened: u64,
    pub closed: u64,
    pub failed: u64,
    /// Payload bytes from client to server.
    pub to_server: u64,
    /// Payload bytes from server to client.
    pub to_client: u64,
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
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Labels that both reporters must write, without `reporter`.
    pub labels: Labels,
    /// The reporters whose pods are its ends.
    pub reporters: Vec<&'static str>,
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

#[derive(Debug, Default)]
pub struct Ledger {
    books: Mutex<Vec<Book>>,
}

impl Ledger {
    /// Adds to an edge's counters.
    pub(super) fn add(&self, labels: &Labels, reporters: &[&'static str], more: Counts, times: &[(Time, Duration)]) {
        self.enter(labels, reporters, times, |before| before.plus(more));
    }

    /// Sets an edge's counters to these totals.
    pub(super) fn reach(&self, labels: &Labels, reporters: &[&'static str], total: Counts, times: &[(Time, Duration)]) {
        self.enter(labels, reporters, times, |_| total);
    }

    /// The first entry creates the edge.
    fn enter(
        &self,
        labels: &Labels,
        reporters: &[&'static str],
        times: &[(Time, Duration)],
        total: impl Fn(Counts) -> Counts,
    ) {
        let mut books = self.books.lock();
        let at = books.iter().position(|book| book.labels == *labels).unwrap_or_else(|| {
            books.push(Book { labels: labels.clone(), reporters: reporters.to_vec(), ..Book::default() });
            books.len() - 1
        });
        let book = &mut books[at];
        let before = book.entries.last().map(|(_, before)| *before).unwrap_or_default();
        book.entries.push((now(), total(before)));
        for (time, measured) in times {
            let (spread, measured) = (&mut book.times[*time as usize], measured.as_secs_f64());
            let Spread { least, most } = spread.unwrap_or(Spread { least: measured, most: measured });
            *spread = Some(Spread { least: least.min(measured), most: most.max(measured) });
        }
    }

    #[must_use]
    pub fn books(&self) -> Vec<Book> {
        self.books.lock().clone()
    }
}

impl Book {
    /// The counters at a moment.
    #[must_use]
    pub fn at(&self, moment: f64) -> Counts {
        let before = self.entries.partition_point(|(time, _)| *time <= moment);
        before.checked_sub(1).map_or_else(Counts::default, |last| self.entries[last].1)
    }

    /// The greatest increase of one entry.
    #[must_use]
    pub fn largest(&self, of: impl Fn(Counts) -> f64) -> f64 {
        let totals = self.entries.iter().map(|(_, counts)| of(*counts));
        let before = iter::once(0.0).chain(totals.clone());
        totals.zip(before).map(|(total, before)| total - before).fold(0.0, f64::max)
    }

    #[must_use]
    pub fn spread(&self, of: Time) -> Option<Spread> {
        self.times[of as usize]
    }
}

impl Counts {
    fn plus(self, more: Self) -> Self {
        Self {
            opened: self.opened + more.opened,
            closed: self.closed + more.closed,
            failed: self.failed + more.failed,
            to_server: self.to_server + more.to_server,
            to_client: self.to_client + more.to_client,
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
#[must_use]
pub fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
