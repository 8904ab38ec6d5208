//! What the live API counts.

use super::{Counts, add, read};
use longwire_model::series::{is_listed, operator_names};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, PoisonError};

/// Resource, verb, code.
pub(crate) type Answer = (&'static str, &'static str, &'static str);

#[derive(Debug, Default)]
pub struct LiveCounters {
    is_served: AtomicBool,
    /// Whether the API server's certificate can be verified.
    knows_front_proxy: AtomicBool,
    /// Whether the API server knows this operator's authority.
    is_trusted: AtomicBool,
    relayed: AtomicU64,
    answers: Mutex<BTreeMap<Answer, u64>>,
    refused: Counts,
    rows: AtomicU64,
    edges: AtomicU64,
    /// Connections that no edge has room for.
    edges_left_out: AtomicU64,
    /// Updates that probes left out.
    missed: AtomicU64,
    /// Reports of probes that are not believed.
    disbelieved: Counts,
    nodes_missing: AtomicU64,
    watches: AtomicU64,
}

/// A connection that is passed on to the leader, until it is dropped.
#[derive(Debug)]
pub(crate) struct RelayedConnection<'a>(&'a LiveCounters);

impl Drop for RelayedConnection<'_> {
    fn drop(&mut self) {
        self.0.relayed.fetch_sub(1, Relaxed);
    }
}

impl LiveCounters {
    /// From now on there is a live API.
    pub(crate) fn begin(&self) {
        self.is_served.store(true, Relaxed);
    }

    pub(crate) fn knows_front_proxy(&self, knows: bool) {
        self.knows_front_proxy.store(knows, Relaxed);
    }

    pub(crate) fn is_trusted(&self, is_trusted: bool) {
        self.is_trusted.store(is_trusted, Relaxed);
    }

    pub(crate) fn relays(&self) -> RelayedConnection<'_> {
        self.relayed.fetch_add(1, Relaxed);
        RelayedConnection(self)
    }

    pub(crate) fn answered(&self, resource: &'static str, verb: &'static str, code: u16) {
        let answer = (resource, verb, code_name(code));
        let name = operator_names::LIVE_REQUESTS;
        debug_assert!(is_listed(name, "resource", answer.0), "{answer:?}");
        debug_assert!(is_listed(name, "verb", answer.1), "{answer:?}");
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner).entry(answer).or_default() += 1;
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        debug_assert!(is_listed(operator_names::LIVE_REFUSED, "reason", reason), "{reason}");
        add(&self.refused, reason);
    }

    /// Rows now, and what was missed and not believed since this process began.
    pub(crate) fn joined(&self, rows: usize, missed: u64, disbelieved: impl Iterator<Item = (&'static str, u64)>) {
        self.rows.store(rows as u64, Relaxed);
        self.missed.store(missed, Relaxed);
        let mut counts = self.disbelieved.lock().unwrap_or_else(PoisonError::into_inner);
        for (reason, count) in disbelieved {
            debug_assert!(is_listed(operator_names::LIVE_DISBELIEVED, "reason", reason), "{reason}");
            counts.insert(reason, count);
        }
    }

    /// `left_out`: connections that no edge had room for, since the last time.
    pub(crate) fn added_up(&self, edges: usize, left_out: u64) {
        self.edges.store(edges as u64, Relaxed);
        self.edges_left_out.fetch_add(left_out, Relaxed);
    }

    pub(crate) fn watches(&self, now: usize) {
        self.watches.store(now as u64, Relaxed);
    }

    #[must_use]
    pub fn watches_now(&self) -> u64 {
        self.watches.load(Relaxed)
    }

    /// A list lacked what the probes of so many nodes see.
    pub(crate) fn lacked(&self, nodes: usize) {
        self.nodes_missing.store(nodes as u64, Relaxed);
    }

    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.load(Relaxed)
    }

    #[must_use]
    pub fn edges(&self) -> u64 {
        self.edges.load(Relaxed)
    }

    #[must_use]
    pub(crate) fn edges_left_out(&self) -> u64 {
        self.edges_left_out.load(Relaxed)
    }

    #[must_use]
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Relaxed)
    }

    #[must_use]
    pub fn disbelieved(&self) -> BTreeMap<&'static str, u64> {
        read(&self.disbelieved)
    }

    #[must_use]
    pub(crate) fn nodes_missing(&self) -> u64 {
        self.nodes_missing.load(Relaxed)
    }

    /// `None`: there is no live API.
    #[must_use]
    pub(crate) fn registered(&self) -> Option<bool> {
        let is_registered = self.knows_front_proxy.load(Relaxed) && self.is_trusted.load(Relaxed);
        self.is_served.load(Relaxed).then_some(is_registered)
    }

    #[must_use]
    pub fn relayed(&self) -> u64 {
        self.relayed.load(Relaxed)
    }

    #[must_use]
    pub(crate) fn answers(&self) -> BTreeMap<Answer, u64> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[must_use]
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        read(&self.refused)
    }
}

/// Of those that the live API answers with.
fn code_name(code: u16) -> &'static str {
    match code {
        200 => "200",
        201 => "201",
        301 => "301",
        304 => "304",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        406 => "406",
        410 => "410",
        413 => "413",
        415 => "415",
        422 => "422",
        429 => "429",
        503 => "503",
        504 => "504",
        _ => "other",
    }
}
