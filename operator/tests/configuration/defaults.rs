//! What an installation brings along holds where no object says otherwise.

use crate::cluster::{Cluster, ROOT, events};
use longwire_operator::policy::defaults;
use longwire_operator::source::event::Event;
use std::fs;
use std::time::Duration;

const POD: &str = "---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, uid: u, labels: {app: web, team: red}},
 spec: {nodeName: n1, containers: []}}
";

fn policy(namespace: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: p, namespace: {namespace}}}, \
         spec: {spec}}}\n"
    )
}

fn with_defaults(spec: &str) -> Cluster {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), policy(ROOT, spec)).unwrap();
    Cluster::new().with_defaults(defaults::read(file.path(), ROOT).unwrap())
}

/// From when on a connection of the pod has series of its own.
fn threshold(cluster: &Cluster) -> Option<Duration> {
    cluster.nodes["n1"].pods["u"].1.telemetry.long_connections
}

fn interval(cluster: &Cluster) -> Option<Duration> {
    cluster.settings.reporting_interval
}

const fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn every_object_goes_before_the_defaults_and_leaves_them_what_it_does_not_say() {
    let mut cluster = with_defaults("{reportingInterval: 7s, longConnections: {threshold: 8s}}");
    cluster.take(events(POD));
    assert_eq!((threshold(&cluster), interval(&cluster)), (seconds(8), seconds(7)));
    let (root, own) =
        (policy(ROOT, "{longConnections: {threshold: 9s}}"), policy("shop", "{longConnections: {threshold: 3s}}"));
    cluster.take(events(&root));
    assert_eq!((threshold(&cluster), interval(&cluster)), (seconds(9), seconds(7)));
    cluster.take(events(&own));
    assert_eq!(threshold(&cluster), seconds(3));
    let gone = [root, own].concat();
    cluster.take(
        events(&gone)
            .into_iter()
            .map(|event| match event {
                Event::Apply(object) => Event::Delete(object.key()),
                other => other,
            })
            .collect(),
    );
    assert_eq!((threshold(&cluster), interval(&cluster)), (seconds(8), seconds(7)));
}

#[test]
fn the_defaults_have_no_status_and_no_conflicts() {
    let mut cluster = with_defaults("{seriesSets: [istio]}");
    cluster.take(events(POD));
    assert!(cluster.policy_states.is_empty());
    cluster.take(events(&policy(ROOT, "{seriesSets: [longwire]}")));
    let policy_states: Vec<_> = cluster.policy_states.values().collect();
    assert_eq!((policy_states.len(), policy_states[0].conflicted.as_deref()), (1, None));
}

#[test]
fn labels_that_the_defaults_read_are_sent() {
    let expression = "'source.labels[\"team\"]'";
    let tags = format!("[{{tagOverrides: {{source_app: {{operation: UPSERT, value: {expression}}}}}}}]");
    let mut cluster = with_defaults(&format!("{{overrides: {tags}}}"));
    cluster.take(events(POD));
    let labels = &cluster.nodes["n1"].pods["u"].1.pod.labels;
    assert_eq!(labels, &[("team".to_owned(), "red".to_owned())]);
}
