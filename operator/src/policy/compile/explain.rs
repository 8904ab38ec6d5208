//! What the compiler has decided for a pod and where it is from, by the merge that decides it.

use super::scope::Outcome;
use super::{Compiler, pod_warnings};
use crate::policy::merge::{Conflict, ConflictKind, cut, reference};
use crate::source::object::{
    self, AnnotationSettings, EXTRA_STAT_TAGS, Entries, Key, Name, STATS_PREFIXES, STATS_REGEXPS, STATS_SUFFIXES,
};
use longwire_crds::{ACCESS_LOG_ANNOTATION, SERIES_SETS_ANNOTATION};
use longwire_live::effective_telemetry::{EffectiveTelemetryStatus, PodAnnotation, TelemetryProblem};
use longwire_model::identity::Pod;
use longwire_model::series::SeriesSet;
use std::collections::HashMap;
use std::sync::Arc;

/// Objects, and problems, of one pod.
const MAX_LISTED: usize = 64;

/// A living pod.
#[derive(Clone, Debug)]
pub struct Explained {
    pub(crate) pod: Arc<object::Pod>,
    pub(crate) identity: Arc<Pod>,
    pub(crate) status: Arc<EffectiveTelemetryStatus>,
}

/// What pods with equal outcomes share, while nothing is compiled.
#[derive(Debug, Default)]
pub(crate) struct Shared(HashMap<*const Outcome, Arc<EffectiveTelemetryStatus>>);

impl Compiler {
    /// `None`: it is not there, or has ended.
    #[must_use]
    pub(crate) fn identity_of(&self, pod: &Name) -> Option<&Arc<Pod>> {
        self.pods.get(pod).map(|compiled| &compiled.local.pod)
    }

    #[must_use]
    pub(crate) fn explain(&self, pod: &Arc<object::Pod>, shared: &mut Shared) -> Option<Explained> {
        let compiled = self.pods.get(&pod.name)?;
        let outcome = &compiled.bound.outcome;
        let known = shared.0.get(&Arc::as_ptr(outcome)).cloned();
        let mut status = match known {
            Some(known) => known,
            None => {
                let made = Arc::new(self.of_outcome(pod, outcome)?);
                shared.0.insert(Arc::as_ptr(outcome), Arc::clone(&made));
                made
            }
        };
        let mut warnings = Vec::new();
        pod_warnings::collect(pod, &compiled.bound, None, &mut warnings);
        warnings.extend(self.node_budgets.warning_of(pod, outcome.bytes));
        if !warnings.is_empty() {
            let problem =
                |reason: &str, note| TelemetryProblem { object: None, reason: reason.to_owned(), message: cut(note) };
            let own = warnings.into_iter().map(|warning| problem(warning.reason, warning.note));
            let status = Arc::make_mut(&mut status);
            status.problems.extend(own);
            status.left_out += bound(&mut status.problems);
        }
        Some(Explained { pod: Arc::clone(pod), identity: Arc::clone(&compiled.local.pod), status })
    }

    /// Equal for all pods with this outcome.
    fn of_outcome(&self, pod: &object::Pod, outcome: &Outcome) -> Option<EffectiveTelemetryStatus> {
        let mut status = self.policies.explain(pod)?;
        let namespace = &pod.name.namespace;
        status.objects = outcome.selected.iter().map(reference).collect();
        status.annotations = annotations(pod);
        status.problems.extend(outcome.conflicts.iter().filter_map(|conflict| left_out(conflict, namespace)));
        for (key, refusal) in self.policies.refused(namespace) {
            let why = if is_visible(key, namespace) { format!(": {}", refusal.message) } else { String::new() };
            status.problems.push(TelemetryProblem {
                object: Some(reference(key)),
                reason: "NotAccepted".to_owned(),
                message: cut(format!("is not accepted, so it applies to no pod{why}")),
            });
        }
        status.left_out += bound(&mut status.objects) + bound(&mut status.problems);
        Some(status)
    }
}

/// Parts that the same objects set are said with the part that won.
fn left_out(conflict: &Conflict, namespace: &str) -> Option<TelemetryProblem> {
    let Conflict { loser, kind, message } = conflict;
    let (reason, about) = match kind {
        ConflictKind::Overridden => return None,
        ConflictKind::OverLimit => ("OverLimit", "a part of it is left out, because there is more than a pod may have"),
        ConflictKind::TooLarge => {
            ("TooLarge", "is left out, because all parts together are larger than a pod may have")
        }
    };
    let message = if is_visible(loser, namespace) { message } else { about };
    Some(TelemetryProblem {
        object: Some(reference(loser)),
        reason: reason.to_owned(),
        message: cut(message.to_owned()),
    })
}

/// Who may read the pods of a namespace may not therefore read objects of another one.
fn is_visible(key: &Key, namespace: &str) -> bool {
    key.name.namespace == namespace
}

/// As they were understood.
fn annotations(pod: &object::Pod) -> Vec<PodAnnotation> {
    let sets = pod.series.sets.map(|sets| {
        let names: Vec<_> = sets.iter().map(SeriesSet::name).collect();
        (SERIES_SETS_ANNOTATION, names.join(","))
    });
    let mut found: Vec<_> = sets.into_iter().collect();
    if let Some(settings) = &pod.annotation_settings {
        let AnnotationSettings { extra_tags, prefixes, suffixes, regexps, access_log, unreadable: _ } = &**settings;
        let listed = |entries: &Entries| entries.entries.join(",");
        found.extend(access_log.map(|on| (ACCESS_LOG_ANNOTATION, on.to_string())));
        found.extend((!extra_tags.entries.is_empty()).then(|| (EXTRA_STAT_TAGS, listed(extra_tags))));
        found.extend(prefixes.as_ref().map(|entries| (STATS_PREFIXES, listed(entries))));
        found.extend(suffixes.as_ref().map(|entries| (STATS_SUFFIXES, listed(entries))));
        found.extend(regexps.as_ref().map(|entries| (STATS_REGEXPS, listed(entries))));
    }
    found.into_iter().map(|(name, value)| PodAnnotation { name: name.to_owned(), value: cut(value) }).collect()
}

fn bound<T>(entries: &mut Vec<T>) -> u64 {
    entries.split_off(entries.len().min(MAX_LISTED)).len() as u64
}
