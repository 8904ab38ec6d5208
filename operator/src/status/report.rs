//! The wanted status of each object.
//!
//! ```text
//! Standing (the writer) --+
//! Acked (the streams) ----+--> Progress --> Status --> Reports
//! nodes with a ready probe +
//! ```

use crate::index::probes::ProbePods;
use crate::index::warning::{ACCEPTED_WITH_WARNINGS, CONFLICTED};
use crate::policy::state::{PolicyState, PolicyStates};
use crate::publish::Published;
use crate::publish::acks::Acked;
use crate::publish::role::Role;
use crate::source::object::Key;
use crate::status::progress::{Programmed, Progress, progress};
use crate::status::{self, Condition, Reports, Status, Truth};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

#[cfg(test)]
mod tests;

/// News that come together are looked at together: a rollout is hundreds of batches.
const TOGETHER: Duration = Duration::from_millis(50);

/// Probes connect to a new leader within this time. Until then the status that the former leader wrote is kept for objects
/// whose probes have not connected yet.
const ARRIVAL: Duration = Duration::from_secs(15);

/// Passes on the statuses that changed, until the writer has ended.
pub(crate) async fn report(
    mut published: watch::Receiver<Published>,
    mut pods: watch::Receiver<ProbePods>,
    mut role: watch::Receiver<Role>,
    reports: Reports,
) {
    let acks = Arc::clone(&published.borrow().acks);
    let mut left = Left::default();
    let mut arrived = Instant::now() + ARRIVAL;
    loop {
        let policy_states = Arc::clone(&published.borrow_and_update().policy_states);
        let ready = pods.borrow_and_update().ready.clone();
        let waiting = Instant::now() < arrived;
        let settled = !waiting && *role.borrow() == Role::Leader;
        left.leave(&policy_states, &acks.snapshot(), &ready, settled, &reports);
        let open = tokio::select! {
            changed = published.changed() => changed.is_ok(),
            changed = pods.changed() => changed.is_ok(),
            () = acks.changed() => true,
            changed = role.changed() => {
                arrived = Instant::now() + ARRIVAL;
                changed.is_ok()
            }
            () = sleep_until(arrived), if waiting => true,
        };
        if !open {
            return;
        }
        sleep(TOGETHER).await;
    }
}

/// What was passed on last, by object.
#[derive(Debug, Default)]
struct Left(BTreeMap<Key, (String, Status)>);

impl Left {
    fn leave(
        &mut self,
        policy_states: &PolicyStates,
        acked: &HashMap<String, Acked>,
        ready: &BTreeSet<String>,
        settled: bool,
        reports: &Reports,
    ) {
        self.0.retain(|key, _| {
            let is_there = policy_states.contains_key(key);
            if !is_there {
                reports.forget(key.clone());
            }
            is_there
        });
        for (key, state) in policy_states {
            let progress = progress(state, acked, ready);
            if !settled && matches!(progress.programmed, Programmed::Unknown(_)) {
                continue;
            }
            let now = (state.uid.clone(), status(state, progress));
            if self.0.get(key) != Some(&now) {
                reports.leave(key.clone(), &now.0, now.1.clone());
                self.0.insert(key.clone(), now);
            }
        }
    }
}

fn status(state: &PolicyState, progress: Progress) -> Status {
    let Progress { programmed, programmed_nodes, desired_nodes } = progress;
    Status {
        observed_generation: state.generation,
        accepted: accepted(state),
        programmed: condition(truth(&programmed), programmed.reason(), programmed.message()),
        conflicted: conflicted(state),
        programmed_nodes,
        desired_nodes,
        workloads: state.workloads_selected,
    }
}

fn accepted(state: &PolicyState) -> Condition {
    match (&state.accepted, state.warnings.as_slice()) {
        (Ok(()), []) => condition(Truth::True, "Accepted", "the object can be used"),
        (Ok(()), warnings) => condition(Truth::True, ACCEPTED_WITH_WARNINGS, &warnings.join("; ")),
        (Err(refusal), _) => condition(Truth::False, refusal.reason.as_str(), &refusal.message),
    }
}

fn conflicted(state: &PolicyState) -> Condition {
    match &state.conflicted {
        Some(lost) => condition(Truth::True, CONFLICTED, lost),
        None => condition(Truth::False, "NoConflicts", "no other object overrides a part of it"),
    }
}

/// Logs what is newly wrong with objects, because manifests have no status.
pub(crate) fn log(former: &PolicyStates, now: &PolicyStates) {
    let judged = |state: &Arc<PolicyState>| (accepted(state), conflicted(state));
    for (key, state) in now {
        status::log(key, former.get(key).map(judged), judged(state));
    }
}

fn truth(programmed: &Programmed) -> Truth {
    match programmed.status() {
        "True" => Truth::True,
        "False" => Truth::False,
        _ => Truth::Unknown,
    }
}

fn condition(status: Truth, reason: &str, message: &str) -> Condition {
    Condition { status, reason: reason.to_owned(), message: message.to_owned() }
}
