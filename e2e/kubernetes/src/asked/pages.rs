//! Longwire's own metrics pages, scraped all the time.

use super::sheet::Expectation;
use anyhow::{Context, Result};
use longwire_testkit::{Crew, Format, Labels, Scrape, http, now};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Greatest age of a gauge in Prometheus, seconds.
const AGE: f64 = 12.0;

/// The metrics page of one of Longwire's programs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    pub program: &'static str,
    pub address: SocketAddr,
}

/// All pages at one moment, seconds since 1970.
type Look = (f64, BTreeMap<Page, Scrape>);

/// Scrapes until dropped.
#[derive(Debug)]
pub struct Pages {
    looks: Arc<Mutex<Vec<Look>>>,
    _worker: Crew,
}

impl Pages {
    pub fn watch(pages: Vec<Page>) -> Self {
        let (looks, mut worker) = (Arc::<Mutex<Vec<Look>>>::default(), Crew::default());
        let kept = Arc::clone(&looks);
        worker.repeat(BETWEEN_LOOKS, move || {
            let read = |page: &Page| Some((page.clone(), read(page.address).ok()?));
            let now = now();
            let looked = pages.iter().filter_map(read).collect();
            kept.lock().push((now, looked));
            Ok(())
        });
        Self { looks, _worker: worker }
    }

    /// Sums of a metric in all scrapes of the last seconds before a moment.
    pub(super) fn lately(&self, moment: f64, sum: impl Fn(&BTreeMap<Page, Scrape>) -> Sums) -> Vec<Sums> {
        let looks = self.looks.lock();
        looks.iter().filter(|(time, _)| (moment - AGE..=moment).contains(time)).map(|(_, pages)| sum(pages)).collect()
    }

    /// The same in the last scrape before a moment, and its time.
    pub(super) fn before(&self, moment: f64, sum: impl Fn(&BTreeMap<Page, Scrape>) -> Sums) -> Result<(f64, Sums)> {
        let looks = self.looks.lock();
        let last = looks.iter().rev().find(|(time, _)| *time <= moment).context("nobody looked then")?;
        Ok((last.0, sum(&last.1)))
    }
}

pub(super) type Sums = BTreeMap<Labels, f64>;

/// The sum (or the maximum) of a metric by some labels: its own, `instance` and `program`.
pub(super) fn sum(
    pages: &BTreeMap<Page, Scrape>,
    figure: &str,
    Expectation { chosen, by, highest, .. }: &Expectation,
) -> Sums {
    let mut sums = Sums::new();
    for (Page { program, address }, page) in pages {
        for sample in page.samples.iter().filter(|sample| sample.name == figure) {
            let mut labels = sample.labels.clone();
            let whose = [("instance", address.to_string()), ("program", (*program).to_owned())];
            labels.extend(whose.map(|(label, value)| (label.to_owned(), value)));
            if chosen.iter().all(|(label, value)| labels.get(label) == Some(value)) {
                labels.retain(|label, _| by.contains(label));
                let total = sums.entry(labels).or_default();
                *total = if *highest { total.max(sample.value) } else { *total + sample.value };
            }
        }
    }
    sums
}

fn read(address: SocketAddr) -> Result<Scrape> {
    let page = http::get_from(address, "/metrics")?;
    Scrape::parse(&String::from_utf8(page.body)?, Format::Text)
}
