//! Budgets that are full: for the log, with one line at the begin and one at the end, and for self-metrics.

use super::budget::{Full, Level, Payer, Resource};
use crate::record::Monotonic;
use longwire_model::series::OVERFLOW;
use std::collections::BTreeMap;

/// Most budgets that are distinguished. Further namespaces are counted under the name `overflow`.
const MAX_BUDGETS: usize = 128;
/// A budget without overflow for this long is full no more.
const QUIET: Monotonic = 60_000_000_000;

/// A budget is full from now on, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub whose: BudgetOwner,
    pub resource: Resource,
    pub limit: usize,
    /// `Some`: it is over, and this many connections and label sets overflowed meanwhile.
    pub overflowed: Option<u64>,
}

/// The owner of the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetOwner {
    Node,
    Namespace(Box<str>),
    /// A namespace, for its connections with pods of another one.
    Peer {
        namespace: Box<str>,
        peer: Box<str>,
    },
}

#[derive(Debug, Default)]
pub(super) struct Pressure {
    budgets: Vec<Watched>,
    crossings: Vec<Crossing>,
}

#[derive(Debug)]
struct Watched {
    whose: BudgetOwner,
    resource: Resource,
    limit: usize,
    /// So far, when it was looked at last, and when it became full.
    overflowed: u64,
    seen: u64,
    before: u64,
    /// When an overflow was last seen; `None`: it is not full.
    last: Option<Monotonic>,
}

impl Pressure {
    /// A connection, or lines of a label set, found no room.
    pub(super) fn overflow(&mut self, full: Full, payer: Payer<'_>) {
        let Full { level, resource, limit } = full;
        let known = self.budgets.iter().position(|budget| budget.resource == resource && budget.whose.is(level, payer));
        let at = known.unwrap_or_else(|| {
            let payer = if self.budgets.len() < MAX_BUDGETS { payer } else { REST };
            let known =
                self.budgets.iter().position(|budget| budget.resource == resource && budget.whose.is(level, payer));
            known.unwrap_or_else(|| {
                let whose = BudgetOwner::new(level, payer);
                self.budgets.push(Watched { whose, resource, limit, overflowed: 0, seen: 0, before: 0, last: None });
                self.budgets.len() - 1
            })
        });
        let budget = &mut self.budgets[at];
        budget.overflowed += 1;
        budget.limit = limit;
    }

    /// To be called every few seconds.
    pub(super) fn look(&mut self, now: Monotonic) {
        for budget in &mut self.budgets {
            let Watched { whose, resource, limit, overflowed, seen, before, last } = budget;
            let mut cross = |overflowed| {
                self.crossings.push(Crossing { whose: whose.clone(), resource: *resource, limit: *limit, overflowed });
            };
            if overflowed != seen {
                if last.is_none() {
                    *before = *seen;
                    cross(None);
                }
                (*seen, *last) = (*overflowed, Some(now));
            } else if last.is_some_and(|last| now.saturating_sub(last) >= QUIET) {
                cross(Some(*overflowed - *before));
                *last = None;
            }
        }
        // A caller that never takes them does not want them.
        let too_many = self.crossings.len().saturating_sub(2 * MAX_BUDGETS);
        self.crossings.drain(..too_many);
    }

    pub(super) fn take_crossings(&mut self) -> Vec<Crossing> {
        std::mem::take(&mut self.crossings)
    }

    /// Budgets that are full now, as they were reported.
    pub(super) fn full(&self) -> Vec<Crossing> {
        let full = self.budgets.iter().filter(|budget| budget.last.is_some());
        let crossing = |budget: &Watched| Crossing {
            whose: budget.whose.clone(),
            resource: budget.resource,
            limit: budget.limit,
            overflowed: None,
        };
        full.map(crossing).collect()
    }

    /// Overflows so far because a share was full, by its level and by the namespace that caused them.
    pub(super) fn overflowed(&self) -> BTreeMap<(&'static str, &str), u64> {
        let mut counts = BTreeMap::new();
        for budget in &self.budgets {
            let blamed = match &budget.whose {
                BudgetOwner::Node => continue,
                BudgetOwner::Namespace(namespace) => ("namespace", &**namespace),
                BudgetOwner::Peer { peer, .. } => ("peer", &**peer),
            };
            *counts.entry(blamed).or_default() += budget.overflowed;
        }
        counts
    }
}

const REST: Payer<'static> = Payer { namespace: OVERFLOW, peer: Some(OVERFLOW) };

impl BudgetOwner {
    fn new(level: Level, payer: Payer<'_>) -> Self {
        match (level, payer.peer) {
            (Level::Node, _) => Self::Node,
            (Level::Peer, Some(peer)) => Self::Peer { namespace: payer.namespace.into(), peer: peer.into() },
            (Level::Namespace | Level::Peer, _) => Self::Namespace(payer.namespace.into()),
        }
    }

    fn is(&self, level: Level, payer: Payer<'_>) -> bool {
        match self {
            Self::Node => level == Level::Node,
            Self::Namespace(namespace) => level == Level::Namespace && **namespace == *payer.namespace,
            Self::Peer { namespace, peer } => {
                level == Level::Peer && **namespace == *payer.namespace && Some(&**peer) == payer.peer
            }
        }
    }
}
