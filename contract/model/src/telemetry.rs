//! Telemetry configuration: for a pod its series and their labels, for a node its limits.

use crate::access_log::AccessLog;
use crate::exporter::Exporter;
use crate::expression::Expression;
use crate::limits::MAX_TELEMETRY_BYTES;
use crate::matcher::StatsMatcher;
use crate::series::{Metrics, SeriesSets};
use crate::tag::TagName;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The merged configuration of one pod: objects, annotations and defaults. Equal for most pods, so it is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Telemetry {
    /// Age from which a connection has series of its own, if those are on. `None`: as on the probe's command line.
    pub long_connections: Option<Duration>,
    /// For connections that the pod opened. A metric is in at most one group, and off without one.
    pub source: Vec<Group>,
    /// For connections that the pod accepted.
    pub destination: Vec<Group>,
    /// Envoy's statistics that are kept for the pod's connections; `None`: none.
    pub stats: Option<StatsMatcher>,
    /// `None`: nothing is logged. A saved state has it behind the rest, because earlier versions end there.
    #[serde(skip)]
    pub access_log: Option<AccessLog>,
}

/// Metrics with equal labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Group {
    /// Without Envoy's, which have labels of their own.
    pub metrics: Metrics,
    /// Differences to the table's labels, sorted by name, each name once.
    pub tags: Vec<Tag>,
}

/// A label that differs from the table's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub name: TagName,
    /// `None`: the label is removed.
    pub value: Option<TagValue>,
}

/// The value of a changed or added label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TagValue {
    pub expression: Expression,
    /// Most different values that a node may expose for the pods of one namespace; further ones become `overflow`.
    /// `None`: limited only by the node's budget.
    pub max_values: Option<u32>,
}

/// Configuration of a whole node. `None`: as on its probe's command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeSettings {
    /// Interval of samples.
    pub reporting_interval: Option<Duration>,
    /// Lines of a scrape, without those of long connections.
    pub series: Option<u32>,
    /// Long connections with series of their own.
    pub long_connections: Option<u32>,
    /// Lines of a scrape for the pods of one namespace, without those of long connections, of which they may have the
    /// same part. `None`: a third.
    pub series_per_namespace: Option<u32>,
    /// Lines of access logs a second of all pods together. `None`: [`DEFAULT_NODE_RATE`](crate::access_log::DEFAULT_NODE_RATE).
    pub access_log_rate: Option<u32>,
    /// Receivers beside the scrape and the standard output, sorted by name.
    pub exporters: Vec<Exporter>,
}

/// It is larger than [`MAX_TELEMETRY_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes of labels and statistics are too many for one pod: at most {MAX_TELEMETRY_BYTES} are allowed")]
pub struct TelemetryTooLarge {
    pub bytes: usize,
}

impl Telemetry {
    /// These series with the table's labels.
    #[must_use]
    pub fn plain(sets: SeriesSets) -> Self {
        let metrics = Metrics::from(sets);
        let groups = if metrics.is_empty() { Vec::new() } else { vec![Group { metrics, tags: Vec::new() }] };
        Self { long_connections: None, source: groups.clone(), destination: groups, stats: None, access_log: None }
    }

    /// Memory in use, bytes. An expression counts once for each group that has it, because it is evaluated for each.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Self { long_connections: _, source, destination, stats, access_log } = self;
        let groups = source.iter().chain(destination).map(Group::bytes).sum::<usize>();
        let stats = stats.as_ref().map_or(0, StatsMatcher::bytes);
        size_of::<Self>() + groups + stats + access_log.as_ref().map_or(0, AccessLog::bytes)
    }

    /// The same metrics with the table's labels, and without statistics and access log. It takes little memory.
    #[must_use]
    pub fn reduced(&self) -> Self {
        let plain = |groups: &[Group]| {
            let metrics = groups.iter().fold(Metrics::NONE, |all, group| all.union(group.metrics));
            if metrics.is_empty() { Vec::new() } else { vec![Group { metrics, tags: Vec::new() }] }
        };
        let Self { long_connections, source, destination, stats: _, access_log: _ } = self;
        let (source, destination) = (plain(source), plain(destination));
        Self { long_connections: *long_connections, source, destination, stats: None, access_log: None }
    }

    /// Checks the size that a probe accepts.
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
