//! The one task that owns index and compiler: takes events, publishes snapshots.

use crate::acks::Acks;
use crate::counters::Counters;
use crate::index::probes::Probes;
use crate::index::seen::Seen;
use crate::index::warning::{Warning, Warnings};
use crate::index::{Index, Stale};
use crate::policy::compile::{Changes, Compiler};
use crate::policy::state::{self, PolicyStates};
use crate::publish::Publisher;
use crate::source::Reread;
use crate::source::event::{AddressObservations, Batch, Event};
use crate::source::object::Kind;
use crate::status::report;
use longwire_model::identity::UnixNanos;
use questions::Question;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

pub mod questions;
#[cfg(test)]
mod tests;

/// How often owners and nodes that left are looked over.
const EXPIRY: Duration = Duration::from_secs(5);
/// Batches that are taken in at once, if so many wait: a rollout is worked out once, not once a batch.
const MAX_BATCHES: usize = 64;
/// Messages of probes that wait; a stream whose message finds no room waits with it.
const SEEN: usize = 64;
/// Questions that wait; whoever finds no room waits with his.
const QUESTIONS: usize = 16;

#[derive(Debug)]
pub struct Writer {
    index: Index,
    compiler: Compiler,
    publisher: Publisher,
    /// `None`: no authentication.
    probes: Option<Probes>,
    /// `None`: nobody asks for pods by their UIDs.
    seen_pods: Option<Seen>,
    counters: Arc<Counters>,
    warnings: Warnings,
    /// States that were logged, where there is nothing but the log.
    logged: PolicyStates,
    reread: Reread,
    acks: Arc<Acks>,
    seen: (mpsc::Sender<AddressObservations>, mpsc::Receiver<AddressObservations>),
    questions: (mpsc::Sender<Question>, mpsc::Receiver<Question>),
}

impl Writer {
    #[must_use]
    pub fn new(compiler: Compiler, publisher: Publisher, probes: Option<Probes>, counters: Arc<Counters>) -> Self {
        Self {
            index: Index::default(),
            compiler,
            publisher,
            probes,
            seen_pods: None,
            counters,
            warnings: Warnings::default(),
            logged: PolicyStates::new(),
            reread: Reread::default(),
            acks: Arc::default(),
            seen: mpsc::channel(SEEN),
            questions: mpsc::channel(QUESTIONS),
        }
    }

    /// Where address observations of probes go.
    #[must_use]
    pub fn observations(&self) -> mpsc::Sender<AddressObservations> {
        self.seen.0.clone()
    }

    /// Where it is asked what pods have, and for copies of the cluster.
    #[must_use]
    pub fn questions(&self) -> mpsc::Sender<Question> {
        self.questions.0.clone()
    }

    /// How the source is requested to send again the objects that the index has not kept.
    #[must_use]
    pub(crate) fn with_reread(mut self, reread: Reread) -> Self {
        self.reread = reread;
        self
    }

    /// Where what probes answered is kept: entries of nodes that are gone are forgotten.
    #[must_use]
    pub(crate) fn with_acks(mut self, acks: Arc<Acks>) -> Self {
        self.acks = acks;
        self
    }

    /// Where the live API finds pods.
    #[must_use]
    pub fn with_seen_pods(mut self, seen_pods: Option<Seen>) -> Self {
        self.seen_pods = seen_pods;
        self
    }

    /// Sends warnings to the task that creates Events and logs them, instead of logging them here.
    #[must_use]
    pub(crate) fn with_warnings(mut self, sender: mpsc::Sender<Warning>) -> Self {
        self.warnings = Warnings::to(sender);
        self
    }

    /// Until the source ends.
    pub async fn run(mut self, mut events: mpsc::Receiver<Batch>, clock: impl Fn() -> UnixNanos) {
        let mut expiry = tokio::time::interval(EXPIRY);
        expiry.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut waiting, mut received) = (Vec::new(), Vec::new());
        let heartbeat = Arc::clone(self.counters.loops.writer());
        loop {
            heartbeat.waits();
            tokio::select! {
                batches = events.recv_many(&mut waiting, MAX_BATCHES) => {
                    heartbeat.wakes(None);
                    match batches {
                        0 => return,
                        _ => self.take(waiting.drain(..).flatten(), clock()),
                    }
                }
                // It never ends: one of its senders is here.
                _ = self.seen.1.recv_many(&mut received, MAX_BATCHES) => {
                    heartbeat.wakes(None);
                    self.observe(received.drain(..), clock());
                }
                Some(question) = self.questions.1.recv() => {
                    heartbeat.wakes(None);
                    question.answer(&self.index, &self.compiler);
                }
                due = expiry.tick() => {
                    heartbeat.wakes(Some(due.elapsed()));
                    self.expire(clock());
                }
            }
        }
    }

    /// Index, compile, publish.
    fn take(&mut self, events: impl Iterator<Item = Event>, now: UnixNanos) {
        let mut stale = Stale::default();
        for event in events {
            self.index.apply(event, &mut stale);
        }
        if self.index.take_forgotten() {
            self.reread.request(Kind::TelemetryPolicy);
        }
        if self.index.take_slices_forgotten() {
            self.reread.request(Kind::EndpointSlice);
        }
        self.index.take_warnings().into_iter().for_each(|warning| self.warnings.send(warning));
        self.counters.indexed(self.index.counts(), self.index.slices_refused());
        // Before publication: a probe must not be sent its own end and continue.
        if let Some(probes) = &mut self.probes {
            probes.take(&self.index, &stale);
        }
        if let Some(seen_pods) = &mut self.seen_pods {
            seen_pods.take(&self.index, &stale, now);
        }
        self.publish(|compiler, index| compiler.compile(index, stale, now));
    }

    fn expire(&mut self, now: UnixNanos) {
        self.acks.retain(|node| self.index.has_node(node));
        if let Some(seen_pods) = &mut self.seen_pods {
            seen_pods.expire(now);
        }
        self.publish(|compiler, _| compiler.expire(now));
    }

    fn observe(&mut self, received: impl Iterator<Item = AddressObservations>, now: UnixNanos) {
        for AddressObservations { node, observations } in received {
            let (changes, unused) = self.compiler.observe(&self.index, &node, &observations, now);
            let accepted = (observations.len() as u64).saturating_sub(unused.not_on_node + unused.outside);
            self.counters.observations_accepted.fetch_add(accepted, Relaxed);
            self.counters.observations_of_others.fetch_add(unused.not_on_node, Relaxed);
            self.counters.observations_outside.fetch_add(unused.outside, Relaxed);
            if !changes.answers.is_empty() {
                self.publisher.publish(changes, self.index.is_synced());
            }
        }
    }

    fn publish(&mut self, changes: impl FnOnce(&mut Compiler, &Index) -> Changes) {
        let mut changes = changes(&mut self.compiler, &self.index);
        if let (Some(policy_states), true) = (&changes.policy_states, self.warnings.are_only_logged()) {
            report::log(&self.logged, policy_states);
            self.logged.clone_from(policy_states);
        }
        if let Some(policy_states) = &changes.policy_states {
            self.counters.configured(state::refused(policy_states), state::conflicted(policy_states));
        }
        self.counters.reduced(self.compiler.reduced_pods());
        self.counters.left_out(self.compiler.left_out());
        std::mem::take(&mut changes.warnings).into_iter().for_each(|warning| self.warnings.send(warning));
        self.publisher.publish(changes, self.index.is_synced());
    }
}
