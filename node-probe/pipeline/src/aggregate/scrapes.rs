//! How many scrapes have shown what there was at a moment?

#[cfg(test)]
mod tests;

/// Scrapes in the order in which they started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScrapeNumber(u64);

/// The two latest starters among the completed are all that is needed: two have started after a moment and completed exactly
/// when the second of them has.
#[derive(Debug, Default)]
pub(super) struct Scrapes {
    started: ScrapeNumber,
    latest: ScrapeNumber,
    second: ScrapeNumber,
}

impl Scrapes {
    pub(super) fn start(&mut self) -> ScrapeNumber {
        self.started.0 += 1;
        self.started
    }

    /// Scrapes may complete in any order, and never: then they are never counted.
    pub(super) fn complete(&mut self, scrape: ScrapeNumber) {
        if scrape > self.latest {
            self.second = self.latest;
            self.latest = scrape;
        } else if scrape > self.second && scrape != self.latest {
            self.second = scrape;
        }
    }

    /// The latest that has started.
    pub(super) fn now(&self) -> ScrapeNumber {
        self.started
    }

    /// Two that started after `moment` have completed.
    pub(super) fn have_shown(&self, moment: ScrapeNumber) -> bool {
        self.second > moment
    }
}
