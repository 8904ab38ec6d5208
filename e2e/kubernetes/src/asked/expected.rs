//! Expected answers, from the traffic programs' own counters.

use super::Rows;
use super::pages::{self, Pages, Sums};
use super::sheet::{Expectation, Measure, Measured, Of};
use crate::steady::Named;
use anyhow::{Context, Result};
use longwire_model::series::{FAMILIES, Kind};
use longwire_testkit::{Counts, Labels, Ledger, ledger::ByEnd, ledger::Spread, ledger::Time};

use std::collections::BTreeMap;

/// The counters of one edge.
type Book = longwire_testkit::Book<Named>;
/// Window before the moment over which rates are taken, seconds.
pub(super) const WINDOW: f64 = 60.0;
/// Most seconds by which samples and scrapes are late; the window's ends move by as much.
const LATE: f64 = 7.0;
/// Events at an end of the window may fall into it or not, so each end may move by this.
const WINDOWS: [(f64, f64); 4] = [(0.0, 0.0), (-LATE, 0.0), (LATE, 0.0), (0.0, -LATE)];
/// Most relative error of a rate: one sample interval and one turn at either end of the window.
const WITHIN: f64 = 0.1;
/// Most events that fall between the windows of a graph.
const FEW: f64 = 2.0;
/// A turn is recorded at its end, which packet loss delays. After so many seconds Prometheus may have all of it.
const TURN: f64 = 3.0;
/// Values below this are 0, because Prometheus rounds.
const NOTHING: f64 = 1e-6;

/// A measure, and the reporter if it matters.
type Figure<'a> = (Measure, Option<&'a str>);

/// The range in which a row's value must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    pub least: f64,
    pub most: f64,
}

/// What the answers follow from.
#[derive(Debug)]
pub struct Oracle<'a> {
    pub ledger: &'a Ledger<Named>,
    pub pages: &'a Pages,
    /// Seconds since 1970.
    pub moment: f64,
}

impl Expected {
    fn about(value: f64, within: f64) -> Self {
        Self { least: value, most: value }.wider(within)
    }

    /// The range from the least to the greatest of these.
    fn over(values: impl Iterator<Item = f64>) -> Option<Self> {
        values.map(|value| Self::about(value, 0.0)).reduce(|one, other| one.or(other))
    }

