//! Annotations of pods, of their templates and of Namespaces.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::read::{Input, Known};
use super::suggest;
use crate::index::warning::{INVALID_ANNOTATION, TELEMETRY_TOO_LARGE};
use crate::source::object::{
    EXTRA_STAT_TAGS, Kind, Object, Pod, STATS_PREFIXES, STATS_REGEXPS, STATS_SUFFIXES, SeriesAnnotation, is_of_pods,
};
use longwire_crds::{ACCESS_LOG_ANNOTATION, SERIES_SETS_ANNOTATION as SERIES_SETS};
use longwire_model::limits::MAX_LABEL_BYTES;
use longwire_model::series::{InvalidSeriesSet, SeriesSet};
use std::collections::BTreeSet;

/// Those that a pod may have.
const KNOWN: [&str; 6] =
    [SERIES_SETS, ACCESS_LOG_ANNOTATION, EXTRA_STAT_TAGS, STATS_PREFIXES, STATS_SUFFIXES, STATS_REGEXPS];

pub(super) fn check(cluster: &Cluster<'_>, findings: &mut Findings) {
    for known in cluster.known.values() {
        match &known.object {
            Object::Namespace(namespace) => series(known, &namespace.series, findings),
            Object::Pod(pod) if !pod.ended => {
                series(known, &pod.series, findings);
                outcome(cluster, known, pod, findings);
                tags(cluster, known, pod, findings);
            }
            _ => {}
        }
    }
}

/// Annotations on objects that make pods, or lead to them, where only those of the pods count.
pub(super) fn check_places(input: &Input<'_>, findings: &mut Findings) {
    let is_elsewhere = |known: &&Known| !known.inside.is_empty() || known.object.key().kind == Kind::Service;
    for known in input.known.iter().filter(is_elsewhere) {
        let annotations = known.value["metadata"]["annotations"].as_object();
        for name in annotations.into_iter().flatten().map(|(name, _)| name.as_str()) {
            if name == SERIES_SETS || is_of_pods(name) {
                let text = format!("has no effect on a {}", known.subject.kind);
                let remedy = match known.inside {
                    "" => "Write it into the template of the pods.".to_owned(),
                    template => format!("Write it into {template}.metadata.annotations."),
                };
                findings.suggest(Code::MisplacedAnnotation, known, field(name), &text, Some(remedy));
            }
        }
    }
}

fn field(annotation: &str) -> String {
    format!("metadata.annotations.{annotation}")
}

/// Names of annotations, and entries of the one that selects series sets.
fn series(known: &Known, series: &SeriesAnnotation, findings: &mut Findings) {
    for name in &series.misspelt {
        let field = known.field(&field(name));
        if is_of_pods(name) {
            let remedy = "Write it into the template of the pods.".to_owned();
            findings.suggest(Code::MisplacedAnnotation, known, field, "has no effect on a Namespace", Some(remedy));
        } else {
            let text = format!("is not known, and has no effect: known are {}", KNOWN.join(", "));
            findings.suggest(Code::UnknownAnnotation, known, field, &text, suggest::remedy(name, KNOWN));
        }
    }
    let field = known.field(&field(SERIES_SETS));
    for name in &series.unknown {
        let remedy = suggest::remedy(name, SeriesSet::NAMED.map(SeriesSet::name));
        findings.suggest(
            Code::InvalidAnnotation,
            known,
            field.clone(),
            &InvalidSeriesSet(name.clone()).to_string(),
            remedy,
        );
    }
    if series.unnamed > 0 {
        let text = format!("{} more of its entries name no series set", series.unnamed);
        findings.add(Code::InvalidAnnotation, known, field, &text);
    }
}

/// What the operator says when it applies the pod's annotations.
fn outcome(cluster: &Cluster<'_>, known: &Known, pod: &Pod, findings: &mut Findings) {
    if pod.labels_left_out > 0 {
        let text = format!(
            "{} labels are not read: a pod may have {MAX_LABEL_BYTES} bytes of them, and these come last by name",
            pod.labels_left_out
        );
        findings.add(Code::PodTooLarge, known, known.field("metadata.labels"), &text);
    }
    let warnings = cluster.compiler.outcome(&pod.name).map(|outcome| outcome.warnings.as_slice());
    for warning in warnings.unwrap_or_default() {
        if warning.reason == INVALID_ANNOTATION {
            let (name, text) = named(&warning.note);
            let field = known.field(&name.map_or_else(|| "metadata.annotations".to_owned(), field));
            findings.add(Code::InvalidAnnotation, known, field, text);
        } else if warning.reason == TELEMETRY_TOO_LARGE {
            findings.add(Code::PodTooLarge, known, "", &warning.note);
        }
    }
}

/// The annotation that a note is about, and the rest of it.
fn named(note: &str) -> (Option<&str>, &str) {
    let named = note.strip_prefix("annotation ").and_then(|rest| rest.split_once(": "));
    named.map_or((None, note), |(name, text)| (Some(name), text))
}

/// Tags that the pod chooses. Without any ExtraStatTags for it in the files they may be defined elsewhere.
fn tags(cluster: &Cluster<'_>, known: &Known, pod: &Pod, findings: &mut Findings) {
    let Some(settings) = &pod.annotation_settings else { return };
    let selected = cluster.compiler.outcome(&pod.name).map(|outcome| outcome.selected.as_slice());
    let objects = selected.unwrap_or_default().iter().filter_map(|key| match &cluster.known.get(key)?.object {
        Object::ExtraStatTags(tags) => tags.spec.as_ref().ok(),
        _ => None,
    });
    let mut defined = BTreeSet::new();
    for spec in objects {
        defined.extend(spec.tags.iter().map(|tag| tag.name.as_str()));
    }
    let unknown = settings.extra_tags.entries.iter().filter(|name| !defined.contains(name.as_str()));
    for name in unknown.filter(|_| !defined.is_empty()) {
        let text = format!("no ExtraStatTags object for this pod has a tag {name:?}");
        let remedy = suggest::remedy(name, defined.iter().copied());
        findings.suggest(Code::UndefinedTag, known, known.field(&field(EXTRA_STAT_TAGS)), &text, remedy);
    }
}
