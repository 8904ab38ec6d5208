//! What arrives from outside, and which pending connections it wakes.

use super::Resolver;
use super::cgroup::Named;
use super::pending::{PendingConnection, Wait};
use crate::connection::Passes;
use crate::record::Monotonic;
use longwire_model::identity::UnixNanos;
use longwire_model::update::Update;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

/// Keys for which `due` and `woken` keep their memory.
const KEYS: usize = 4_096;

impl Resolver {
    pub(crate) fn set_clock(&mut self, wall_clock_offset: UnixNanos) {
        self.wall_clock_offset = wall_clock_offset;
    }

    /// Less CLOCK_MONOTONIC, as it was last set.
    pub(crate) fn clock(&self) -> UnixNanos {
        self.wall_clock_offset
    }

    /// The operator's update.
    pub(crate) fn apply(&mut self, update: &Update, now: Monotonic) {
        let is_first = !self.configured;
        self.configured = true;
        for pod in &update.pods {
            for address in pod.pod.addresses.iter().filter(|_| !pod.pod.host_network) {
                if self.locals.lately_at(*address).all(|uid| uid != pod.pod.uid) {
                    self.address_observations.repeat_at(*address, &pod.pod.uid, now);
                }
            }
            self.locals.upsert(pod);
        }
        for uid in &update.removed_pods {
            self.locals.remove(uid, now);
        }
        for address in &update.addresses {
            self.identities.answer(address);
        }
        if is_first {
            self.wake(Wait::Configuration..=Wait::Configuration);
        }
        if !update.pods.is_empty() {
            self.wake(Wait::Local(0)..=Wait::Local(u64::MAX));
        }
        for answer in &update.addresses {
            let wait = Wait::Address(answer.address);
            self.wake(wait..=wait);
        }
    }

    /// Names a cgroup by its directories, from the root of the tree on; `None`: it is not in the tree.
    pub(crate) fn name_cgroup(&mut self, cgroup: u64, names: Option<&[&str]>) {
        let named = names.map_or(Named::Outside, |names| Named::of(&self.kubelet, names));
        self.locals.cgroups.name(cgroup, named);
    }

    /// Wakes the connections that wait for the pod of this cgroup.
    pub(crate) fn wake_cgroup(&mut self, cgroup: u64) {
        let wait = Wait::Local(cgroup);
        self.wake(wait..=wait);
    }

    /// Conntrack's answer to a query; `None`: it has no entry.
    pub(crate) fn answer_backend(&mut self, token: u64, answer: Option<SocketAddr>) {
        if let Some(connection) = self.queue.get_mut(token) {
            connection.answer_backend(answer);
            self.due.push_back(token);
        }
    }

    /// A pass is over; `is_complete`: it left no live connection out.
    pub(crate) fn end_pass(&mut self, passes: Passes, is_complete: bool) {
        self.joins.end_pass(passes);
        if is_complete {
            self.wake(Wait::Join..=Wait::Join);
        }
        // Else they would keep room for the largest burst that there has ever been.
        self.due.shrink_to(KEYS);
        self.woken.shrink_to(KEYS);
    }

    /// Wakes the connections whose wait is over.
    pub(crate) fn tick(&mut self, now: Monotonic) {
        self.due.extend(self.queue.due(now));
    }

    /// A connection that still waits.
    pub(crate) fn pending_mut(&mut self, key: u64) -> Option<&mut PendingConnection> {
        self.queue.get_mut(key)
    }

    /// The connection is of no more interest. Its other end may be.
    pub(crate) fn abandon(&mut self, key: u64) {
        if let Some(connection) = self.queue.take(key) {
            self.joins.finish(&connection.end);
        }
    }

    fn wake(&mut self, waits: RangeInclusive<Wait>) {
        self.due.extend(self.queue.waiting_for(waits));
    }
}
