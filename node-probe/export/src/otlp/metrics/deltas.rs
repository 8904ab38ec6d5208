//! What the receiver has of each line, for deltas: what was last accepted, and nothing of label sets that are gone.

use super::Clock;
use super::values::Values;
use crate::by_set::BySet;
use longwire_model::identity::UnixNanos;
use longwire_model::series::Metric;
use longwire_pipeline::metrics::LabelSetId;
use longwire_pipeline::record::Monotonic;

#[derive(Debug)]
pub(super) struct Deltas {
    began: Monotonic,
    /// Time of the last export that ended.
    previous: Option<UnixNanos>,
    /// Of each metric that the label set has.
    sets: BySet<Vec<Sent>>,
}

/// Of one label set in one metric.
#[derive(Clone, Debug)]
struct Sent {
    metric: Metric,
    /// A metric that was switched off and on begins anew.
    born: Option<Monotonic>,
    /// The receiver has what came up to then, and nothing of what came later.
    until: UnixNanos,
    values: Values,
}

/// What the receiver has when it accepts the request.
#[derive(Debug)]
pub(super) struct Mark {
    id: LabelSetId,
    sent: Sent,
}

/// What it has not.
#[derive(Debug)]
pub(super) struct New {
    pub(super) since: UnixNanos,
    pub(super) values: Values,
    pub(super) mark: Mark,
}

impl Deltas {
    pub(super) fn new(began: Monotonic) -> Self {
        Self { began, previous: None, sets: BySet::default() }
    }

    /// `None`: there is nothing new. `born`: when the first of these values was shown.
    pub(super) fn new_of(
        &mut self,
        (id, metric): (LabelSetId, Metric),
        born: Option<Monotonic>,
        values: Values,
        clock: Clock,
    ) -> Option<New> {
        let of_set = self.sets.entry(id, Vec::new);
        let known = of_set.iter().position(|sent| sent.metric == metric);
        let mut sent = Sent { metric, born, until: clock.now, values };
        if let Some(before) = known.map(|at| &mut of_set[at]).filter(|before| before.born == born) {
            let values = sent.values.since(&before.values);
            let since = before.until.min(clock.now);
            if values.is_nothing() {
                before.until = before.until.max(clock.now);
                return None;
            }
            sent.until = sent.until.max(before.until);
            return Some(New { since, values, mark: Mark { id, sent } });
        }
        let is_older = born.is_none_or(|born| born < self.began);
        if is_older || sent.values.is_nothing() {
            // Not for the receiver to decide.
            set(of_set, sent);
            return None;
        }
        // A line that was in no export before came after the previous one; one that was and was not accepted is as old as it is.
        let born = born.map_or(clock.now, |born| clock.at(born));
        let since = self.previous.map_or(born, |previous| previous.min(born));
        Some(New { since, values: sent.values.clone(), mark: Mark { id, sent } })
    }

    /// Label sets that were removed meanwhile stay so.
    pub(super) fn accept(&mut self, sent: Vec<Mark>) {
        for Mark { id, sent } in sent {
            if let Some(of_set) = self.sets.get_mut(id) {
                set(of_set, sent);
            }
        }
    }

    /// An export has looked at all families.
    pub(super) fn ended(&mut self, at: UnixNanos) {
        self.previous = self.previous.max(Some(at));
    }

    pub(super) fn forget(&mut self, removed: LabelSetId) {
        self.sets.forget(removed);
    }

    /// Label sets of which something is kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.sets.count()
    }
}

fn set(of_set: &mut Vec<Sent>, sent: Sent) {
    match of_set.iter_mut().find(|known| known.metric == sent.metric) {
        Some(known) => *known = sent,
        None => {
            of_set.reserve_exact(1);
            of_set.push(sent);
        }
    }
}
