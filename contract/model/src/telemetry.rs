//! What is configured: for a pod, which series its connections feed and under which labels; for a node, how much of it.

use crate::expression::Expression;
use crate::limits::MAX_TELEMETRY_BYTES;
use crate::matcher::StatsMatcher;
use crate::series::{Metrics, SeriesSets};
use crate::tag::TagName;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What kinds, annotations and built-in values come to for one pod. Equal for most, so it is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Telemetry {
    /// Age from which a connection has series of its own, where those are on; `None`: as the probe was started.
    pub long_connections: Option<Duration>,
    /// Of connections that the pod opened. No metric is in two groups; one in none is off.
    pub source: Vec<Group>,
    /// Of connections that the pod accepted.
    pub destination: Vec<Group>,
    /// Which of Envoy's statistics are kept of the pod's connections; `None`: none.
    pub stats: Option<StatsMatcher>,
}

/// Metrics that carry the same labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Group {
    /// None of Envoy's: their labels are Envoy's own.
    pub metrics: Metrics,
    /// What is different from the labels of the table, sorted by name, no name twice.
    pub tags: Vec<Tag>,
}

/// A label that is not as the table has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub name: TagName,
    /// `None`: the label is left out.
    pub value: Option<TagValue>,
}

/// What a label says instead, or as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TagValue {
    pub expression: Expression,
    /// Different values that a node may expose of it for the pods of one namespace; further ones read `overflow`. `None`: as many as there is room for.
    pub max_values: Option<u32>,
}

/// What is configured for a node as a whole. `None`: as its probe was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeSettings {
    /// How often connections are looked at.
    pub reporting_interval: Option<Duration>,
    /// Lines of a scrape, those of long connections apart.
    pub series: Option<u32>,
    /// Long connections with series of their own.
    pub long_connections: Option<u32>,
    /// Lines of a scrape that the pods of one namespace may cause, those of long connections apart, of which they may have the
    /// same part; `None`: a third.
    pub series_per_namespace: Option<u32>,
}

/// It takes more than [`MAX_TELEMETRY_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes of labels and statistics are too many for one pod: at most {MAX_TELEMETRY_BYTES} are allowed")]
pub struct TelemetryTooLarge {
    pub bytes: usize,
}

impl Telemetry {
    /// These series, with the labels of the table.
    #[must_use]
    pub fn plain(sets: SeriesSets) -> Self {
        let metrics = Metrics::from(sets);
        let groups = if metrics.is_empty() { Vec::new() } else { vec![Group { metrics, tags: Vec::new() }] };
        Self { long_connections: None, source: groups.clone(), destination: groups, stats: None }
    }

    /// What it takes in memory once it is in use. An expression counts once for each group that it stands in, because it is
    /// evaluated for each of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Self { long_connections: _, source, destination, stats } = self;
        let groups = source.iter().chain(destination).map(Group::bytes).sum::<usize>();
        size_of::<Self>() + groups + stats.as_ref().map_or(0, StatsMatcher::bytes)
    }

    /// The same metrics with the labels of the table, and without statistics: next to nothing.
    #[must_use]
    pub fn reduced(&self) -> Self {
        let plain = |groups: &[Group]| {
            let metrics = groups.iter().fold(Metrics::NONE, |all, group| all.union(group.metrics));
            if metrics.is_empty() { Vec::new() } else { vec![Group { metrics, tags: Vec::new() }] }
        };
        let Self { long_connections, source, destination, stats: _ } = self;
        let (source, destination) = (plain(source), plain(destination));
        Self { long_connections: *long_connections, source, destination, stats: None }
    }

    /// Whether a probe takes it.
    pub fn check_size(&self) -> Result<(), TelemetryTooLarge> {
        let bytes = self.bytes();
        if bytes > MAX_TELEMETRY_BYTES { Err(TelemetryTooLarge { bytes }) } else { Ok(()) }
    }
}

impl Group {
    fn bytes(&self) -> usize {
        let tag = |Tag { name, value }: &Tag| {
            let expression = value.as_ref().map_or(0, |value| value.expression.bytes());
            size_of::<Tag>() + name.as_str().len() + expression
        };
        size_of::<Self>() + self.tags.iter().map(tag).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
