//! The desired status of each object.
//!
//! ```text
//! PolicyState (the writer) -+
//! Acked (the streams) ------+--> PolicyStatus --> Reports
//! nodes with a ready probe -+
//! ```

use super::conditions::{accepted, conflicted};
use super::progress::progress;
use super::{Desired, Reports, news};
use crate::acks::{Acked, Acks};
use crate::index::probes::ProbePods;
use crate::policy::state::{PolicyState, PolicyStates};
use crate::publish::Published;
use crate::publish::role::Role;
use crate::source::object::Key;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use longwire_crds::PolicyStatus;
use longwire_crds::status::NodeCount;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

#[cfg(test)]
mod tests;

/// News that come together are looked at together: a rollout is hundreds of batches.
const COALESCE: Duration = Duration::from_millis(50);

/// Probes connect to a new leader within this time. Until then the status that the former leader wrote is kept for objects
/// whose probes have not connected yet.
const ARRIVAL: Duration = Duration::from_secs(15);

/// Passes on the statuses that changed, until the writer has ended.
pub(crate) async fn report(
    mut published: watch::Receiver<Published>,
    acks: Arc<Acks>,
    mut pods: watch::Receiver<ProbePods>,
    mut role: watch::Receiver<Role>,
    reports: Reports,
) {
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
        sleep(COALESCE).await;
    }
}

/// What was passed on last, by object.
#[derive(Debug, Default)]
struct Left(BTreeMap<Key, Desired>);

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
                reports.leave(key.clone(), None);
            }
            is_there
        });
        for (key, state) in policy_states {
            let (programmed, nodes) = progress(state, acked, ready);
            if !settled && programmed.status == "Unknown" {
                continue;
            }
            let now = (state.uid.clone(), status(state, programmed, nodes));
            if self.0.get(key) != Some(&now) {
                reports.leave(key.clone(), Some(now.clone()));
                self.0.insert(key.clone(), now);
            }
        }
    }
}

fn status(state: &PolicyState, programmed: Condition, nodes: NodeCount) -> PolicyStatus {
    PolicyStatus {
        observed_generation: Some(state.generation),
        conditions: vec![accepted(state), programmed, conflicted(state)],
        nodes: Some(nodes),
        programmed: Some(format!("{}/{}", nodes.programmed, nodes.desired)),
        workloads_selected: Some(state.workloads_selected),
    }
}

/// Logs what is newly wrong with objects, because manifests have no status.
pub(crate) fn log(former: &PolicyStates, now: &PolicyStates) {
    let judged = |state: &Arc<PolicyState>| [accepted(state), conflicted(state)];
    for (key, state) in now {
        let former = former.get(key).map(judged);
        news::log(key, former.as_ref().map_or(&[], |former| former.as_slice()), &judged(state));
    }
}
