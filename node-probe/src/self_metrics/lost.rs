//! What was lost, and what overflowed, of the same readings that a scrape has.

use super::readings::{self, Reading};
use crate::shared::Shared;
use longwire_model::live::{Lost, MAX_OVERFLOWED, Overflowed};
use longwire_model::series::is_loss;
use std::cmp::Reverse;
use std::collections::BTreeMap;

const OVERFLOWED: &str = "longwire_probe_overflowed_total";

/// Those that are not 0: most overflows first, losses in the order of their names.
pub(crate) fn lost(shared: &Shared) -> (Vec<Overflowed>, Vec<Lost>) {
    of(&readings::take(shared))
}

fn of(readings: &[Reading]) -> (Vec<Overflowed>, Vec<Lost>) {
    let (mut overflowed, mut losses) = (Vec::new(), BTreeMap::<(&str, &str), u64>::new());
    for reading in readings {
        let (labels, count) = (reading.labels(), reading.count());
        if count == 0 {
            continue;
        }
        if let (OVERFLOWED, [kind, namespace]) = (reading.name, &labels[..]) {
            overflowed.push(Overflowed { kind: (*kind).to_owned(), namespace: (*namespace).to_owned(), count });
        }
        let reason = labels.last().copied();
        if is_loss(reading.name, reason) {
            // Those of all exporters are one.
            *losses.entry((reading.name, reason.unwrap_or_default())).or_default() += count;
        }
    }
    overflowed.sort_by_key(|overflowed| Reverse(overflowed.count));
    overflowed.truncate(MAX_OVERFLOWED);
    let lost = |((metric, reason), count): ((&str, &str), u64)| Lost {
        metric: metric.to_owned(),
        reason: reason.to_owned(),
        count,
    };
    (overflowed, losses.into_iter().map(lost).collect())
}
