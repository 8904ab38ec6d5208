//! Which pods would be configured differently, and how: in words, and as their probes would be sent it. Pure.

use crate::policy::compile::NodeConfiguration;
use crate::publish::Published;
use longwire_live::series_estimate::Change;
use longwire_model::series::Metrics;
use longwire_model::telemetry::{Group, NodeSettings, Telemetry};
use longwire_model::update::LocalPod;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Most changes that are named, and characters of each.
const MAX_CHANGES: usize = 32;
const MAX_CHARACTERS: usize = 300;

#[derive(Debug)]
pub(super) struct Difference {
    /// `None`: the same.
    pub(super) settings: Option<NodeSettings>,
    /// By node.
    pub(super) pods: HashMap<String, Vec<LocalPod>>,
    pub(super) changes: Vec<Change>,
}

pub(super) fn difference(
    published: &Published,
    settings: NodeSettings,
    nodes: Vec<(String, NodeConfiguration)>,
) -> Difference {
    let mut pods = HashMap::<String, Vec<LocalPod>>::new();
    let mut changes = BTreeMap::<String, u64>::new();
    for (node, NodeConfiguration { pods: then, .. }) in nodes {
        let today = published.node(&node);
        for (uid, (version, local)) in then {
            // A pod that is not published yet has no connections.
            let Some((known, before)) = today.and_then(|today| today.pods.get(&uid)) else { continue };
            if *known != version {
                for what in between(&before.telemetry, &local.telemetry) {
                    *changes.entry(what).or_default() += 1;
                }
                pods.entry(node.clone()).or_default().push(local);
            }
        }
    }
    let mut changes: Vec<Change> = changes.into_iter().map(|(what, pods)| Change { what, pods }).collect();
    changes.sort_by_key(|change| Reverse(change.pods));
    changes.truncate(MAX_CHANGES);
    let settings = (*published.settings() != settings).then_some(settings);
    Difference { settings, pods, changes }
}

/// What is different for one pod, a sentence each.
fn between(before: &Telemetry, after: &Telemetry) -> BTreeSet<String> {
    let Telemetry { long_connections, source: _, destination: _, stats, access_log: _ } = after;
    let mut found = BTreeSet::new();
    let (was, is) = (metrics(before), metrics(after));
    for metric in is.difference(was).iter() {
        found.insert(format!("{} is switched on", metric.family().name));
    }
    for metric in was.difference(is).iter() {
        found.insert(format!("{} is switched off", metric.family().name));
    }
    let (was, is) = (tags(before), tags(after));
    for name in was.keys().chain(is.keys()) {
        let what = match (was.get(name), is.get(name)) {
            (was, is) if was == is => continue,
            (_, None) => format!("label {name} is no longer changed or added"),
            (None, Some(values)) => format!("label {name} becomes {}", written(values)),
            (Some(before), Some(values)) => {
                format!("label {name} becomes {}, and was {}", written(values), written(before))
            }
        };
        found.insert(what.chars().take(MAX_CHARACTERS).collect());
    }
    if before.stats != *stats {
        found.insert("other statistics of Envoy are exposed".to_owned());
    }
    if before.long_connections != *long_connections {
        let text = |of: Option<Duration>| of.map_or_else(|| "the usual one".to_owned(), |of| format!("{of:?}"));
        let (before, after) = (text(before.long_connections), text(*long_connections));
        found.insert(format!("the age of long connections becomes {after}, and was {before}"));
    }
    found
}

fn groups(telemetry: &Telemetry) -> impl Iterator<Item = &Group> {
    telemetry.source.iter().chain(&telemetry.destination)
}

fn metrics(telemetry: &Telemetry) -> Metrics {
    groups(telemetry).fold(Metrics::NONE, |all, group| all.union(group.metrics))
}

/// By label, its values on any metrics; `None`: left out.
fn tags(telemetry: &Telemetry) -> BTreeMap<&str, BTreeSet<Option<&str>>> {
    let mut tags = BTreeMap::<&str, BTreeSet<Option<&str>>>::new();
    for tag in groups(telemetry).flat_map(|group| &group.tags) {
        let value = tag.value.as_ref().map(|value| value.expression.text());
        tags.entry(tag.name.as_str()).or_default().insert(value);
    }
    tags
}

fn written(values: &BTreeSet<Option<&str>>) -> String {
    let written: Vec<_> = values.iter().map(|value| value.unwrap_or("left out")).collect();
    written.join(", or ")
}
