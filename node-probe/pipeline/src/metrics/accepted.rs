//! The statistics of Envoy that a pod's matcher accepts, evaluated once for each cluster because matchers may be long.

use super::handles::ENVOY;
use crate::labels::EnvoyLabels;
use hashbrown::{DefaultHashBuilder, HashMap};
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::Metrics;
use std::hash::BuildHasher;

/// Most pairs of pod and cluster that are remembered.
const MAX_ANSWERS: usize = 16_384;
/// Prefix of Prometheus' names, where Envoy's names have the cluster.
const PREFIX: &str = "envoy_cluster_";

/// By a hash of telemetry and labels with a key of this process, so that an entry is as small as its answer and keeps no pod's names
/// in memory. Two of 16,384 collide with a probability of 10^-11.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    known: HashMap<u64, Metrics>,
    hasher: DefaultHashBuilder,
}

impl Accepted {
    /// `telemetry`: differs whenever `matcher` does.
    pub(super) fn of(&mut self, labels: &EnvoyLabels, telemetry: u64, matcher: &StatsMatcher) -> Metrics {
        let key = self.hasher.hash_one((telemetry, labels));
        if let Some(metrics) = self.known.get(&key) {
            return *metrics;
        }
        let metrics = evaluate(&labels.cluster(), matcher);
        if self.known.len() >= MAX_ANSWERS {
            self.known.clear();
        }
        self.known.insert(key, metrics);
        metrics
    }
}

/// By Envoy's own, dotted names.
fn evaluate(cluster: &str, matcher: &StatsMatcher) -> Metrics {
    let name = |statistic: &str| format!("cluster.{cluster}.{statistic}");
    let is_accepted = |family: &str| family.strip_prefix(PREFIX).is_some_and(|name_of| matcher.accepts(&name(name_of)));
    ENVOY.iter().filter(|metric| is_accepted(metric.family().name)).collect()
}
