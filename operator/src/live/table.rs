//! All rows: joined from both ends' reports, shown when their names are known, and gone when nobody reports them any more. Pure: times
//! are arguments.

#[cfg(test)]
mod tests;

use super::edges::{Edges, Seen, Share};
use super::ended::EndedRows;
use super::merge::{Directions, Merged, Phase, Report};
use super::row::{Facts, Key, RowState};
use super::trust::Refused;
use super::view::Views;
use longwire_model::connection::Reporter;
use longwire_model::live::{Ended, Moved};
use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most rows.
pub(super) const MAX_ROWS: usize = 65_536;
/// Two passes of a probe. So long the names of a peer are waited for, and so old is the last reading of what still moves.
const PASSES: Duration = Duration::from_millis(2_500);
/// So long the other end's end is waited for.
const OTHER_END: Duration = Duration::from_secs(3);
/// A probe restarts within this time, and describes its connections again.
const STALE: Duration = Duration::from_secs(20);
/// Between two changes of a row that only moves: a second, which a turn may come a little early for.
const PACE: Duration = Duration::from_millis(900);

/// Longer than an edge waits for the report of a source, and for a turn that comes late.
const UNDECIDED: Duration = Duration::from_secs(10);

/// The end of a connection that a stream reports.
pub(super) type End = (Key, Reporter);

#[derive(Debug)]
struct Held {
    /// The stream that reports it.
    stream: u64,
    report: Report,
    /// When it was read last.
    at: Instant,
    /// Since when nobody reports it.
    stale: Option<Instant>,
}

#[derive(Debug)]
struct Row {
    facts: Arc<Facts>,
    /// The first that reported it.
    node: Arc<str>,
    /// Of the source and of the destination.
    ends: [Option<Held>; 2],
    merged: Merged,
    since: Instant,
    first_end: Option<Instant>,
    shown: Option<(Arc<RowState>, Instant)>,
    /// What its edge has of it.
    share: Share,
}

#[derive(Debug)]
pub(super) struct Table {
    rows: HashMap<Key, Row>,
    /// Those that are over. They stay until they leave here.
    over: EndedRows,
    /// Of which something was said since all were settled.
    dirty: HashSet<Key>,
    pub(super) views: Views,
    pub(super) edges: Edges,
}

const fn index(reporter: Reporter) -> usize {
    match reporter {
        Reporter::Source => 0,
        Reporter::Destination => 1,
    }
}

