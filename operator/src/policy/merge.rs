//! Merges objects of several levels for one pod. Pure: objects in, [`Merged`] out.
//!
//! ```text
//! root namespace, namespace, selector: a Level each --draft--> per part the narrowest, then the oldest --assemble--> Telemetry
//!                                                          \--> Conflict, if another object of its level overrides a part
//! ```

use crate::source::object::policy::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use crate::source::object::{AnnotationSettings, Key};
use draft::{Draft, Extra};
use longwire_live::effective_telemetry::EffectiveTelemetryStatus;
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use provenance::Explanation;
pub(crate) use provenance::reference;
pub(crate) use settings::cut;
use std::fmt;

mod access_log;
mod annotations;
mod assemble;
mod conflicts;
mod draft;
mod limit;
mod provenance;
mod settings;
mod stats;
mod trail;

/// Accepted objects of one precedence. Lists are ordered by age, then name: the first wins.
#[derive(Clone, Debug, Default)]
pub struct Level<'a> {
    /// Its objects' own. `None`: they are the settings that apply where no object overrides them.
    pub namespace: Option<&'a str>,
    /// From a Namespace's own annotation; an object of the level takes precedence.
    pub annotated: Option<SeriesSets>,
    /// Its objects are for the whole cluster.
    pub is_cluster_wide: bool,
    pub telemetry: Vec<&'a TelemetryPolicy>,
    pub tags: Vec<&'a ExtraStatTags>,
    pub stats: Vec<&'a StatsMatcher>,
}

/// The pod's own annotations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own<'a> {
    pub series_sets: Option<SeriesSets>,
    /// Whether its connections are logged.
    pub access_log: Option<bool>,
    pub annotation_settings: Option<&'a AnnotationSettings>,
    /// Another mesh's data plane reports its connections.
    pub meshed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub telemetry: Telemetry,
    /// Series sets that are on, whatever overrides switch off of them.
    pub sets: SeriesSets,
    /// Node-wide settings of these levels: the root namespace's apply to every node.
    pub settings: NodeSettings,
    /// In the order of levels and objects; of very many the first ones, and at least one of each loser.
    pub(crate) conflicts: Vec<Conflict>,
    /// Warnings about the pod's annotations: reasons and notes of Events.
    pub warnings: Vec<PodWarning>,
}

/// Another object of the same level overrides a part of this object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conflict {
    pub(crate) loser: Key,
    pub(crate) kind: ConflictKind,
    /// Names the field and the other object.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ConflictKind {
    /// Another object has the part, and goes before this one.
    Overridden,
    /// There are more of its kind than there may be.
    OverLimit,
    /// All parts together are larger than a pod may have.
    TooLarge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodWarning {
    pub reason: &'static str,
    pub note: String,
}

/// Levels from the broadest to the narrowest.
#[must_use]
pub fn merge(levels: &[Level<'_>], own: Own<'_>) -> Merged {
    let mut draft = Draft::default();
    let (merged, _) = lay(&mut draft, levels, own);
    Merged { conflicts: draft.conflicts.into_kept(), ..merged }
}

/// Where each part of the outcome is from, and what lost.
#[must_use]
pub(crate) fn explain(levels: &[Level<'_>], own: Own<'_>) -> EffectiveTelemetryStatus {
    let mut draft = Draft::with_trail();
    let (merged, tags) = lay(&mut draft, levels, own);
    Explanation { draft: &draft, levels, own, merged: &merged }.status(&tags)
}

/// The outcome, whose conflicts are still in the draft, and the extra tags that are in it.
fn lay<'a>(draft: &mut Draft<'a>, levels: &[Level<'a>], own: Own<'_>) -> (Merged, Vec<Extra<'a>>) {
    for (depth, level) in levels.iter().enumerate() {
        draft.lay(depth, level);
    }
    let mut warnings = Vec::new();
    if let Some(annotation_settings) = own.annotation_settings {
        annotations::check_words(annotation_settings, &mut warnings);
        annotations::apply_stats(&mut draft.stats, annotation_settings, &mut warnings);
    }
    let mut tags = annotations::chosen_tags(draft, own.annotation_settings, &mut warnings);
    let sets = assemble::sets(draft, own);
    let (telemetry, settings) = assemble::assemble(draft, &mut tags, sets, own);
    (Merged { telemetry, sets, settings, conflicts: Vec::new(), warnings }, tags)
}

impl fmt::Display for PodWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.note)
    }
}
