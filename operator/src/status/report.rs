//! What each object's status should say.
//!
//! ```text
//! Standing (the writer) --+
//! Acked (the streams) ----+--> Progress --> Status --> Reports
//! nodes with a ready probe +
//! ```

use crate::index::probes::ProbePods;
use crate::index::warning::{ACCEPTED_WITH_WARNINGS, CONFLICTED};
use crate::policy::state::{Standing, Standings};
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

/// Probes come to a new holder within this time. Until then what they have not said is no news: the status that the former
/// holder wrote stands.
const ARRIVAL: Duration = Duration::from_secs(15);

/// Leaves the statuses that are different from the last time, until the writer has gone.
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
        let standings = Arc::clone(&published.borrow_and_update().standings);
        let ready = pods.borrow_and_update().ready.clone();
        let waiting = Instant::now() < arrived;
        let settled = !waiting && *role.borrow() == Role::Holder;
        left.leave(&standings, &acks.snapshot(), &ready, settled, &reports);
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

/// What was left the last time, by object.
#[derive(Debug, Default)]
struct Left(BTreeMap<Key, (String, Status)>);

impl Left {
    fn leave(
        &mut self,
        standings: &Standings,
        acked: &HashMap<String, Acked>,
        ready: &BTreeSet<String>,
        settled: bool,
        reports: &Reports,
    ) {
        self.0.retain(|key, _| {
            let is_there = standings.contains_key(key);
            if !is_there {
                reports.forget(key.clone());
            }
            is_there
        });
        for (key, standing) in standings {
            let progress = progress(standing, acked, ready);
            if !settled && matches!(progress.programmed, Programmed::Unknown(_)) {
                continue;
            }
            let now = (standing.uid.clone(), status(standing, progress));
            if self.0.get(key) != Some(&now) {
                reports.leave(key.clone(), &now.0, now.1.clone());
                self.0.insert(key.clone(), now);
            }
        }
    }
}

fn status(standing: &Standing, progress: Progress) -> Status {
    let Progress { programmed, programmed_nodes, desired_nodes } = progress;
    Status {
        observed_generation: standing.generation,
        accepted: accepted(standing),
        programmed: condition(truth(&programmed), programmed.reason(), programmed.message()),
        conflicted: conflicted(standing),
        programmed_nodes,
        desired_nodes,
        workloads: standing.workloads_selected,
    }
}

fn accepted(standing: &Standing) -> Condition {
    match (&standing.accepted, standing.warnings.as_slice()) {
        (Ok(()), []) => condition(Truth::True, "Accepted", "the object can be used"),
        (Ok(()), warnings) => condition(Truth::True, ACCEPTED_WITH_WARNINGS, &warnings.join("; ")),
        (Err(refusal), _) => condition(Truth::False, refusal.reason.as_str(), &refusal.message),
    }
}

fn conflicted(standing: &Standing) -> Condition {
    match &standing.conflicted {
        Some(lost) => condition(Truth::True, CONFLICTED, lost),
        None => condition(Truth::False, "NoConflicts", "nothing of it lost to another object"),
    }
}

/// Into the log what is wrong with objects and was not before: where manifests are read there is no status.
pub(crate) fn log(former: &Standings, now: &Standings) {
    let judged = |standing: &Arc<Standing>| (accepted(standing), conflicted(standing));
    for (key, standing) in now {
        status::log(key, former.get(key).map(judged), judged(standing));
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
