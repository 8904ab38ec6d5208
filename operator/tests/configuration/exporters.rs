//! Exporters: defined once for the cluster, and named by policies.

use crate::access_logs::{pod, policy};
use crate::cluster::{Cluster, ROOT, events, gone};
use longwire_model::access_log::LogOutputs;

fn names(cluster: &Cluster) -> Vec<&str> {
    cluster.nodes["n1"].settings.exporters.iter().map(|exporter| exporter.name.as_str()).collect()
}

fn refusal(cluster: &Cluster, name: &str) -> Option<String> {
    let state = cluster.policy_states.iter().find(|(key, _)| key.name.to_string() == name).unwrap().1;
    state.accepted.as_ref().err().map(ToString::to_string)
}

#[test]
fn a_policy_names_an_exporter_that_another_one_defines() {
    let logs = policy("shop", "logs", "{accessLogs: {enabled: true, exporters: [collector, stdout]}}");
    let defining = policy(
        ROOT,
        "exports",
        "{exporters: [{name: collector, otlp: {}}, {name: agent, statsd: {address: 'udp://a:1'}}]}",
    );
    let mut cluster = Cluster::of(&[pod("web", ""), logs].concat());
    let refused = refusal(&cluster, "shop/logs").unwrap();
    assert!(refused.contains("spec.accessLogs.exporters: collector is no exporter: known are stdout;"), "{refused}");
    cluster.take(events(&defining));
    assert_eq!((refusal(&cluster, "shop/logs"), names(&cluster)), (None, vec!["agent", "collector"]));
    let log = cluster.nodes["n1"].pods["web"].1.telemetry.access_log.clone().unwrap();
    assert_eq!(log.outputs, LogOutputs::parse(["collector", "stdout"]).unwrap());
    cluster.take(gone(&defining));
    assert!(refusal(&cluster, "shop/logs").is_some());
    assert_eq!(cluster.nodes["n1"].pods["web"].1.telemetry.access_log, None);
}

#[test]
fn an_exporter_of_metrics_alone_takes_no_lines() {
    let defining = policy(ROOT, "exports", "{exporters: [{name: agent, statsd: {address: 'udp://a:1'}}]}");
    let logs = policy("shop", "logs", "{accessLogs: {exporters: [agent]}}");
    let cluster = Cluster::of(&[pod("web", ""), defining, logs].concat());
    let refused = refusal(&cluster, "shop/logs").unwrap();
    assert!(refused.contains("agent takes no access logs"), "{refused}");
}

#[test]
fn an_object_that_names_what_is_not_there_defines_nothing() {
    let own = policy(ROOT, "own", "{exporters: [{name: a, file: {}}], accessLogs: {exporters: [nobody]}}");
    let other = policy("shop", "logs", "{accessLogs: {exporters: [a]}}");
    let cluster = Cluster::of(&[pod("web", ""), own, other].concat());
    assert!(refusal(&cluster, "longwire-system/own").is_some() && refusal(&cluster, "shop/logs").is_some());
    assert_eq!(names(&cluster), Vec::<&str>::new());
}

#[test]
fn of_two_with_one_name_the_older_one_counts() {
    let older = policy(ROOT, "a", "{exporters: [{name: x, file: {maxFiles: 2}}]}");
    let newer = policy(ROOT, "b", "{exporters: [{name: x, file: {maxFiles: 3}}, {name: y, file: {}}]}");
    let cluster = Cluster::of(&[pod("web", ""), older, newer].concat());
    assert_eq!(names(&cluster), ["x", "y"]);
    let state = cluster.policy_states.iter().find(|(key, _)| key.name.to_string() == "longwire-system/b").unwrap().1;
    assert!(state.conflicted.as_ref().is_some_and(|text| text.to_string().contains("spec.exporters.x")), "{state:?}");
}

#[test]
fn exporters_are_the_root_namespaces() {
    let elsewhere = policy("shop", "exports", "{exporters: [{name: a, file: {}}]}");
    let cluster = Cluster::of(&[pod("web", ""), elsewhere].concat());
    let refused = refusal(&cluster, "shop/exports").unwrap();
    assert!(refused.contains("spec.exporters: is for the whole cluster"), "{refused}");
}
