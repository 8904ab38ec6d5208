//! The three kinds that configure Longwire, checked: what is wrong with an object makes it a refusal of that object alone.
//!
//! Everything that the API server's rules refuse is refused here too, because manifests have no API server.

use super::{InvalidObject, Key, Kind, Metadata, Unreadable, namespaced, nanoseconds};
use longwire_model::identity::UnixNanos;
use longwire_model::limits::MIN_OBJECT_BYTES;

mod access_logs;
mod exporters;
mod extra_stat_tags;
mod overrides;
mod refusal;
mod selector;
mod size;
mod stats_matcher;
mod telemetry_policy;
#[cfg(test)]
mod tests;
mod written_overrides;

pub(crate) use access_logs::AccessLogs;
pub use extra_stat_tags::ExtraStatTags;
pub(crate) use extra_stat_tags::{ExtraTag, TagsSpec};
pub(crate) use overrides::{MetricMatch, Overrides, Reporter};
pub(crate) use refusal::Reason;
pub use refusal::Refusal;
pub(crate) use selector::Selector;
pub(crate) use size::{Weigh, check_text};
pub use stats_matcher::StatsMatcher;
pub(crate) use stats_matcher::{Inclusions, StatsMode, StatsSpec};
pub(crate) use stats_matcher::{ToPattern, prefix, regex, suffix};
pub use telemetry_policy::TelemetryPolicy;
pub(crate) use telemetry_policy::{KnownExporters, TagChange, TelemetrySpec};
pub(crate) use written_overrides::OverridePlace;

/// An object of one of the kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy<S> {
    pub key: Key,
    pub uid: String,
    /// `metadata.generation`; 0: the object has none.
    pub generation: i64,
    /// 0: unknown, taken for older than all others.
    pub created: UnixNanos,
    pub spec: Result<S, Refusal>,
    /// Fields that this release does not know, and ignores.
    pub unknown: Option<String>,
}

impl<S> Policy<S> {
    /// An object that is present but could not be parsed.
    pub(crate) fn unreadable(unreadable: &Unreadable) -> Self {
        let Unreadable { key, uid, generation, refusal } = unreadable.clone();
        Self { key, uid, generation, created: 0, spec: Err(refusal), unknown: None }
    }

    /// The same without its spec.
    pub(crate) fn refused(&self, refusal: Refusal) -> Self {
        let Self { key, uid, generation, created, spec: _, unknown: _ } = self;
        let (key, uid) = (key.clone(), uid.clone());
        Self { key, uid, generation: *generation, created: *created, spec: Err(refusal), unknown: None }
    }
}

/// What an object counts in its namespace; `None`: it is refused and counts nothing.
pub(crate) fn counted<S: Weigh>(policy: &Policy<S>) -> Option<usize> {
    policy.spec.as_ref().ok().map(|spec| spec.bytes().max(MIN_OBJECT_BYTES))
}

fn policy<S: Weigh>(kind: Kind, metadata: Metadata, spec: Result<S, Refusal>) -> Result<Policy<S>, InvalidObject> {
    let name = namespaced(&metadata)?;
    Ok(Policy {
        uid: metadata.uid.filter(|uid| !uid.is_empty()).unwrap_or_else(|| name.to_string()),
        generation: metadata.generation.unwrap_or(0),
        created: nanoseconds(metadata.creation_timestamp.as_ref()),
        key: Key { kind, name },
        spec: spec.and_then(size::check_read),
        unknown: None,
    })
}
