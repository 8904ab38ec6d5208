//! Merges objects of several levels for one pod. Pure: objects in, [`Merged`] out.
//!
//! ```text
//! root namespace, namespace, selector: a Level each --draft--> per part the narrowest, then the oldest --assemble--> Telemetry
//!                                                          \--> Conflict, if another object of its level overrides a part
//! ```

use crate::source::object::policy::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use crate::source::object::{AnnotationSettings, Key};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use std::fmt;

mod access_log;
mod annotations;
mod assemble;
mod conflicts;
mod draft;
mod limit;
pub(super) mod locality;
mod stats;

/// Accepted objects of one precedence. Lists are ordered by age, then name: the first wins.
#[derive(Clone, Debug, Default)]
pub struct Level<'a> {
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
    let mut draft = draft::Draft::default();
    for (depth, level) in levels.iter().enumerate() {
        draft.lay(depth, level);
    }
    let mut warnings = Vec::new();
    if let Some(annotation_settings) = own.annotation_settings {
        annotations::check_words(annotation_settings, &mut warnings);
        annotations::apply_stats(&mut draft.stats, annotation_settings, &mut warnings);
    }
    let tags = annotations::chosen_tags(&draft, own.annotation_settings, &mut warnings);
    let sets = assemble::sets(&draft, own);
    let (telemetry, settings) = assemble::assemble(&mut draft, tags, sets, own);
    Merged { telemetry, sets, settings, conflicts: draft.conflicts.into_kept(), warnings }
}

impl fmt::Display for PodWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.note)
    }
}
