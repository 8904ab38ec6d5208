//! Lines of a kind: what all connections of a line add up to. Pure.

use super::column::Column;
use super::kind::{Kind, Part};
use super::store::{Known, Store};
use longwire_live::connection::Phase;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

#[cfg(test)]
mod tests;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) names: Vec<String>,
    pub(super) sum: Sum,
    /// Of a connection.
    pub(super) phase: Option<Phase>,
    /// Milliseconds, of a connection.
    pub(super) age: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) open: u64,
    pub(super) failed: u64,
    /// Bytes a second.
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) retransmits: u64,
    /// Retransmits a second.
    pub(super) retransmit_rate: f64,
    /// Microseconds, of those that are open, and their number.
    pub(super) rtts: (u64, u64),
}

impl Sum {
    /// Mean, in microseconds.
    pub(super) fn rtt(&self) -> Option<u64> {
        self.rtts.0.checked_div(self.rtts.1)
    }

    fn add(&mut self, known: &Known, part: &Part<'_>, now: Duration) {
        self.open += u64::from(known.phase == Phase::Open);
        self.failed += u64::from(known.phase == Phase::Failed);
        for end in [0, 1] {
            if part.sides[end] {
                self.sent = self.sent.saturating_add(known.rates[end]);
                self.received = self.received.saturating_add(known.rates[1 - end]);
            }
            if part.kernels[end] {
                self.retransmits = self.retransmits.saturating_add(known.retransmits[end].number());
                self.retransmit_rate += known.retransmits[end].rate(now);
            }
        }
        // Both ends measure the same way.
        let rtt = [0, 1].into_iter().filter(|end| part.kernels[*end]).find_map(|end| known.rtts[end]);
        if let Some(rtt) = rtt.filter(|_| known.phase == Phase::Open) {
            self.rtts = (self.rtts.0.saturating_add(rtt.into()), self.rtts.1 + 1);
        }
    }
}

/// Which lines, and in which order.
#[derive(Clone, Debug)]
pub(super) struct Shown<'a> {
    pub(super) kind: Kind,
    /// The only namespace that is read.
    pub(super) namespace: Option<&'a str>,
    /// Only connections of this line of another kind.
    pub(super) within: Option<&'a (Kind, Vec<String>)>,
    /// In a name, in any case.
    pub(super) filter: &'a str,
    pub(super) sort: Column,
    pub(super) is_reversed: bool,
}

pub(super) fn rows(store: &Store, shown: &Shown<'_>, now: Duration) -> Vec<Row> {
    let filter = shown.filter.to_lowercase();
    let mut rows: Vec<Row> = lines(store, shown, now)
        .into_iter()
        .filter(|row| filter.is_empty() || row.names.iter().any(|name| name.to_lowercase().contains(&filter)))
        .collect();
    rows.sort_by(|one, other| {
        let order = shown.sort.compare(one, other);
        let order = if shown.is_reversed { order.reverse() } else { order };
        order.then_with(|| worse(one, other)).then_with(|| one.names.cmp(&other.names))
    });
    rows
}

fn lines(store: &Store, shown: &Shown<'_>, now: Duration) -> Vec<Row> {
    let known = store.known().filter(|known| shown.within.is_none_or(|within| is_within(known, within, shown)));
    if shown.kind == Kind::Connections {
        // One line each, whatever their names are.
        return known.flat_map(|known| line(known, shown, now)).collect();
    }
    let mut sums = HashMap::<Vec<&str>, Sum>::new();
    for known in known {
        for part in shown.kind.parts(known, shown.namespace) {
            let sum = match sums.get_mut(&part.names) {
                Some(sum) => sum,
                None => sums.entry(part.names.clone()).or_default(),
            };
            sum.add(known, &part, now);
        }
    }
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    sums.into_iter().map(|(names, sum)| Row { names: owned(names), sum, ..Row::default() }).collect()
}

fn line(known: &Known, shown: &Shown<'_>, now: Duration) -> Option<Row> {
    let part = shown.kind.parts(known, shown.namespace).pop()?;
    let mut sum = Sum::default();
    sum.add(known, &part, now);
    let names = part.names.into_iter().map(str::to_owned).collect();
    Some(Row { names, sum, phase: Some(known.phase), age: known.age(now) })
}

fn is_within(known: &Known, (kind, names): &(Kind, Vec<String>), shown: &Shown<'_>) -> bool {
    kind.parts(known, shown.namespace).iter().any(|part| part.names == *names)
}

/// Of lines that are equal otherwise.
fn worse(one: &Row, other: &Row) -> Ordering {
    let bytes = |row: &Row| row.sum.sent.saturating_add(row.sum.received);
    let by = |of: fn(&Row) -> u64| of(other).cmp(&of(one));
    by(|row| row.sum.retransmits).then_with(|| by(|row| row.sum.failed)).then_with(|| bytes(other).cmp(&bytes(one)))
}
