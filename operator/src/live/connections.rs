//! The resource `connections`: what the probes' live streams say, asked of them while somebody is interested.
//!
//! ```text
//! request --Demand--> Watched --> live streams          lists <--Views-- Hub <--joining-- FromStream <-- live streams
//! ```

mod joining;
mod missing;
#[cfg(test)]
mod tests;

pub(super) use joining::join;
pub(super) use missing::Missing;

use super::api::query::ListOptions;
use super::api::status::Failure;
use super::demand::{Demand, Interest, Scope, TooManyNamespaces};
use super::hub::Hub;
use super::page::{Page, Token, check_version, token_expired};
use super::row::RowState;
use super::selector::{InView, Selection};
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

pub(super) type Found = (Place, Arc<RowState>);

#[derive(Debug)]
pub(super) struct Connections {
    hub: Mutex<Hub>,
    demand: Mutex<Demand>,
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
    generation: u64,
}

impl Drop for Interested {
    fn drop(&mut self) {
        self.connections.demand.lock().leave(&self.interest, Instant::now());
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
        let (hub, demand) = (Mutex::new(Hub::new(begun)), Mutex::default());
        Self { hub, demand, asked, news: watch::Sender::new(()), acks, pods }
    }

    pub(super) fn interest(self: &Arc<Self>, interest: Interest) -> Result<Interested, TooManyNamespaces> {
        let generation = {
            let mut demand = self.demand.lock();
            demand.join(&interest, Instant::now())?;
            self.ask(&demand)
        };
        Ok(Interested { connections: Arc::clone(self), interest, generation })
    }

    /// Ends what nobody is interested in any more.
    fn expire(&self, now: Instant) {
        let mut demand = self.demand.lock();
        demand.expire(now);
        self.ask(&demand);
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
    pub(super) async fn answered(&self, interested: &Interested) -> Missing {
        let (mut news, until) = (self.news.subscribe(), tokio::time::Instant::now() + ANSWERS);
        loop {
            news.borrow_and_update();
            let answers = self.hub.lock().answers(interested.generation);
            let is_complete = answers.iter().all(|answer| answer.complete);
            if is_complete || !matches!(timeout_at(until, news.changed()).await, Ok(Ok(()))) {
                let complete = answers.into_iter().filter(|answer| answer.complete).map(|answer| answer.node);
                return Missing::of(&self.expected(), &complete.collect(), self.hub.lock().is_full());
            }
        }
    }

    /// Nodes of which there should be live data.
    fn expected(&self) -> BTreeSet<Arc<str>> {
        let probes = self.acks.probes().into_iter();
        let connected = probes.filter(|(_, probe)| probe.connected).map(|(node, _)| Arc::from(node));
        let pods = self.pods.as_ref().map(watch::Receiver::borrow);
        let with_pod: Vec<_> = pods.iter().flat_map(|pods| pods.nodes.values()).cloned().collect();
        connected.chain(with_pod).collect()
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Arc<RowState>> {
        self.hub.lock().views().get(namespace, name)
    }

    /// The page that these options ask for.
    pub(super) fn page(
        &self,
        scope: &Scope,
        options: &ListOptions,
        selection: &Selection,
    ) -> Result<Page<Found>, Failure> {
        let token = options.token.as_deref().map(Token::read).transpose()?;
        let revision = {
            let hub = self.hub.lock();
            match &token {
                Some(token) => hub.views().check(token.rv).map_err(|_| token_expired()).map(|()| token.rv)?,
                None => {
                    check_version(options, hub.views().revision())?;
                    hub.views().revision()
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
    fn selected(
        &self,
        scope: &Scope,
        cursor: u64,
        mut after: Option<Place>,
        most: usize,
        selection: &Selection,
    ) -> Vec<Found> {
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
    pub(super) fn slice(&self, scope: &Scope, cursor: u64, after: &mut Option<Place>, most: usize) -> Vec<Found> {
        let rows = self.hub.lock().views().list(scope, cursor, after.as_ref(), most);
        if let Some((last, _)) = rows.last() {
            *after = Some(last.clone());
        }
        rows
    }

    /// Those of them that are selected as they were at the cursor, and as they are.
    pub(super) fn select(
        rows: Vec<Found>,
        scope: &Scope,
        cursor: u64,
        selection: &Selection,
    ) -> impl Iterator<Item = Found> {
        rows.into_iter().filter(move |(_, state)| {
            let (before, now) = (state.phase_at(cursor), state.phase());
            [before, now].into_iter().all(|phase| selects(selection, scope, state, phase))
        })
    }

    /// Under the lock: for something short.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Views) -> T) -> T {
        read(self.hub.lock().views())
    }

    /// Changes whenever something was said.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }
}

/// Whether a row of this phase is selected; without a phase it is not there.
fn selects(selection: &Selection, scope: &Scope, state: &RowState, phase: Option<super::merge::Phase>) -> bool {
    let namespace = match scope {
        Scope::All => None,
        Scope::Namespace(namespace) => Some(namespace.as_str()),
    };
    phase.is_some_and(|phase| selection.matches(&InView { facts: &state.facts, phase, namespace }))
}
