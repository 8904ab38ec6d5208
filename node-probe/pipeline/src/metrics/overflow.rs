//! Overflow sets of namespaces: connections without room in a share are recorded under the namespace that has the share, and all
//! other labels read `overflow`. They are made when they are needed, charged to the node, and expire when they are idle.

use super::budget::{Accounts, Amount, Full, Level, Measure, Payer, lines_of};
use super::sets::{Place, Sets};
use super::values::Values;
use crate::labels::{Differences, LabelSet};
use crate::observation::Reporter;
use crate::record::Monotonic;
use longwire_model::tag::TagName;

/// Most overflow sets of one kind of label sets. Further namespaces use the node's overflow sets.
const MAX_SETS: usize = 64;
const REPORTER: &str = "reporter";

/// The owner of an overflow set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Overflow {
    pub(super) reporter: Reporter,
    namespace: Box<str>,
    peer: Option<Box<str>>,
}

impl Overflow {
    fn new(reporter: Reporter, payer: Payer<'_>, level: Level) -> Self {
        let peer = payer.peer.filter(|_| level == Level::Peer).map(Into::into);
        Self { reporter, namespace: payer.namespace.into(), peer }
    }

    fn is(&self, reporter: Reporter, payer: Payer<'_>, level: Level) -> bool {
        let peer = payer.peer.filter(|_| level == Level::Peer);
        self.reporter == reporter && *self.namespace == *payer.namespace && self.peer.as_deref() == peer
    }

    /// How it differs from the node's overflow set.
    fn differences<K: LabelSet>(&self) -> Option<Differences> {
        let [own, other] = labels::<K>(self.reporter);
        let mut labels = vec![(TagName::parse(own?).ok()?, Some(self.namespace.clone()))];
        if let (Some(other), Some(peer)) = (other, &self.peer) {
            labels.push((TagName::parse(other).ok()?, Some(peer.clone())));
        }
        // Equal to the table's label. A restored set needs it to know which of the two namespaces is the reporter's.
        if K::REPORTERS.len() > 1 {
            labels.push((TagName::parse(REPORTER).ok()?, Some(self.reporter.name().into())));
        }
        labels.sort_unstable_by(|one, next| one.0.cmp(&next.0));
        Some(Differences::new(labels))
    }

    /// What [`Overflow::differences`] was made of.
    pub(super) fn of<K: LabelSet>(differences: &Differences) -> Option<Self> {
        let value = |name: &str| differences.of(name).flatten();
        let reporter = match value(REPORTER) {
            Some(name) => *K::REPORTERS.iter().find(|reporter| reporter.name() == name)?,
            None => *K::REPORTERS.first().filter(|_| K::REPORTERS.len() == 1)?,
        };
        let [own, other] = labels::<K>(reporter);
        let peer = other.and_then(value).map(Into::into);
        Some(Self { reporter, namespace: value(own?)?.into(), peer })
    }
}

/// The label with the namespace of the end that reports, and that of the other end.
fn labels<K: LabelSet>(reporter: Reporter) -> [Option<&'static str>; 2] {
    let [source, destination] = K::NAMESPACES;
    match reporter {
        Reporter::Source => [source, destination],
        Reporter::Destination => [destination, source],
    }
}

impl<K: LabelSet, V: Values> Sets<K, V> {
    /// The overflow set for connections without room: the node's where the namespace cannot have its own.
    pub(super) fn overflow(
        &mut self,
        (reporter, payer, full): (Reporter, Payer<'_>, Full),
        accounts: &mut Accounts,
        now: Monotonic,
    ) -> u32 {
        let level = full.level;
        if level == Level::Node {
            return self.overflow_of(reporter);
        }
        let at = self.known_overflow(reporter, payer, level);
        at.or_else(|| self.make_overflow(Overflow::new(reporter, payer, level), accounts, now))
            .unwrap_or_else(|| self.overflow_of(reporter))
    }

    /// The overflow set that there is for such connections.
    pub(super) fn known_overflow(&self, reporter: Reporter, payer: Payer<'_>, level: Level) -> Option<u32> {
        self.overflows.iter().find(|(overflow, _)| overflow.is(reporter, payer, level)).map(|(_, at)| *at)
    }

    /// What a new one would read. `made`: further ones that there would be.
    pub(super) fn new_overflow(
        &self,
        (reporter, payer, level): (Reporter, Payer<'_>, Level),
        made: usize,
    ) -> Option<(K, Differences)> {
        let has_room = self.overflows.len() + made < MAX_SETS;
        let differences = has_room.then(|| Overflow::new(reporter, payer, level).differences::<K>())??;
        Some((K::overflow(reporter), differences))
    }

    /// Whose overflow set it is. `None`: the node's, or it is none.
    pub(super) fn overflow_namespace(&self, at: u32) -> Option<&str> {
        self.overflows.iter().find(|(_, known)| *known == at).map(|(overflow, _)| &*overflow.namespace)
    }

    fn make_overflow(&mut self, overflow: Overflow, accounts: &mut Accounts, now: Monotonic) -> Option<u32> {
        if self.overflows.len() >= MAX_SETS {
            return None;
        }
        let (key, differences) = (K::overflow(overflow.reporter), overflow.differences::<K>()?);
        let at = match self.find(&key, &differences) {
            // A namespace has this name.
            Place::At(at) => at,
            Place::Nowhere(fingerprint) => {
                let cost = self.cost_of_overflow(&differences);
                accounts.charge(None, cost).ok()?;
                let at = self.insert(key, differences, fingerprint, now);
                self.becomes_overflow(at, cost);
                at
            }
        };
        self.overflows.push((overflow, at));
        Some(at)
    }

    /// The cost of all that it can grow to, because it must never be refused a line.
    pub(super) fn cost_of_overflow(&self, differences: &Differences) -> Amount {
        let bytes = Self::weight(0, differences);
        match self.measure {
            Measure::Lines => Amount { lines: lines_of(V::METRICS), connections: 0, bytes },
            Measure::Sets => Amount { lines: 0, connections: 1, bytes },
        }
    }

    /// A saved one, charged to the node.
    pub(super) fn restore_overflow(&mut self, differences: Differences, accounts: &mut Accounts) -> Option<u32> {
        let overflow = Overflow::of::<K>(&differences)?;
        let key = K::overflow(overflow.reporter);
        let Place::Nowhere(fingerprint) = self.find(&key, &differences) else { return None };
        let cost = self.cost_of_overflow(&differences);
        accounts.charge_existing(None, cost);
        let at = self.insert(key, differences, fingerprint, 0);
        self.becomes_overflow(at, cost);
        self.overflows.push((overflow, at));
        Some(at)
    }

    fn becomes_overflow(&mut self, at: u32, cost: Amount) {
        let set = &mut self[at];
        set.known = V::METRICS;
        set.is_overflow = true;
        set.charged = cost.lines;
    }
}
