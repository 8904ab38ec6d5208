//! Overrides that later ones of the same object replace.

use super::catalogue::Code;
use super::cluster::Cluster;
use super::collect::Findings;
use super::read::Known;
use crate::source::object::Object;
use crate::source::object::policy::{OverridePlace, TelemetrySpec};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn check(cluster: &Cluster<'_>, findings: &mut Findings) {
    for (_, known) in cluster.accepted() {
        if let Object::TelemetryPolicy(policy) = &known.object
            && let Ok(spec) = &policy.spec
        {
            shadowed(known, spec, findings);
        }
    }
}

/// Reading an object leaves of each part what no later entry covers.
fn shadowed(known: &Known, spec: &TelemetrySpec, findings: &mut Findings) {
    const WHY: &str = "a later override sets this for all metrics and reporters that this one matches";
    let switches: BTreeSet<OverridePlace> = spec.disabled.iter().map(|(_, (at, _))| *at).collect();
    for (at, written) in written(&known.value["spec"]) {
        if spec.of_requests.contains(&at) {
            continue;
        }
        if written["disabled"].is_boolean() && !switches.contains(&at) {
            findings.add(Code::Shadowed, known, format!("{at}.disabled"), WHY);
        }
        for name in written["tagOverrides"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let changes = spec.tags.iter().find(|(tag, _)| tag.as_str() == name).map(|(_, changes)| changes);
            if changes.is_some_and(|changes| changes.iter().all(|(_, change)| change.at != at)) {
                findings.add(Code::Shadowed, known, format!("{at}.tagOverrides.{name}"), WHY);
            }
        }
    }
}

/// As they are in the object's text, with their places.
fn written(spec: &Value) -> impl Iterator<Item = (OverridePlace, &Value)> {
    let metrics = spec["metrics"].as_array().into_iter().flatten().enumerate();
    let metrics = metrics.flat_map(|(part, metrics)| {
        metrics["overrides"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(move |(at, value)| (OverridePlace::Metrics(part, at), value))
    });
    let overrides = spec["overrides"].as_array().into_iter().flatten().enumerate();
    metrics.chain(overrides.map(|(at, value)| (OverridePlace::Overrides(at), value)))
}
