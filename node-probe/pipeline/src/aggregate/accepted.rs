//! Which of Envoy's statistics a pod's matcher lets through, asked once for each cluster: matchers may be long.

use super::handles::ENVOY;
use crate::labels::EnvoyLabels;
use hashbrown::HashMap;
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::Metrics;

/// Pods and clusters that are remembered.
const MOST: usize = 16_384;
/// What Prometheus' names have where Envoy's have the name of the cluster.
const PREFIX: &str = "envoy_cluster_";

#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// Under the telemetry that was asked.
    known: HashMap<EnvoyLabels, (u64, Metrics)>,
}

impl Accepted {
    /// `telemetry`: differs whenever `matcher` does.
    pub(super) fn of(&mut self, labels: &EnvoyLabels, telemetry: u64, matcher: &StatsMatcher) -> Metrics {
        if let Some((of, metrics)) = self.known.get(labels)
            && *of == telemetry
        {
            return *metrics;
        }
        let metrics = evaluate(&labels.cluster(), matcher);
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(labels.clone(), (telemetry, metrics));
        metrics
    }
}

/// By Envoy's own, dotted names.
fn evaluate(cluster: &str, matcher: &StatsMatcher) -> Metrics {
    let name = |statistic: &str| format!("cluster.{cluster}.{statistic}");
    let is_accepted = |family: &str| family.strip_prefix(PREFIX).is_some_and(|name_of| matcher.accepts(&name(name_of)));
    ENVOY.iter().filter(|metric| is_accepted(metric.family().name)).collect()
}
