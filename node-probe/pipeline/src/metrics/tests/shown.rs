//! What a scrape shows, without an encoder.

use crate::metrics::{Reading, SeriesStore, View};
use crate::record::FailReason;
use longwire_model::series::{DIRECTION, DIRECTIONS, FAMILIES, Family, Kind, REASON};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

pub(super) type Labels = BTreeMap<String, String>;

/// Values as the text formats write whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scrape {
    pub(super) samples: BTreeMap<(String, Labels), String>,
}

impl Scrape {
    /// Of a family's series with these labels among theirs.
    pub(super) fn values(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&str> {
        let has = |of: &Labels| labels.iter().all(|(name, value)| of.get(*name).is_some_and(|found| found == value));
        let of_name = self.samples.iter().filter(|((sample, _), _)| sample == name);
        of_name.filter(|((_, labels), _)| has(labels)).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        self.values(name, labels).iter().map(|value| value.parse::<i64>().unwrap()).sum()
    }

    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(|(name, _)| name.as_str()).collect()
    }

    fn add(&mut self, name: &str, labels: &Labels, more: Option<(&str, &str)>, value: &impl ToString) {
        let mut labels = labels.clone();
        labels.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let before = self.samples.insert((name.to_owned(), labels), value.to_string());
        assert_eq!(before, None, "{name} has two series of the same labels");
    }

    fn add_family(&mut self, family: &Family, labels: &Labels, reading: Reading<'_>) {
        let name = family.name;
        match reading {
            Reading::Absent => {}
            Reading::Counter(value) => self.add(name, labels, None, &value),
            Reading::Gauge(value) => self.add(name, labels, None, &value),
            Reading::Directions(bytes) => {
                for (direction, bytes) in DIRECTIONS.iter().zip(bytes) {
                    self.add(name, labels, Some((DIRECTION, direction)), &bytes);
                }
            }
            Reading::Reasons(counts) => {
                for (reason, count) in FailReason::ALL.iter().zip(counts).filter(|(_, count)| **count != 0) {
                    self.add(name, labels, Some((REASON, reason.name())), count);
                }
            }
            Reading::Histogram(histogram) => {
                let Kind::Histogram(bounds) = family.kind else { panic!("{name} is no histogram") };
                let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
                for (bound, count) in bounds.zip(histogram.cumulative()) {
                    self.add(&format!("{name}_bucket"), labels, Some(("le", &bound)), &count);
                }
                let (seconds, nanoseconds) = histogram.sum();
                let sum = format!("{seconds}.{nanoseconds:09}");
                self.add(&format!("{name}_sum"), labels, None, &sum.trim_end_matches('0').trim_end_matches('.'));
                self.add(&format!("{name}_count"), labels, None, &histogram.cumulative().last().unwrap_or_default());
            }
        }
    }
}

/// Of what is now: published first.
pub(super) fn scrape(store: &mut SeriesStore) -> Scrape {
    store.publish();
    shown(store)
}

/// Of what is published.
pub(super) fn shown(store: &SeriesStore) -> Scrape {
    let mut scrape = Scrape::default();
    for family in &FAMILIES {
        let _all = store.read(family, (0, store.births(family)), |_, series| {
            assert!(!series.unseen(&View::PLAIN).has(family.metric));
            let mut labels = Labels::new();
            series.pairs(&mut |name, value| {
                assert!(!value.is_empty(), "{name} is empty");
                assert_eq!(labels.insert(name.to_owned(), value.to_owned()), None, "{name} comes twice");
            });
            scrape.add_family(family, &labels, series.reading());
            ControlFlow::Continue(())
        });
    }
    scrape
}
