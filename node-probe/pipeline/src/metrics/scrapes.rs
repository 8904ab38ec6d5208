//! Scrapes in the order in which they started, and what each scraper has seen by them.

mod scrapers;
#[cfg(test)]
mod tests;

use crate::record::Monotonic;
use crate::state::Flaw;
use scrapers::{SavedScraper, Scrapers};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A new scraper gets lines that are older at their values, because it does not expect to see them begin.
const YOUNG: Monotonic = 60_000_000_000;
/// Numbers of scrapes stay far below.
const PLAUSIBLE: u64 = 1 << 60;

/// Scrapes in the order in which they started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ScrapeNumber(u64);

/// The lines that a scrape shows at their values. Others are new to the scraper, and at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Those that were born before this scrape.
    seen: ScrapeNumber,
    /// And those that are older.
    since: Monotonic,
}

/// A scraper that comes again. Several may share an address: each has a slot there while its connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scraper {
    pub address: IpAddr,
    pub slot: u32,
    /// Its connection asks for the first time: it may have had another slot before, but none of the first 64 that are held, by the
    /// bits of this, by other connections.
    pub is_new: Option<u64>,
}

/// One scrape.
#[derive(Clone, Copy, Debug)]
pub struct Scrape {
    number: ScrapeNumber,
    view: View,
    by: Option<Scraper>,
    started: Monotonic,
}

/// Of all completed scrapes the two that started last are enough: two scrapes have started after a moment and completed exactly when
/// the second of these has.
#[derive(Debug, Default)]
pub(super) struct Scrapes {
    started: ScrapeNumber,
    latest: ScrapeNumber,
    second: ScrapeNumber,
    /// When the last one started.
    clock: Monotonic,
    scrapers: Scrapers,
    is_restored: bool,
}

/// The saved form, so that no line that was shown goes back to 0 in a successor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedScrapes {
    started: ScrapeNumber,
    floor: ScrapeNumber,
    scrapers: Vec<SavedScraper>,
}

impl View {
    /// All lines at their values.
    pub const PLAIN: Self = Self { seen: ScrapeNumber(u64::MAX), since: 0 };

    #[inline]
    pub(super) fn has_seen(&self, after: ScrapeNumber) -> bool {
        after < self.seen
    }

    pub(super) fn is_new(&self, after: ScrapeNumber, at: Monotonic) -> bool {
        !self.has_seen(after) && at >= self.since
    }
}

impl Scrape {
    #[must_use]
    pub fn view(&self) -> View {
        self.view
    }
}

impl Scrapes {
    /// `by`: a scraper that comes again. Other readers leave no trace.
    pub(super) fn start(&mut self, by: Option<Scraper>, now: Monotonic) -> Scrape {
        self.started.0 += 1;
        self.clock = self.clock.max(now);
        let by = by.map(|by| Scraper { address: by.address.to_canonical(), ..by });
        let view = by.map_or(View::PLAIN, |by| self.scrapers.start(by, now));
        Scrape { number: self.started, view, by, started: now }
    }

    /// Scrapes may complete in any order, and never: then they are never counted.
    pub(super) fn complete(&mut self, scrape: &Scrape) {
        let number = scrape.number;
        if number > self.latest {
            self.second = self.latest;
            self.latest = number;
        } else if number > self.second && number != self.latest {
            self.second = number;
        }
        if let Some(by) = scrape.by {
            self.scrapers.complete(by, scrape);
        }
    }

    /// Scrapes that complete from here on are in the next state.
    pub(super) fn settle(&mut self) {
        self.scrapers.settle();
    }

    /// The settled state is saved: scrapers may get lines at their values that they have seen at 0. Returns the scrape and the time of
    /// lines that are born now.
    pub(super) fn publish(&mut self) -> (ScrapeNumber, Monotonic) {
        self.scrapers.publish();
        (self.started, self.clock)
    }

    /// Two that started after `moment` have completed, and each scraper has seen the values of that moment.
    pub(super) fn have_shown(&self, moment: ScrapeNumber, now: Monotonic) -> bool {
        self.second > moment && self.scrapers.have_seen(moment, now)
    }

    /// The second half of that.
    pub(super) fn scrapers_have_seen(&self, moment: ScrapeNumber, now: Monotonic) -> bool {
        self.scrapers.have_seen(moment, now)
    }

    /// Scrapers that are known, and those that were forgotten for others.
    pub(super) fn sizes(&self) -> (usize, u64) {
        self.scrapers.sizes()
    }

    pub(super) fn started(&self) -> ScrapeNumber {
        self.started
    }

    pub(super) fn save(&self) -> SavedScrapes {
        let (floor, scrapers) = self.scrapers.saved();
        SavedScrapes { started: self.started, floor, scrapers }
    }

    pub(super) fn restore(&mut self, saved: SavedScrapes, now: Monotonic) -> Result<(), Flaw> {
        let SavedScrapes { started, floor, scrapers } = saved;
        if started.0 > PLAUSIBLE || floor > started {
            return Err(Flaw::Implausible("number of scrapes"));
        }
        (self.started, self.is_restored) = (started, true);
        self.scrapers.restore((floor, scrapers), started, now)
    }

    /// Without a saved form of scrapes all restored lines count as shown.
    pub(super) fn restored(&mut self) {
        if !self.is_restored {
            self.started = self.started.max(ScrapeNumber(1));
            self.scrapers.lost(self.started);
        }
    }
}
