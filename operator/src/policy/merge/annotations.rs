//! Applies a pod's own annotations, and collects warnings about them.

use super::PodWarning;
use super::draft::{Draft, Extra};
use super::stats::{List, Lists, StatsDraft};
use crate::index::warning::INVALID_ANNOTATION;
use crate::source::object::policy::{ToPattern, prefix, regex, suffix};
use crate::source::object::{
    AnnotationSettings, EXTRA_STAT_TAGS, Entries, MAX_ENTRIES, MAX_ENTRY_BYTES, STATS_PREFIXES, STATS_REGEXPS,
    STATS_SUFFIXES,
};
use longwire_model::limits::MAX_ANNOTATION_BYTES;
use longwire_model::matcher::StringMatcher;

const UNKNOWN_TAG: &str = "UnknownExtraStatTag";
/// Entries of one annotation that get a warning of their own.
const MAX_WARNED: usize = 3;

/// Lists that are too long are cut.
pub(super) fn check_words(annotation_settings: &AnnotationSettings, warnings: &mut Vec<PodWarning>) {
    let AnnotationSettings { extra_tags, prefixes, suffixes, regexps, access_log: _, unreadable } = annotation_settings;
    warnings.extend(unreadable.iter().map(|note| PodWarning { reason: INVALID_ANNOTATION, note: note.clone() }));
    let listed = [
        (EXTRA_STAT_TAGS, Some(extra_tags)),
        (STATS_PREFIXES, prefixes.as_ref()),
        (STATS_SUFFIXES, suffixes.as_ref()),
        (STATS_REGEXPS, regexps.as_ref()),
    ];
    for (annotation, entries) in listed {
        let left_out = entries.map_or(0, |entries| entries.left_out);
        if left_out > 0 {
            let note = format!(
                "annotation {annotation}: {left_out} of its entries are left out: at most {MAX_ENTRIES} of at most \
                 {MAX_ENTRY_BYTES} bytes, and {MAX_ANNOTATION_BYTES} bytes in all, are read"
            );
            warnings.push(PodWarning { reason: INVALID_ANNOTATION, note });
        }
    }
}

/// An annotation stands in for the list of its sort; beside rejectAll or an exclusionList, for the whole.
pub(super) fn apply_stats(
    stats: &mut StatsDraft<'_>,
    annotation_settings: &AnnotationSettings,
    warnings: &mut Vec<PodWarning>,
) {
    let mut read = |annotation: &str, entries: Option<&Entries>, to_pattern: ToPattern| {
        let entries = entries?;
        let before = warnings.len();
        let mut matchers = Vec::with_capacity(entries.entries.len());
        for entry in &entries.entries {
            match to_pattern(entry).and_then(|pattern| StringMatcher::new(pattern, false)) {
                Ok(matcher) => matchers.push(matcher),
                Err(error) => {
                    warnings.push(PodWarning {
                        reason: INVALID_ANNOTATION,
                        note: format!("annotation {annotation}: {error}"),
                    });
                }
            }
        }
        abridge(warnings, before, annotation, INVALID_ANNOTATION);
        Some(List { matchers: matchers.into(), by: None })
    };
    let lists = [
        None,
        read(STATS_PREFIXES, annotation_settings.prefixes.as_ref(), prefix),
        read(STATS_SUFFIXES, annotation_settings.suffixes.as_ref(), suffix),
        read(STATS_REGEXPS, annotation_settings.regexps.as_ref(), regex),
    ];
    if lists.iter().any(Option::is_some) {
        stats.cover(StatsDraft::Inclusion(Lists(lists)));
    }
}

/// Tags of the pod: those for every pod, and those that it names.
pub(super) fn chosen_tags<'a>(
    draft: &Draft<'a>,
    annotation_settings: Option<&AnnotationSettings>,
    warnings: &mut Vec<PodWarning>,
) -> Vec<Extra<'a>> {
    let wanted = annotation_settings
        .map(|annotation_settings| annotation_settings.extra_tags.entries.as_slice())
        .unwrap_or_default();
    let before = warnings.len();
    let is_wanted = |extra: &Extra<'_>| wanted.iter().any(|name| *name == extra.tag.name.as_str());
    for name in wanted.iter().filter(|name| !draft.extra.keys().any(|known| known.as_str() == name.as_str())) {
        let note = format!(
            "annotation {EXTRA_STAT_TAGS}: no ExtraStatTags object that reaches this pod has a tag {name:?}: define it \
             there with optIn, or leave it out here"
        );
        warnings.push(PodWarning { reason: UNKNOWN_TAG, note });
    }
    abridge(warnings, before, EXTRA_STAT_TAGS, UNKNOWN_TAG);
    draft.extra.values().filter(|extra| !extra.tag.opt_in || is_wanted(extra)).copied().collect()
}

/// Of the warnings about one annotation, from index `before` on, keeps a few and the number of the others, because sixty-four
/// Events on one pod do not inform better.
fn abridge(warnings: &mut Vec<PodWarning>, before: usize, annotation: &str, reason: &'static str) {
    let more = (warnings.len() - before).saturating_sub(MAX_WARNED);
    if more > 0 {
        warnings.truncate(before + MAX_WARNED);
        let note = format!("annotation {annotation}: {more} more of its entries cannot be used");
        warnings.push(PodWarning { reason, note });
    }
}
