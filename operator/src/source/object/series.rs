//! The series sets of the annotation `telemetry.longwire.io/series-sets`.

use super::annotation_settings::{EXTRA_STAT_TAGS, STATS_PREFIXES, STATS_REGEXPS, STATS_SUFFIXES};
use longwire_crds::{
    ACCESS_LOG_ANNOTATION as ACCESS_LOG, DEFAULTS_ANNOTATION, GROUP, SERIES_SETS_ANNOTATION as SERIES_SETS,
};
use longwire_model::series::{InvalidSeriesSet, SeriesSets};
use std::collections::BTreeMap;

/// Annotations of Longwire's own group that are known on every object that may have some.
const KNOWN: [&str; 2] = [SERIES_SETS, DEFAULTS_ANNOTATION];
/// Istio's annotations that Longwire reads; for pods alone.
const OF_PODS: [&str; 4] = [EXTRA_STAT_TAGS, STATS_PREFIXES, STATS_SUFFIXES, STATS_REGEXPS];
/// Prefixes, in lower case, of misspelt ones. Istio has no other annotation with such a prefix.
const LIKE_OF_PODS: [&str; 2] = ["sidecar.istio.io/statsinclusion", "sidecar.istio.io/extrastat"];

/// Unknown names in one warning, and bytes of each: an object may have 256 KiB of annotations.
const MAX_UNKNOWN: usize = 3;
const MAX_UNKNOWN_BYTES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesAnnotation {
    /// `None`: a broader object decides. An empty annotation selects no series set.
    pub sets: Option<SeriesSets>,
    /// The first entries that name no series set.
    pub unknown: Vec<String>,
    /// How many more there are.
    pub(crate) unnamed: usize,
    /// Annotations that look like those that Longwire reads and are none, or not on this kind: the first few by name.
    pub(crate) misspelt: Vec<String>,
}

/// The kind of object that has the annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    Namespace,
    Pod,
}

impl SeriesAnnotation {
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>, bearer: Bearer) -> Self {
        let misspelt = annotations.map(|annotations| misspelt(annotations, bearer)).unwrap_or_default();
        let Some(text) = annotations.and_then(|annotations| annotations.get(SERIES_SETS)) else {
            return Self { misspelt, ..Self::default() };
        };
        let mut annotation = Self { sets: Some(SeriesSets::NONE), misspelt, ..Self::default() };
        let mut known = 0_usize;
        let mut names = text.split(',').map(str::trim).filter(|name| !name.is_empty()).peekable();
        let says_nothing = names.peek().is_none();
        for name in names {
            match name.parse() {
                Ok(set) => {
                    known += 1;
                    annotation.sets = annotation.sets.map(|sets| sets.with(set));
                }
                Err(_) => annotation.note(name),
            }
        }
        // A lone typing error must not switch everything off.
        if known == 0 && !says_nothing {
            annotation.sets = None;
        }
        annotation
    }

    fn note(&mut self, unknown: &str) {
        let unknown = &unknown[..unknown.floor_char_boundary(MAX_UNKNOWN_BYTES)];
        if self.unknown.iter().any(|known| known == unknown) {
            return;
        }
        if self.unknown.len() < MAX_UNKNOWN {
            self.unknown.push(unknown.to_owned());
        } else {
            self.unnamed += 1;
        }
    }

    /// Warnings about the annotation that `former` did not cause.
    pub fn warnings(&self, former: Option<&Self>) -> Vec<String> {
        let is_new_name = |name: &&String| former.is_none_or(|former| !former.unknown.contains(name));
        let named = self.unknown.iter().filter(is_new_name).map(|name| InvalidSeriesSet(name.clone()).to_string());
        let is_new = self.unnamed > 0 && former.is_none_or(|former| former.unnamed != self.unnamed);
        let more = is_new.then(|| format!("{} more of its entries name no series set", self.unnamed));
        let entries = named.chain(more).map(|text| format!("annotation {SERIES_SETS}: {text}"));
        let is_new_misspelt = |name: &&String| former.is_none_or(|former| !former.misspelt.contains(name));
        let misspelt = self.misspelt.iter().filter(is_new_misspelt).map(|name| without_effect(name));
        entries.chain(misspelt).collect()
    }
}

fn misspelt(annotations: &BTreeMap<String, String>, bearer: Bearer) -> Vec<String> {
    let is_wrong = |name: &&String| match name.as_str() {
        name if KNOWN.contains(&name) => false,
        name if is_of_pods(name) => bearer == Bearer::Namespace,
        name => is_ours(name) || is_another_series_sets(name) || is_like_of_pods(name),
    };
    let wrong = annotations.keys().filter(is_wrong).take(MAX_UNKNOWN);
    wrong.map(|name| name[..name.floor_char_boundary(GROUP.len() + 1 + MAX_UNKNOWN_BYTES)].to_owned()).collect()
}

/// Of those that only a pod has.
pub(crate) fn is_of_pods(name: &str) -> bool {
    name == ACCESS_LOG || OF_PODS.contains(&name)
}

fn is_ours(name: &str) -> bool {
    name.split_once('/').is_some_and(|(group, _)| group == GROUP)
}

/// As `longwire.io/series-sets`.
fn is_another_series_sets(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(prefix, name)| name == "series-sets" && prefix.contains("longwire"))
}

fn is_like_of_pods(name: &str) -> bool {
    // The longest beginning of these; an annotation's name is ASCII.
    let beginning = name.get(..name.len().min(32)).unwrap_or_default().to_ascii_lowercase();
    LIKE_OF_PODS.iter().any(|like| beginning.starts_with(like))
}

/// Why the annotation has no effect, and which ones have.
fn without_effect(name: &str) -> String {
    if is_of_pods(name) {
        return format!("annotation {name} has no effect on a Namespace: write it on its pods");
    }
    let known = if is_like_of_pods(name) { OF_PODS.join(", ") } else { format!("{SERIES_SETS} and {ACCESS_LOG}") };
    format!("annotation {name} is not known, and has no effect: {known} are")
}
