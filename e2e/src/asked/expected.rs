//! What an answer must be, by the programs' own counts.

use super::Rows;
use super::pages::{self, Pages, Sums};
use super::sheet::{Expectation, Measure, Measured, Of};
use crate::scrape::Labels;
use crate::steady::{Book, Counts, Ledger, Spread, Time};
use anyhow::{Context, Result};
use longwire_model::series::{FAMILIES, Kind};
use std::collections::BTreeMap;

/// Over so many seconds before the moment rates are taken.
pub(super) const WINDOW: f64 = 60.0;
/// Samples and scrapes come late by this much at most, in seconds: the window's ends move by it.
const LATE: f64 = 7.0;
/// How far a rate may be off, of one: an interval of sampling and a turn at either end of the window.
const WITHIN: f64 = 0.1;
/// Events that may fall between the windows of a graph.
const FEW: f64 = 2.0;
/// What counts as nothing: a rounding of Prometheus'.
const NOTHING: f64 = 1e-6;

/// Between which values a row's must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    pub least: f64,
    pub most: f64,
}

#[derive(Debug)]
pub struct Truth<'a> {
    pub ledger: &'a Ledger,
    pub pages: &'a Pages,
    /// Seconds since 1970.
    pub moment: f64,
}

impl Expected {
    fn about(value: f64, within: f64) -> Self {
        Self { least: value, most: value }.wider(within)
    }

    /// So much more or less, where there is anything at all.
    fn give(self, more: f64) -> Self {
        if self.most <= NOTHING { self } else { Self { least: self.least - more, most: self.most + more } }
    }

    fn wider(self, within: f64) -> Self {
        Self { least: self.least * (1.0 - within) - NOTHING, most: self.most * (1.0 + within) + NOTHING }
    }
}

impl Truth<'_> {
    /// The rows of an answer. `chosen` are labels that its edges must have.
    pub fn rows(&self, expectation: &Expectation, chosen: &BTreeMap<String, String>) -> Result<Rows<Expected>> {
        let within = expectation.within.unwrap_or(WITHIN);
        let grouped = self.grouped(expectation, chosen);
        let increase = |books: &[Book], of: Measure| -> f64 {
            books.iter().map(|book| of.of(book.at(self.moment)) - of.of(book.at(self.moment - WINDOW))).sum()
        };
        let mut rows: Rows<Expected> = match &expectation.of {
            Of::Nothing(_) => Rows::new(),
            Of::Own(figure) => self.own(expectation, figure),
            Of::OwnRate(figure) => self.own_rate(expectation, figure, within)?,
            Of::OwnUntil(figure) => {
                let until = |row: Expected| Expected::about((row.least + row.most) / 2.0 - self.moment, 0.01);
                self.own(expectation, figure).into_iter().map(|(labels, row)| (labels, until(row))).collect()
            }
            Of::Rate(measure) => {
                let measure = measure.at(expectation.reporter.as_deref());
                let rate = |books: &Vec<Book>| Expected::about(increase(books, measure) / WINDOW, within);
                grouped.iter().map(|(labels, books)| (labels.clone(), rate(books))).collect()
            }
            Of::Now(measure) => {
                let slack = expectation.within.unwrap_or_default();
                let now = |books: &Vec<Book>| self.now(books, *measure).wider(slack);
                grouped.iter().map(|(labels, books)| (labels.clone(), now(books))).collect()
            }
            Of::Share(measure) => {
                let share = |books: &Vec<Book>| {
                    let sent = increase(books, Measure::Bytes);
                    (sent > 0.0).then(|| Expected::about(increase(books, *measure) / sent, within))
                };
                grouped.iter().filter_map(|(labels, books)| Some((labels.clone(), share(books)?))).collect()
            }
            Of::Between(measured) => {
                grouped.iter().filter_map(|(labels, books)| Some((labels.clone(), measured.range(books)?))).collect()
            }
        };
        if let Some(bound) = expectation.above {
            rows.retain(|_, row| row.least > bound);
        }
        Ok(rows)
    }

    /// Edges that are meant, by the labels that tell rows apart.
    fn grouped(&self, expectation: &Expectation, chosen: &BTreeMap<String, String>) -> BTreeMap<Labels, Vec<Book>> {
        let mut grouped = BTreeMap::<Labels, Vec<Book>>::new();
        for book in self.ledger.books() {
            let found = |label: &String| book.labels.get(label).map_or("", String::as_str);
            let is_meant = chosen.iter().chain(&expectation.chosen).all(|(label, value)| found(label) == value);
            let is_seen = expectation.reporter.as_deref().is_none_or(|reporter| book.reporters.contains(&reporter));
            let is_long = !expectation.long || book.labels.contains_key("source_address");
            if is_meant && is_seen && is_long {
                let mut labels = book.labels.clone();
                labels.retain(|label, _| expectation.by.contains(label));
                grouped.entry(labels).or_default().push(book);
            }
        }
        grouped
    }

    /// Between what was counted a little before and what is now; a short connection may be seen open.
    fn now(&self, books: &[Book], measure: Measure) -> Expected {
        let at = |moment| books.iter().map(|book| measure.of(book.at(moment))).sum::<f64>();
        let passing = match measure {
            Measure::Open => books.iter().filter(|book| book.at(self.moment).open == 0).count(),
            _ => 0,
        };
        #[expect(clippy::cast_precision_loss, reason = "a handful of edges")]
        Expected { least: at(self.moment - LATE), most: at(self.moment) + passing as f64 }
    }

    fn own(&self, expectation: &Expectation, figure: &str) -> Rows<Expected> {
        let looks = self.pages.lately(self.moment, |page| pages::sum(page, figure, expectation));
        let mut rows = Rows::<Expected>::new();
        for (labels, value) in looks.into_iter().flatten() {
            let row = rows.entry(labels).or_insert(Expected { least: value, most: value });
            *row = Expected { least: row.least.min(value), most: row.most.max(value) };
        }
        let slack = expectation.within.unwrap_or_default();
        rows.into_iter().map(|(labels, row)| (labels, row.wider(slack))).collect()
    }

    /// What happens at an end of the window may fall into it or beside it.
    fn own_rate(&self, expectation: &Expectation, figure: &str, within: f64) -> Result<Rows<Expected>> {
        let mut rows = Rows::<Expected>::new();
        for (from, to) in [(0.0, 0.0), (-LATE, 0.0), (LATE, 0.0), (0.0, -LATE)] {
            let mut rates = self.rates(expectation, figure, from, to)?;
            if let Some(per) = &expectation.per {
                let others = self.rates(expectation, per, from, to)?;
                for (labels, value) in &mut rates {
                    *value /= others.get(labels).with_context(|| format!("no {per} for {labels:?}"))?;
                }
                rates.retain(|_, value| value.is_finite());
            }
            for (labels, value) in rates {
                let row = rows.entry(labels).or_insert(Expected { least: value, most: value });
                *row = Expected { least: row.least.min(value), most: row.most.max(value) };
            }
        }
        let row = |row: Expected| {
            let row = row.wider(within);
            if expectation.rare { Expected { least: 0.0, most: 4.0 * row.most } } else { row.give(FEW / WINDOW) }
        };
        Ok(rows.into_iter().map(|(labels, value)| (labels, row(value))).collect())
    }

    /// A second, over a window whose ends are moved by so much.
    fn rates(&self, expectation: &Expectation, figure: &str, from: f64, to: f64) -> Result<Sums> {
        let sum = |page: &_| pages::sum(page, figure, expectation);
        let (began, before) = self.pages.before(self.moment - WINDOW + from, sum)?;
        let (ended, after) = self.pages.before(self.moment + to, sum)?;
        let rate = |(labels, value): (Labels, f64)| {
            let was = before.get(&labels).copied().unwrap_or_default();
            (labels, (value - was) / (ended - began))
        };
        Ok(after.into_iter().map(rate).collect())
    }
}