impl Table {
    pub(super) fn new(begun: u64) -> Self {
        let (rows, over, dirty) = (HashMap::new(), EndedRows::default(), HashSet::new());
        Self { rows, over, dirty, views: Views::new(begun), edges: Edges::new(begun) }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A stream reports this end from now on.
    pub(super) fn describe(
        &mut self,
        (facts, reporter): (Facts, Reporter),
        handshake: Option<u64>,
        (stream, node, now): (u64, &Arc<str>, Instant),
    ) -> Result<End, Refused> {
        let key = facts.key.clone();
        let is_full = self.rows.len() >= MAX_ROWS;
        match self.rows.get_mut(&key) {
            None if is_full => return Err(Refused::Full),
            None => {
                self.rows.insert(key.clone(), Row::new(facts, node, now));
            }
            Some(row) => row.join(facts, reporter)?,
        }
        if let Some(row) = self.rows.get_mut(&key) {
            row.hold(reporter, handshake, stream, now);
        }
        self.dirty.insert(key.clone());
        Ok((key, reporter))
    }

    pub(super) fn moved(&mut self, (key, reporter): &End, moved: Moved, now: Instant) {
        let Some(row) = self.rows.get_mut(key) else { return };
        if let Some(held) = &mut row.ends[index(*reporter)] {
            held.report.read(moved);
            held.at = now;
            self.dirty.insert(key.clone());
        }
    }

    pub(super) fn ended(&mut self, (key, reporter): &End, ended: Ended, now: Instant) {
        let Some(row) = self.rows.get_mut(key) else { return };
        if let Some(held) = &mut row.ends[index(*reporter)] {
            held.report.end(ended);
            row.first_end.get_or_insert(now);
            self.dirty.insert(key.clone());
        }
    }

    /// Its stream says no more of it.
    pub(super) fn release(&mut self, (key, reporter): &End, stream: u64, now: Instant) {
        let Some(row) = self.rows.get_mut(key) else { return };
        if let Some(held) = row.ends[index(*reporter)].as_mut().filter(|held| held.stream == stream) {
            held.stale.get_or_insert(now);
            held.report.is_stale = true;
            held.report.rate = Directions::default();
            self.dirty.insert(key.clone());
        }
    }

    /// It lives no more, and nothing is known of how it ended.
    pub(super) fn drop_end(&mut self, (key, reporter): &End, stream: u64) {
        let Some(row) = self.rows.get_mut(key) else { return };
        if row.ends[index(*reporter)].as_ref().is_some_and(|held| held.stream == stream) {
            row.ends[index(*reporter)] = None;
            self.dirty.insert(key.clone());
        }
    }

    /// Shows what is new, and leaves to the next turn what may not be shown yet.
    pub(super) fn settle(&mut self, now: Instant) {
        let Self { rows, over, dirty, views, edges } = self;
        for key in dirty.drain() {
            let Some(row) = rows.get_mut(&key) else { continue };
            if row.is_dead() {
                forget(rows, (views, edges), &key, now);
                continue;
            }
            let was_over = row.is_over();
            row.show(views, now);
            row.count(edges, now);
            if row.is_over() && !was_over {
                let node = Arc::clone(&row.node);
                over.push(key, &node, now);
                if let Some(oldest) = over.pop_of(&node) {
                    forget(rows, (views, edges), &oldest, now);
                }
            }
        }
        self.expire(now);
    }

    /// What time alone changes, about once a second: all rows are looked at.
    pub(super) fn turn(&mut self, now: Instant) {
        for (key, row) in &mut self.rows {
            if row.age(now) || self.edges.is_on() && row.waits_for_source(now) {
                self.dirty.insert(key.clone());
            }
        }
        self.settle(now);
        self.edges.turn(now);
    }

    /// All rows are looked at, whether or not they count in an edge.
    pub(super) fn count_anew(&mut self) {
        self.dirty.extend(self.rows.keys().cloned());
    }

    /// What has been said is in the edges, and they are shown.
    pub(super) fn refresh(&mut self, now: Instant) {
        self.settle(now);
        self.edges.publish();
    }

    fn expire(&mut self, now: Instant) {
        while let Some(key) = self.over.pop(now) {
            forget(&mut self.rows, (&mut self.views, &mut self.edges), &key, now);
        }
        self.views.expire(now);
    }
}

fn forget(rows: &mut HashMap<Key, Row>, (views, edges): (&mut Views, &mut Edges), key: &Key, now: Instant) {
    let Some(mut row) = rows.remove(key) else { return };
    let share = mem::take(&mut row.share);
    if let Some((state, _)) = &row.shown {
        views.remove(state, now);
        edges.leave(share, row.seen(), now);
    }
}

impl Row {
    fn new(facts: Facts, node: &Arc<str>, now: Instant) -> Self {
        let (facts, merged) = (Arc::new(facts), Merged::default());
        let node = Arc::clone(node);
        Self { facts, node, ends: [None, None], merged, since: now, first_end: None, shown: None, share: Share::None }
    }

