//! Returning scrapers, by address and slot (one for each of its connections), and what each has seen. Bounded: a new scraper evicts one
//! that scraped once before it evicts one that has returned.
//!
//! After a scraper has received a line at its value, that line must not be at 0 again, even after a kill. So a completed scrape counts
//! once it is saved.

use super::{Scrape, ScrapeNumber, Scraper, View, YOUNG};
use crate::record::Monotonic;
use crate::state::Flaw;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr};

/// Most scrapers that are remembered, and most of one network: a machine usually has a whole /64.
const MAX_SCRAPERS: usize = 64;
const MAX_OF_NETWORK: usize = 8;
/// A scraper counts as new after this time without a scrape, because all lines born meanwhile would be one leap.
const ABSENT: Monotonic = 3_600_000_000_000;
/// Expiry does not wait for a scraper after this time without a scrape.
const AWAITED: Monotonic = 300_000_000_000;

#[derive(Debug, Default)]
pub(super) struct Scrapers {
    known: Vec<Known>,
    /// The latest scrape that an evicted scraper had seen: if it returns, it counts as having seen that one.
    floor: ScrapeNumber,
    evicted: u64,
    /// The part of the state that is being saved, because scrapes go on meanwhile.
    settled: Option<(ScrapeNumber, Vec<SavedScraper>)>,
}

#[derive(Debug)]
struct Known {
    address: IpAddr,
    slot: u32,
    /// The last one that completed: for itself, in the state that is being saved, and in one that is saved.
    completed: ScrapeNumber,
    settled: ScrapeNumber,
    seen: ScrapeNumber,
    /// It has received all lines that were born by then at their values.
    valued: ScrapeNumber,
    /// When its last completed scrape began.
    last: Monotonic,
    has_returned: bool,
}

/// The saved form. Whether it has returned is not saved: it has to return again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedScraper {
    address: IpAddr,
    slot: u32,
    seen: ScrapeNumber,
    valued: ScrapeNumber,
    last: Monotonic,
}

impl Scrapers {
    pub(super) fn start(&mut self, by: Scraper, now: Monotonic) -> View {
        if let Some(held) = by.is_new {
            self.merge_free_slots(by.address, held);
        }
        let is_by = |known: &&Known| (known.address, known.slot) == (by.address, by.slot) && !known.is_absent(now);
        let seen = self.known.iter().find(is_by).map(|known| known.seen);
        match seen.filter(|seen| *seen != ScrapeNumber::default()) {
            Some(seen) => View { seen, since: 0 },
            None => View { seen: self.floor, since: now.saturating_sub(YOUNG) },
        }
    }

    /// A scraper that takes a free slot may have had any of the free ones before, so all of these count as having seen the same.
    fn merge_free_slots(&mut self, address: IpAddr, held: u64) {
        let is_held = |slot: u32| held.checked_shr(slot).is_some_and(|held| held & 1 != 0);
        let free = |known: &&mut Known| known.address == address && !is_held(known.slot);
        let most = self.known.iter_mut().filter(free).map(|known| known.seen).max().unwrap_or_default();
        for known in self.known.iter_mut().filter(free) {
            (known.seen, known.completed) = (most, known.completed.max(most));
        }
    }

    pub(super) fn complete(&mut self, by: Scraper, scrape: &Scrape) {
        let (Scraper { address, slot, .. }, now) = (by, scrape.started);
        self.known.retain(|scraper| !scraper.is_absent(now));
        let known = self.known.iter_mut().find(|known| (known.address, known.slot) == (address, slot));
        if let Some(scraper) = known {
            scraper.completed = scraper.completed.max(scrape.number);
            scraper.valued = scraper.valued.max(scrape.view.seen);
            scraper.last = scraper.last.max(now);
            scraper.has_returned = true;
            return;
        }
        self.make_room(address);
        let seen = ScrapeNumber::default();
        self.known.push(Known {
            address,
            slot,
            completed: scrape.number,
            settled: seen,
            seen,
            valued: seen,
            last: now,
            has_returned: false,
        });
    }

    fn make_room(&mut self, address: IpAddr) {
        let network = network(address);
        let of_network = self.known.iter().filter(|scraper| self::network(scraper.address) == network).count();
        let is_full = of_network >= MAX_OF_NETWORK;
        if !is_full && self.known.len() < MAX_SCRAPERS {
            return;
        }
        let candidates =
            (0..self.known.len()).filter(|at| !is_full || self::network(self.known[*at].address) == network);
        let least = candidates.min_by_key(|at| (self.known[*at].has_returned, self.known[*at].last));
        if let Some(least) = least {
            let gone = self.known.swap_remove(least);
            self.floor = self.floor.max(gone.seen);
            self.evicted += 1;
        }
    }

    pub(super) fn settle(&mut self) {
        if self.settled.is_none() {
            self.known.iter_mut().for_each(|scraper| scraper.settled = scraper.completed);
            self.settled = Some((self.floor, self.known.iter().map(Known::save).collect()));
        }
    }

    pub(super) fn publish(&mut self) {
        self.settle();
        self.settled = None;
        self.known.iter_mut().for_each(|known| known.seen = known.seen.max(known.settled));
    }

    /// The floor and all scrapers, as they were settled.
    pub(super) fn saved(&self) -> (ScrapeNumber, Vec<SavedScraper>) {
        self.settled.clone().unwrap_or_else(|| (self.floor, self.known.iter().map(Known::save).collect()))
    }

    /// Each alone; the first flaw.
    pub(super) fn restore(
        &mut self,
        (floor, saved): (ScrapeNumber, Vec<SavedScraper>),
        started: ScrapeNumber,
        now: Monotonic,
    ) -> Result<(), Flaw> {
        self.floor = floor;
        let restored = saved.into_iter().map(|saved| self.restore_one(saved, started, now)).fold(Ok(()), Result::and);
        // What the invalid one had seen is not known.
        restored.inspect_err(|_| self.lost(started))
    }

    /// A scraper has seen all lines that were born before this scrape.
    pub(super) fn lost(&mut self, started: ScrapeNumber) {
        self.floor = started;
    }

    /// Whether all scrapers that still come have seen it.
    pub(super) fn have_seen(&self, moment: ScrapeNumber, now: Monotonic) -> bool {
        let mut awaited = self.known.iter().filter(|scraper| now.saturating_sub(scraper.last) < AWAITED);
        awaited.all(|scraper| scraper.valued > moment)
    }

    pub(super) fn sizes(&self) -> (usize, u64) {
        (self.known.len(), self.evicted)
    }

    fn restore_one(&mut self, saved: SavedScraper, started: ScrapeNumber, now: Monotonic) -> Result<(), Flaw> {
        let SavedScraper { address, slot, seen, valued, last } = saved;
        if seen > started || valued > seen || last > now || self.known.len() >= MAX_SCRAPERS {
            return Err(Flaw::Implausible("scraper"));
        }
        if self.known.iter().any(|known| (known.address, known.slot) == (address, slot)) {
            return Err(Flaw::Twice("scraper"));
        }
        let has_returned = false;
        self.known.push(Known { address, slot, completed: seen, settled: seen, seen, valued, last, has_returned });
        Ok(())
    }
}

impl Known {
    fn save(&self) -> SavedScraper {
        let Self { address, slot, completed, valued, last, settled: _, seen: _, has_returned: _ } = *self;
        SavedScraper { address, slot, seen: completed, valued: valued.min(completed), last }
    }

    fn is_absent(&self, now: Monotonic) -> bool {
        now.saturating_sub(self.last) >= ABSENT
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}