impl Measure {
    #[expect(clippy::cast_precision_loss, reason = "what a test counts stays below 2^53")]
    fn of(self, counts: Counts) -> f64 {
        let value = match self {
            Self::ToServer | Self::Received => counts.to_server,
            Self::ToClient | Self::Sent => counts.to_client,
            Self::Bytes => counts.to_server + counts.to_client,
            Self::Opened => counts.opened,
            Self::Closed => counts.closed,
            Self::Failed => counts.failed,
            Self::Again => counts.again,
            Self::SegmentsAgain => counts.segments_again,
            Self::Open => counts.open,
        };
        value as f64
    }
}

impl Measured {
    /// A quantile of a histogram is known to a bucket, and another one on either side is allowed for: the kernel measures
    /// at moments of its own.
    fn range(self, books: &[Book]) -> Option<Expected> {
        let (time, family) = match self {
            Self::RoundTrip => (Time::RoundTrip, "longwire_tcp_rtt_seconds"),
            Self::Handshake => (Time::Handshake, "longwire_tcp_handshake_seconds"),
            Self::Lifetime => (Time::Lifetime, "longwire_tcp_connection_duration_seconds"),
        };
        let kind = FAMILIES.iter().find(|known| known.name == family).map(|known| known.kind);
        let Some(Kind::Histogram(bounds)) = kind else { return None };
        let spreads: Vec<Spread> = books.iter().filter_map(|book| book.spread(time)).collect();
        let least = spreads.iter().map(|spread| spread.least).reduce(f64::min)?;
        let most = spreads.iter().map(|spread| spread.most).reduce(f64::max)?;
        let (low, high) =
            (bounds.partition_point(|bound| *bound < least), bounds.partition_point(|bound| *bound < most));
        // More than nothing: a row that is missing is wrong.
        let least = low.checked_sub(2).map_or(f64::MIN_POSITIVE, |at| bounds[at]);
        Some(Expected { least, most: *bounds.get(high + 1).or(bounds.last())? })
    }
}
