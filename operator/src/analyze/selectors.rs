//! Selectors that match no pod of a namespace whose pods the files have.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::suggest;
use crate::source::object::Pod;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn check(cluster: &Cluster<'_>, findings: &mut Findings) {
    for (key, known) in cluster.accepted() {
        let namespace = &key.name.namespace;
        let selector = &known.value["spec"]["selector"];
        // The root namespace has a check of its own.
        if !selector.is_object() || namespace == cluster.root || !cluster.selected(key).is_empty() {
            continue;
        }
        let pods: Vec<&Arc<Pod>> = cluster.pods_of(namespace).collect();
        if pods.is_empty() {
            continue;
        }
        let message = match pods.len() {
            1 => format!("does not select the one pod of namespace {namespace} that was read"),
            pods => format!("selects none of the {pods} pods of namespace {namespace} that were read"),
        };
        findings.suggest(Code::SelectsNothing, known, "spec.selector", &message, meant(selector, &pods));
    }
}

/// A label to match that no pod has, and one like it that some pod has.
fn meant(selector: &Value, pods: &[&Arc<Pod>]) -> Option<String> {
    for (name, value) in selector["matchLabels"].as_object()? {
        let value = value.as_str().unwrap_or_default();
        let values: BTreeSet<&str> = pods.iter().filter_map(|pod| pod.labels.get(name)).map(String::as_str).collect();
        if values.is_empty() {
            let names: BTreeSet<&str> = pods.iter().flat_map(|pod| pod.labels.keys()).map(String::as_str).collect();
            if let Some(near) = suggest::nearest(name, names) {
                return Some(format!("No pod there has the label {name}. Did you mean {near}?"));
            }
        } else if !values.contains(value)
            && let Some(near) = suggest::nearest(value, values)
        {
            return Some(format!("No pod there has {name}: {value}. Did you mean {name}: {near}?"));
        }
    }
    None
}
