//! The resources `connections` and `edges`: what the probes' live streams say, asked of them while somebody is interested.
//!
//! ```text
//! request --Demand--> Watched --> live streams          lists <--Views-- Hub <--joining-- FromStream <-- live streams
//! ```

mod joining;
#[cfg(test)]
mod tests;

pub(super) use joining::join;

use super::api::query::ListOptions;
use super::api::status::Failure;
use super::demand::{Demand, Interest, Scope, TooManyNamespaces};
use super::hub::{Hub, Now};
use super::merge::Merged;
use super::missing::{Missing, expected};
use super::page::{Page, Token, check_version, token_expired};
use super::probes::microseconds;
use super::row::RowState;
use super::selector::Selection;
use super::served::Served;
use super::view::{Place, Views};
use crate::acks::Acks;
use crate::index::probes::ProbePods;
use longwire_model::live::Watched;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout_at;

/// Longest wait for what probes say to a new interest. Who has not answered by then is named in the answer.
const ANSWERS: Duration = Duration::from_millis(1_500);
/// Rows that are looked at while the hub waits.
const SLICE: usize = 1_024;

pub(super) type Found<S = Merged> = (Place, Arc<RowState<S>>);

#[derive(Debug)]
pub(super) struct Connections {
    hub: Mutex<Hub>,
    demand: Mutex<Demand>,
    /// Of edges. What is asked of probes for it is in `demand`, too.
    sums: Mutex<Demand>,
    asked: watch::Sender<Arc<Watched>>,
    /// Something was said.
    news: watch::Sender<()>,
    acks: Arc<Acks>,
    /// `None`: pods are not known.
    pods: Option<watch::Receiver<ProbePods>>,
}

/// While it is held, probes are asked for what it is about.
#[derive(Debug)]
pub(super) struct Interested {
    connections: Arc<Connections>,
    interest: Interest,
    /// Also in sums.
    sums: bool,
    generation: u64,
}

impl Drop for Interested {
    fn drop(&mut self) {
        let now = Instant::now();
        if self.sums {
            self.connections.sums.lock().leave(&self.interest, now);
        }
        self.connections.demand.lock().leave(&self.interest, now);
    }
}

impl Connections {
    /// `begun`: as of [`Hub::new`].
    pub(super) fn new(
        begun: u64,
        asked: watch::Sender<Arc<Watched>>,
        acks: Arc<Acks>,
        pods: Option<watch::Receiver<ProbePods>>,
    ) -> Self {
        let (hub, demand, sums) = (Mutex::new(Hub::new(begun)), Mutex::default(), Mutex::default());
        Self { hub, demand, sums, asked, news: watch::Sender::new(()), acks, pods }
    }

    /// In rows of this kind.
    pub(super) fn interest<S: Served>(self: &Arc<Self>, interest: Interest) -> Result<Interested, TooManyNamespaces> {
        let now = Instant::now();
        let mut interested = {
            let mut demand = self.demand.lock();
            demand.join(&interest, now)?;
            let generation = self.ask(&demand);
            Interested { connections: Arc::clone(self), interest, sums: false, generation }
        };
        if S::ARE_SUMS {
            let mut sums = self.sums.lock();
            sums.join(&interested.interest, now)?;
            interested.sums = true;
            self.add_up(&sums);
        }
        Ok(interested)
    }

    /// Ends what nobody is interested in any more.
    fn expire(&self, now: Instant) {
        let mut demand = self.demand.lock();
        demand.expire(now);
        self.ask(&demand);
        drop(demand);
        let mut sums = self.sums.lock();
        sums.expire(now);
        self.add_up(&sums);
    }

    /// Under its lock, so that nothing older is added up later.
    fn add_up(&self, sums: &Demand) {
        let asked = self.asked.borrow().clone();
        let now = Now { instant: Instant::now(), clock: microseconds().saturating_mul(1_000) };
        self.hub.lock().add_up(&sums.watched().namespaces, &asked, now);
    }

    /// Under the lock, so that probes are not asked for an older one later.
    fn ask(&self, demand: &Demand) -> u64 {
        let watched = demand.watched();
        let generation = watched.generation;
        self.asked.send_if_modified(|asked| {
            let is_other = asked.generation != generation;
            *asked = watched;
            is_other
        });
        generation
    }