    /// One more description of it.
    fn join(&mut self, facts: Facts, reporter: Reporter) -> Result<(), Refused> {
        let end = index(reporter);
        let own = |facts: &Facts| match reporter {
            Reporter::Source => facts.source.pod.as_ref().map(|pod| pod.uid().to_owned()),
            Reporter::Destination => facts.destination.pod.as_ref().map(|pod| pod.uid().to_owned()),
        };
        let is_same = own(&self.facts) == own(&facts);
        if self.ends[end].as_ref().is_some_and(|held| held.stale.is_none() && held.report.ended.is_none()) {
            return Err(Refused::Held);
        }
        if !is_same && (self.shown.is_some() || self.ends[end].is_some()) {
            return Err(Refused::OtherPod);
        }
        // Until it is shown, each end has the names that it reports of itself.
        if self.shown.is_none() {
            let known = Arc::make_mut(&mut self.facts);
            known.service = known.service.take().or(facts.service);
            known.adopted |= facts.adopted;
            match reporter {
                Reporter::Source => {
                    known.source = facts.source;
                    known.requested_service = facts.requested_service;
                    known.requested_address = facts.requested_address;
                    known.start = facts.start;
                }
                Reporter::Destination => known.destination = facts.destination,
            }
        }
        Ok(())
    }

    fn hold(&mut self, reporter: Reporter, handshake: Option<u64>, stream: u64, now: Instant) {
        let former = self.ends[index(reporter)].take();
        let mut report = former.map(|held| held.report).unwrap_or_default();
        report.is_stale = false;
        report.handshake = report.handshake.or(handshake);
        self.ends[index(reporter)] = Some(Held { stream, report, at: now, stale: None });
    }

    fn is_over(&self) -> bool {
        self.shown.as_ref().is_some_and(|(state, _)| state.merged.phase != Phase::Open)
    }

    /// Nobody reports it, and nobody is told how it ended.
    fn is_dead(&self) -> bool {
        !self.is_over() && self.ends.iter().all(Option::is_none)
    }

    fn knows_both_pods(&self) -> bool {
        self.facts.source.pod.is_some() && self.facts.destination.pod.is_some()
    }

    /// Returns whether it is to be looked at again.
    fn age(&mut self, now: Instant) -> bool {
        let is_over = self.is_over();
        let mut is_due = self.shown.as_ref().is_none_or(|(state, _)| state.merged != self.merged);
        for end in &mut self.ends {
            let is_long_stale = |stale: Instant| now.saturating_duration_since(stale) >= STALE;
            if !is_over && end.as_ref().and_then(|held| held.stale).is_some_and(is_long_stale) {
                (*end, is_due) = (None, true);
            }
            if let Some(held) = end.as_mut().filter(|held| held.report.rate != Directions::default())
                && now.saturating_duration_since(held.at) >= PASSES
            {
                (held.report.rate, is_due) = (Directions::default(), true);
            }
        }
        is_due || !is_over && self.first_end.is_some()
    }

    /// Time alone may decide that it counts.
    fn waits_for_source(&self, now: Instant) -> bool {
        self.share.is_open() && now.saturating_duration_since(self.since) < UNDECIDED
    }

    /// Its edge has what is shown of it.
    fn count(&mut self, edges: &mut Edges, now: Instant) {
        if self.shown.is_some() {
            let mut share = mem::take(&mut self.share);
            edges.take(&mut share, self.seen(), now);
            self.share = share;
        }
    }

    fn seen(&self) -> Seen<'_> {
        let Self { facts, node, merged, since, first_end, .. } = self;
        Seen { facts, merged, node, since: *since, is_ending: first_end.is_some() }
    }

    /// Shows it as it is, if that is something new and may be shown now.
    fn show(&mut self, views: &mut Views, now: Instant) {
        let is_past = |since: Instant, time| now.saturating_duration_since(since) >= time;
        let reports = [0, 1].map(|end: usize| self.ends[end].as_ref().map(|held| &held.report));
        let waits_for_the_other = self.first_end.is_some_and(|first| !is_past(first, OTHER_END));
        self.merged = self.merged.and(reports, !waits_for_the_other);
        let merged = self.merged;
        let is_due = match &self.shown {
            None => self.knows_both_pods() || reports.iter().all(Option::is_some) || is_past(self.since, PASSES),
            Some((before, at)) => before.merged.phase != merged.phase || before.merged != merged && is_past(*at, PACE),
        };
        if is_due {
            let before = self.shown.as_ref().map(|(before, _)| before);
            self.shown = Some((views.publish(&self.facts, merged, before), now));
        }
    }
}
