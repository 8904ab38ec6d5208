//! Observations of an address whose former owner still has processes. They are checked again for a minute.

use longwire_model::identity::{ObservedAddress, UnixNanos};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One for each pod and address, and only while the address's previous pod is ending.
const MAX: usize = 256;
/// As long as the pipeline looks for former owners. Later the API server has said which pod has the address.
const FOR: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Withheld {
    /// The oldest first.
    waiting: VecDeque<Waiting>,
    /// Since the start, for the log.
    total: u64,
}

#[derive(Debug)]
struct Waiting {
    observation: ObservedAddress,
    first: Instant,
    /// When a former owner still ran. The address is not its successor's before that.
    last: UnixNanos,
}

impl Withheld {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn add(&mut self, observation: ObservedAddress, running: &str, now: UnixNanos) {
        if let Some(known) = self.waiting.iter_mut().find(|known| known.is_of(&observation)) {
            known.last = now;
            known.observation = observation;
            return;
        }
        self.total += 1;
        // Logged at powers of two, because a pod that takes an address does it with every container.
        if self.total.is_power_of_two() {
            let ObservedAddress { uid, address, .. } = &observation;
            tracing::info!(
                "pod {uid} connects from {address}, an address of pod {running}, which still runs: this is not reported to the \
                 operator until that pod has ended ({} such observations so far)",
                self.total
            );
        }
        // Past the bound the oldest is not checked again.
        if self.waiting.len() == MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting { observation, first: Instant::now(), last: now });
    }

    /// Those to check again. Each that is not released remains.
    pub(super) fn due(&mut self, now: Instant) -> Vec<ObservedAddress> {
        self.waiting.retain(|waiting| now.duration_since(waiting.first) < FOR);
        self.waiting.iter().map(|waiting| waiting.observation.clone()).collect()
    }

    /// No former owner of it runs any more. It counts from the last time when one did, so that no pod takes over another's connections
    /// by using its address early.
    pub(super) fn release(&mut self, observation: &mut ObservedAddress) {
        let known = self.waiting.iter().position(|known| known.is_of(observation));
        if let Some(known) = known.and_then(|at| self.waiting.remove(at)) {
            observation.since = observation.since.max(known.last);
        }
    }
}

impl Waiting {
    fn is_of(&self, observation: &ObservedAddress) -> bool {
        (&self.observation.uid, self.observation.address) == (&observation.uid, observation.address)
    }
}