    /// Waits a moment for the streams' answers, and says of which nodes there is none.
    pub(super) async fn answered<S: Served>(&self, interested: &Interested) -> Missing {
        let (mut news, until) = (self.news.subscribe(), tokio::time::Instant::now() + ANSWERS);
        loop {
            news.borrow_and_update();
            let answers = self.hub.lock().answers(interested.generation);
            let is_complete = answers.iter().all(|answer| answer.complete);
            if is_complete || !matches!(timeout_at(until, news.changed()).await, Ok(Ok(()))) {
                let complete = answers.into_iter().filter(|answer| answer.complete).map(|answer| answer.node);
                let mut hub = self.hub.lock();
                S::refresh(&mut hub, Instant::now());
                let expected = expected(&self.acks, self.pods.as_ref());
                return Missing::of(&expected, &complete.collect(), S::lacks(&hub));
            }
        }
    }

    /// Nodes of which there should be live data.
    pub(super) fn expected(&self) -> BTreeSet<Arc<str>> {
        expected(&self.acks, self.pods.as_ref())
    }

    pub(super) fn get<S: Served>(&self, namespace: &str, name: &str) -> Option<Arc<RowState<S>>> {
        self.with(|views| views.get(namespace, name))
    }

    /// The page that these options ask for.
    pub(super) fn page<S: Served>(
        &self,
        scope: &Scope,
        options: &ListOptions,
        selection: &Selection,
    ) -> Result<Page<Found<S>>, Failure> {
        let token = options.token.as_deref().map(Token::read).transpose()?;
        let revision = {
            let hub = self.hub.lock();
            let views = S::views(&hub);
            match &token {
                Some(token) => views.check(token.rv).map_err(|_| token_expired()).map(|()| token.rv)?,
                None => {
                    check_version(options, views.revision())?;
                    views.revision()
                }
            }
        };
        let after = token.map(|token| (token.namespace.as_str().into(), token.name.as_str().into()));
        // One more says whether there is a next page.
        let most = options.limit.map_or(usize::MAX, |limit| limit.saturating_add(1));
        let mut objects = self.selected(scope, revision, after, most, selection);
        let has_more = options.limit.is_some_and(|limit| objects.len() > limit);
        if has_more {
            objects.pop();
        }
        let next = objects
            .last()
            .filter(|_| has_more)
            .map(|((namespace, name), _)| Token::new(revision, namespace, name).write());
        Ok(Page { revision, objects, next, remaining: None })
    }

    /// At most so many rows after this place that are selected, as they were at the cursor and as they are.
    fn selected<S: Served>(
        &self,
        scope: &Scope,
        cursor: u64,
        mut after: Option<Place>,
        most: usize,
        selection: &Selection,
    ) -> Vec<Found<S>> {
        let mut found = Vec::new();
        loop {
            let rows = self.slice(scope, cursor, &mut after, SLICE);
            let is_last = rows.len() < SLICE;
            let room = most - found.len();
            found.extend(Self::select(rows, scope, cursor, selection).take(room));
            if is_last || found.len() >= most {
                return found;
            }
        }
    }

    /// The next rows of a list, selected or not.
    pub(super) fn slice<S: Served>(
        &self,
        scope: &Scope,
        cursor: u64,
        after: &mut Option<Place>,
        most: usize,
    ) -> Vec<Found<S>> {
        let rows = self.with(|views| views.list(scope, cursor, after.as_ref(), most));
        if let Some((last, _)) = rows.last() {
            *after = Some(last.clone());
        }
        rows
    }

    /// Those of them that are selected as they were at the cursor, and as they are.
    pub(super) fn select<S: Served>(
        rows: Vec<Found<S>>,
        scope: &Scope,
        cursor: u64,
        selection: &Selection,
    ) -> impl Iterator<Item = Found<S>> {
        rows.into_iter().filter(move |(_, state)| {
            let (before, now) = (state.phase_at(cursor), state.phase());
            [before, now].into_iter().all(|phase| selects(selection, scope, state, phase))
        })
    }

    /// Under the lock: for something short.
    pub(super) fn with<S: Served, T>(&self, read: impl FnOnce(&Views<S>) -> T) -> T {
        read(S::views(&self.hub.lock()))
    }

    /// Changes whenever something was said.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }
}

/// Whether a row of this phase is selected; without a phase it is not there.
fn selects<S: Served>(selection: &Selection, scope: &Scope, state: &RowState<S>, phase: Option<S::Phase>) -> bool {
    phase.is_some_and(|phase| S::is_selected(selection, &state.facts, phase, scope.namespace()))
}
