//! Objects without effect: what the pods at hand would have without each of them.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::read::Known;
use crate::source::event::Event;
use crate::source::object::policy::Reason;
use crate::source::object::{Key, Name, Object, Pod};
use k8s_openapi::jiff::Timestamp;
use longwire_model::telemetry::Telemetry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Outcomes of pods and states of objects that are computed again, for all objects together: some seconds.
const MAX_OUTCOMES: usize = 250_000;

pub(super) fn check(cluster: &mut Cluster<'_>, findings: &mut Findings, notes: &mut Vec<String>) {
    let policies: Vec<(Key, &Known)> = cluster.accepted().map(|(key, known)| (key.clone(), known)).collect();
    let telemetries = telemetries(cluster);
    let full = full_namespaces(cluster);
    let (mut outcomes, mut skipped) = (0, 0);
    for (key, known) in policies {
        log_has_ended(cluster, known, findings);
        if says_nothing(&known.object) {
            findings.add(Code::SaysNothing, known, "spec", "sets nothing");
            continue;
        }
        // What is found already says why.
        if findings.are_about(known) {
            continue;
        }
        let selected = cluster.selected(&key).to_vec();
        // Where objects have no room, another one has it when this one is gone.
        if selected.is_empty() || full.contains(&key.name.namespace) {
            continue;
        }
        outcomes += 2 * (affected(cluster, &key) + cluster.states.len());
        if outcomes > MAX_OUTCOMES {
            skipped += 1;
        } else if !changes_anything(cluster, &key, &selected, &telemetries) {
            let text = match selected.len() {
                1 => "the one pod that it selects would have the same without it".to_owned(),
                pods => format!("the {pods} pods that it selects would have the same without it"),
            };
            findings.add(Code::ChangesNothing, known, "", &text);
        }
    }
    if skipped > 0 {
        notes.push(format!(
            "of {skipped} objects it was not checked whether they change anything, because there are too many pods and objects: \
             analyze fewer files, or one namespace, at a time"
        ));
    }
}

fn log_has_ended(cluster: &Cluster<'_>, known: &Known, findings: &mut Findings) {
    let Object::TelemetryPolicy(policy) = &known.object else { return };
    let until = policy.spec.as_ref().ok().and_then(|spec| spec.access_logs.until);
    if let Some(until) = until.filter(|until| *until <= cluster.now)
        && let Ok(time) = Timestamp::from_nanosecond(until.into())
    {
        findings.add(Code::LogHasEnded, known, "spec.accessLogs.until", &format!("{time} is in the past"));
    }
}

fn says_nothing(object: &Object) -> bool {
    match object {
        Object::TelemetryPolicy(policy) => policy.spec.as_ref().is_ok_and(|spec| spec.says_nothing()),
        // Schemas have it that the others say something.
        _ => false,
    }
}

/// What each pod has.
fn telemetries(cluster: &Cluster<'_>) -> HashMap<Name, Arc<Telemetry>> {
    let of = |pod: &Arc<Pod>| {
        let outcome = cluster.compiler.outcome(&pod.name)?;
        Some((pod.name.clone(), Arc::clone(&outcome.telemetry)))
    };
    cluster.pods().filter_map(of).collect()
}

fn full_namespaces(cluster: &Cluster<'_>) -> BTreeSet<String> {
    let full = cluster.states.iter().filter(|(_, state)| {
        state.accepted.as_ref().is_err_and(|refusal| refusal.reason == Reason::NamespaceBudgetExceeded)
    });
    full.map(|(key, _)| key.name.namespace.clone()).collect()
}

/// Pods that are bound again when the object goes.
fn affected(cluster: &Cluster<'_>, Key { name, .. }: &Key) -> usize {
    if name.namespace == cluster.root { cluster.pods().count() } else { cluster.pods_of(&name.namespace).count() }
}

/// Takes the object away, looks, and puts it back.
fn changes_anything(
    cluster: &mut Cluster<'_>,
    key: &Key,
    selected: &[Arc<Pod>],
    before: &HashMap<Name, Arc<Telemetry>>,
) -> bool {
    let Some(object) = cluster.known.get(key).map(|known| known.object.clone()) else { return true };
    let settings = cluster.settings.clone();
    cluster.apply(vec![Event::Delete(key.clone())]);
    let is_same = |pod: &Arc<Pod>| {
        let now = cluster.compiler.outcome(&pod.name).map(|outcome| &outcome.telemetry);
        match (now, before.get(&pod.name)) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before) || now == before,
            (now, before) => now.is_none() && before.is_none(),
        }
    };
    let changes = settings != cluster.settings || !selected.iter().all(is_same);
    cluster.apply(vec![Event::Apply(object)]);
    changes
}
