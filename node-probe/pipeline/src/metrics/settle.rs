//! Charges label sets for the lines that they have. Reasons and histograms appear with their first observation. Those without room
//! go to the overflow set, and none of their observations is lost.

use super::SeriesStore;
use super::budget::{Accounts, Amount, Full, Level, Measure, Payer};
use super::kinds::each_kind;
use super::sets::{Set, Sets};
use super::values::Values;
use crate::labels::LabelSet;

impl SeriesStore {
    /// Call it before a state is saved, so that the state has what a scrape shows afterwards. Only changed sets are visited.
    pub fn settle(&mut self) {
        self.snapshots.settle();
        let accounts = &mut self.accounts;
        each_kind!(&mut self.kinds, |sets| settle(sets, accounts));
    }
}

fn settle<K: LabelSet, V: Values>(sets: &mut Sets<K, V>, accounts: &mut Accounts) {
    // Others have as many lines as they had when they came.
    if sets.measure != Measure::Lines {
        return;
    }
    let mut homeless = Vec::new();
    sets.each_changed(|at, set| {
        let Err(full) = settle_one(set, accounts) else {
            set.has_overflowed_late = false;
            return;
        };
        homeless.push((at, full, set.take_late()));
        if settle_one(set, accounts).is_err() {
            grow(set, accounts);
        }
    });
    for (at, full, late) in homeless {
        let set = &mut sets[at];
        let is_first = !std::mem::replace(&mut set.has_overflowed_late, true);
        let (edge, changed) = (set.key().edge().clone(), set.changed);
        let payer = Payer::of(&edge);
        if is_first {
            sets.count_overflow(full, payer, accounts);
        }
        let overflow = sets.overflow((edge.reporter, payer, full), accounts, changed);
        let overflow = sets.change(overflow);
        overflow.changed = overflow.changed.max(changed);
        overflow.values.absorb(late);
    }
}

/// Charges a set for its growth, or credits what it does not need.
fn settle_one<K: LabelSet, V: Values>(set: &mut Set<K, V>, accounts: &mut Accounts) -> Result<(), Full> {
    let lines = set.values.lines();
    let payer = Payer::of(set.key().edge());
    if lines > set.charged {
        accounts.charge(Some(payer), Amount { lines: lines - set.charged, ..Amount::default() })?;
    } else if lines < set.charged {
        accounts.release(Some(payer), Amount { lines: set.charged - lines, ..Amount::default() });
    }
    set.charged = lines;
    Ok(())
}

/// Counters that are shown stay, whether there is room or not.
fn grow<K: LabelSet, V: Values>(set: &mut Set<K, V>, accounts: &mut Accounts) {
    let lines = set.values.lines();
    let more = Amount { lines: lines.saturating_sub(set.charged), ..Amount::default() };
    accounts.charge_existing(Some(Payer::of(set.key().edge())), more);
    set.charged = lines;
}

impl<K: LabelSet, V: Values> Sets<K, V> {
    /// By kind where the node is full, by namespace where a share is.
    pub(super) fn count_overflow(&mut self, full: Full, payer: Payer<'_>, accounts: &mut Accounts) {
        if full.level == Level::Node {
            self.overflowed += 1;
        }
        accounts.pressure.overflow(full, payer);
    }
}