    fn or(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// Widens the range by so much on either side.
    fn beside(self, more: f64) -> Self {
        Self { least: self.least - more, most: self.most + more }
    }

    fn wider(self, within: f64) -> Self {
        Self { least: self.least * (1.0 - within) - NOTHING, most: self.most * (1.0 + within) + NOTHING }
    }
}

impl Oracle<'_> {
    /// The expected rows of an answer. `chosen` are labels that its edges must have.
    pub fn rows(&self, expectation: &Expectation, chosen: &BTreeMap<String, String>) -> Result<Rows<Expected>> {
        let within = expectation.within.unwrap_or(WITHIN);
        let grouped = self.grouped(expectation, chosen);
        let mut rows: Rows<Expected> = match &expectation.of {
            Of::Nothing(_) => Rows::new(),
            Of::Own(figure) => self.own(expectation, figure),
            Of::OwnRate(figure) => self.own_rate(expectation, figure, within)?,
            Of::OwnUntil(figure) => {
                let until = |row: Expected| Expected::about((row.least + row.most) / 2.0 - self.moment, 0.01);
                self.own(expectation, figure).into_iter().map(|(labels, row)| (labels, until(row))).collect()
            }
            Of::Rate(measure) => {
                let rate = |(labels, books): (&Labels, &Vec<Book>)| {
                    let reporter = expectation.reporter.as_ref().or_else(|| labels.get("reporter"));
                    let figure = (*measure, reporter.map(String::as_str));
                    let beside = FEW * largest(books, figure) + expectation.few;
                    let rate =
                        Expected::over(WINDOWS.into_iter().map(|window| self.per_second(books, figure, window)))?;
                    Some((labels.clone(), rate.wider(within).beside(beside / WINDOW)))
                };
                grouped.iter().filter_map(rate).collect()
            }
            Of::Now(measure) => {
                let slack = expectation.within.unwrap_or_default();
                let now = |books: &Vec<Book>| self.now(books, *measure).wider(slack).beside(expectation.few);
                grouped.iter().map(|(labels, books)| (labels.clone(), now(books))).collect()
            }
            Of::Share(measure) => {
                let share = |(labels, books): (&Labels, &Vec<Book>)| {
                    let of = |window| {
                        let sent = self.per_second(books, (Measure::Bytes, None), window);
                        (sent > 0.0).then(|| self.per_second(books, (*measure, None), window) / sent)
                    };
                    let share = Expected::over(WINDOWS.into_iter().filter_map(of))?;
                    // Retransmissions of a short connection are known only to the kernel.
                    let beside = FEW * largest(books, (Measure::Bytes, None)) / WINDOW;
                    let sent = self.per_second(books, (Measure::Bytes, None), (0.0, 0.0));
                    Some((labels.clone(), share.wider(within).beside(beside / sent)))
                };
                grouped.iter().filter_map(share).collect()
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

    /// The selected edges, grouped by the labels that distinguish rows.
    fn grouped(&self, expectation: &Expectation, chosen: &BTreeMap<String, String>) -> BTreeMap<Labels, Vec<Book>> {
        let mut grouped = BTreeMap::<Labels, Vec<Book>>::new();
        for book in self.ledger.books() {
            let found = |label: &String| book.edge.labels.get(label).map_or("", String::as_str);
            let is_meant = chosen.iter().chain(&expectation.chosen).all(|(label, value)| found(label) == value);
            let is_seen =
                expectation.reporter.as_deref().is_none_or(|reporter| book.edge.reporters.contains(&reporter));
            let is_long = !expectation.long || book.edge.labels.contains_key("source_address");
            if is_meant && is_seen && is_long {
                let mut labels = book.edge.labels.clone();
                labels.retain(|label, _| expectation.by.contains(label));
                let is_by_reporter = expectation.by.iter().any(|label| label == "reporter");
                for reporter in book.edge.reporters.iter().take(if is_by_reporter { 2 } else { 1 }) {
                    if is_by_reporter {
                        labels.insert("reporter".to_owned(), (*reporter).to_owned());
                    }
                    grouped.entry(labels.clone()).or_default().push(book.clone());
                }
            }
        }
        grouped
    }

    /// Between the counters of a moment ago and those of now. A short connection may be seen open.
    fn now(&self, books: &[Book], measure: Measure) -> Expected {
        let at = |moment| books.iter().map(|book| measure.of(book, book.at(moment), None)).sum::<f64>();
        let passing = match measure {
            Measure::Open => books.iter().filter(|book| book.at(self.moment).open == 0).count(),
            _ => 0,
        };
        #[expect(clippy::cast_precision_loss, reason = "a handful of edges")]
        Expected { least: at(self.moment - LATE), most: at(self.moment + TURN) + passing as f64 }
    }

    fn own(&self, expectation: &Expectation, figure: &str) -> Rows<Expected> {
        let looks = self.pages.lately(self.moment, |page| pages::sum(page, figure, expectation));
        let slack = expectation.within.unwrap_or_default();
        ranges(looks).map(|(labels, row)| (labels, row.wider(slack))).collect()
    }

    /// The counters' rate in the window with these ends.
    fn per_second(&self, books: &[Book], (of, reporter): Figure<'_>, (from, to): (f64, f64)) -> f64 {
        let [began, ended] = [self.moment - WINDOW + from, self.moment + to];
        let at = |moment| books.iter().map(|book| of.of(book, book.at(moment), reporter)).sum::<f64>();
        (at(ended) - at(began)) / (ended - began)
    }

    fn own_rate(&self, expectation: &Expectation, figure: &str, within: f64) -> Result<Rows<Expected>> {
        let mut all = Vec::new();
        for (from, to) in WINDOWS {
            let mut rates = self.rates(expectation, figure, from, to)?;
            if let Some(per) = &expectation.per {
                let others = self.rates(expectation, per, from, to)?;
                for (labels, value) in &mut rates {
                    *value /= others.get(labels).with_context(|| format!("no {per} for {labels:?}"))?;
                }
                rates.retain(|_, value| value.is_finite());
            }
            all.push(rates);
        }
        let row = |row: Expected| {
            let row = row.wider(within);
            match row.most {
                most if expectation.rare => Expected { least: 0.0, most: 4.0 * most },
                most if most <= NOTHING => row,
                _ => row.beside(FEW / WINDOW),
            }
        };
        Ok(ranges(all).map(|(labels, value)| (labels, row(value))).collect())
    }

    /// Rates per second over a window whose ends are moved by this.
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

/// The range of each row's values.
fn ranges(looks: Vec<Sums>) -> impl Iterator<Item = (Labels, Expected)> {
    let mut rows = Rows::<Expected>::new();
    for (labels, value) in looks.into_iter().flatten() {
        let value = Expected { least: value, most: value };
        rows.entry(labels).and_modify(|row| *row = row.or(value)).or_insert(value);
    }
    rows.into_iter()
}

/// The most that one turn has added.
fn largest(books: &[Book], (of, reporter): Figure<'_>) -> f64 {
    books.iter().map(|book| book.largest(|counts| of.of(book, counts, reporter))).fold(0.0, f64::max)
}

impl Measure {
    #[expect(clippy::cast_precision_loss, reason = "what a test counts stays below 2^53")]
    fn of(self, book: &Book, counts: Counts, reporter: Option<&str>) -> f64 {
        let ByEnd { client, server } = counts.segments_again;
        let value = match (self, reporter) {
            (Self::Received, Some("source")) | (Self::ToClient, _) => counts.truth.to_client,
            (Self::Sent, Some("source")) | (Self::Received | Self::ToServer, _) => counts.truth.to_server,
            (Self::Sent, _) => counts.truth.to_client,
            (Self::Bytes, _) => counts.truth.to_server + counts.truth.to_client,
            (Self::Opened, _) => counts.truth.opened,
            (Self::Closed, _) => counts.truth.closed,
            (Self::Failed, _) => counts.failed,
            (Self::Again, _) => counts.again,
            (Self::SegmentsAgain, Some("source")) => client,
            (Self::SegmentsAgain, Some(_)) => server,
            (Self::SegmentsAgain, None) => client + server,
            (Self::SpeakersSegmentsAgain, _) => {
                return Self::SegmentsAgain.of(book, counts, book.edge.reporters.first().copied());
            }
            (Self::Open, _) => counts.open,
        };
        value as f64
    }
}

impl Measured {
    /// Quantiles of a histogram are exact to a bucket. One more on either side is allowed, because the kernel measures
    /// at other times than the programs.
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
        // More than 0, because a missing row is an error.
        let least = low.checked_sub(2).map_or(f64::MIN_POSITIVE, |at| bounds[at]);
        Some(Expected { least, most: *bounds.get(high + 1).or(bounds.last())? })
    }
}
