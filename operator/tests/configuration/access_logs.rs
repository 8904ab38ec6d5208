//! What is logged of a pod's connections, from objects and annotations to what its probe is sent.

use crate::cluster::{Cluster, ROOT, events, gone};
use longwire_model::access_log::AccessLog;
use longwire_model::expression::Condition;
use longwire_model::limits::MAX_NODE_TELEMETRY_BYTES;
use longwire_model::telemetry::Telemetry;

const ANNOTATION: &str = "telemetry.longwire.io/access-log";

pub(super) fn pod(name: &str, annotations: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, uid: {name}, labels: {{app: {name}, tier: t}}, \
         annotations: {{{annotations}}}}}, spec: {{nodeName: n1, containers: []}}}}\n"
    )
}

pub(super) fn policy(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: {name}, namespace: \
         {namespace}}}, spec: {spec}}}\n"
    )
}

fn telemetry<'a>(cluster: &'a Cluster, pod: &str) -> &'a Telemetry {
    &cluster.nodes["n1"].pods[pod].1.telemetry
}

fn log(cluster: &Cluster, pod: &str) -> Option<AccessLog> {
    telemetry(cluster, pod).access_log.clone()
}

#[test]
fn without_an_object_or_an_annotation_nothing_is_logged() {
    let mut cluster = Cluster::of(&pod("web", ""));
    assert_eq!(log(&cluster, "web"), None);
    // What a log would be like is not yet a log.
    cluster.take(events(&policy("shop", "p", "{accessLogs: {events: [close], format: kmesh}}")));
    assert_eq!(log(&cluster, "web"), None);
    assert_eq!(cluster.settings.access_log_rate, None);
}

#[test]
fn what_is_only_enabled_is_logged_as_usual() {
    let cluster = Cluster::of(&(pod("web", "") + &policy("shop", "p", "{accessLogs: {enabled: true}}")));
    assert_eq!(log(&cluster, "web"), Some(AccessLog::default()));
    let cluster = Cluster::of(&pod("web", &format!("{ANNOTATION}: \"true\"")));
    assert_eq!(log(&cluster, "web"), Some(AccessLog::default()));
}

#[test]
fn a_log_of_no_event_is_none() {
    let cluster = Cluster::of(&(pod("web", "") + &policy("shop", "p", "{accessLogs: {enabled: true, events: []}}")));
    assert_eq!(log(&cluster, "web"), None);
}

#[test]
fn an_edit_and_its_end_reach_the_probe() {
    let mut cluster = Cluster::of(&pod("web", ""));
    let version = |cluster: &Cluster| (cluster.nodes["n1"].version, cluster.nodes["n1"].pods["web"].0);
    let before = version(&cluster);
    let on = policy("shop", "p", "{accessLogs: {enabled: true}}");
    cluster.take(events(&on));
    let during = version(&cluster);
    assert!(during.0 != before.0 && during.1 != before.1);
    cluster.take(gone(&on));
    assert_eq!((log(&cluster, "web"), version(&cluster)), (None, before));
}

#[test]
fn the_rate_of_nodes_is_the_clusters_alone() {
    let both = |namespace| policy(namespace, "p", "{accessLogs: {enabled: true, rateLimit: 7}}");
    let mut cluster = Cluster::of(&(pod("web", "") + &both(ROOT)));
    let rates = |cluster: &Cluster| (cluster.settings.access_log_rate, log(cluster, "web").unwrap().rate_limit);
    assert_eq!(rates(&cluster), (Some(7), None));
    assert_eq!(cluster.nodes["n1"].settings, cluster.settings);
    let selective = policy("shop", "q", "{selector: {matchLabels: {app: web}}, accessLogs: {rateLimit: 100000}}");
    cluster.take(events(&selective));
    assert_eq!(rates(&cluster), (Some(7), Some(100_000)));
    cluster.take(gone(&(both(ROOT) + &selective)));
    cluster.take(events(&both("shop")));
    assert_eq!(rates(&cluster), (None, Some(7)));
}

#[test]
fn the_labels_that_a_filter_reads_are_sent() {
    let mut cluster = Cluster::of(&pod("web", ""));
    let labels = |cluster: &Cluster| cluster.nodes["n1"].pods["web"].1.pod.labels.clone();
    assert_eq!(labels(&cluster), []);
    // Of another namespace, because its pods may be the peers.
    let far = policy("far", "p", "{accessLogs: {filter: 'source.labels[\"tier\"] == \"t\"'}}");
    cluster.take(events(&far));
    assert_eq!(labels(&cluster), [("tier".to_owned(), "t".to_owned())]);
    cluster.take(gone(&far));
    assert_eq!(labels(&cluster), []);
}

#[test]
fn an_annotation_that_is_no_word_causes_one_event() {
    let mut cluster = Cluster::of(&pod("web", &format!("{ANNOTATION}: \"on\"")));
    let notes: Vec<_> = cluster.warnings.iter().map(|warning| (warning.reason, warning.note.as_str())).collect();
    let text = "annotation telemetry.longwire.io/access-log: \"on\" is neither true nor false, and has no effect: write \
                \"true\" or \"false\"";
    assert_eq!((notes, log(&cluster, "web")), (vec![("InvalidAnnotation", text)], None));
    cluster.take(events(&policy("shop", "p", "{accessLogs: {enabled: true}}")));
    assert_eq!((cluster.warnings.len(), log(&cluster, "web")), (1, Some(AccessLog::default())));
}

/// Large for its length: letters of all scripts.
fn filter(number: usize) -> String {
    let matches = |at| format!(r#"source.pod.matches("{number}-{at}\\w\\w")"#);
    (0..6).map(matches).collect::<Vec<_>>().join(" || ")
}

#[test]
fn on_a_full_node_the_largest_logs_are_left_out_and_metrics_are_kept() {
    let size = Condition::parse(&filter(0)).unwrap().bytes();
    let mut yaml = String::new();
    for number in 0..2 * MAX_NODE_TELEMETRY_BYTES / size {
        // Objects of one namespace may not be as many.
        let namespace = format!("s{number}");
        yaml += &pod(&format!("p{number}"), "").replace("namespace: shop", &format!("namespace: {namespace}"));
        yaml += &policy(&namespace, "p", &format!("{{accessLogs: {{enabled: true, filter: '{}'}}}}", filter(number)));
    }
    let cluster = Cluster::of(&yaml);
    let all: Vec<_> = cluster.nodes["n1"].pods.values().map(|(_, local)| &*local.telemetry).collect();
    let (full, reduced): (Vec<&Telemetry>, Vec<_>) =
        all.into_iter().partition(|telemetry| telemetry.access_log.is_some());
    let bytes: usize = full.iter().map(|telemetry| telemetry.bytes()).sum();
    assert!((MAX_NODE_TELEMETRY_BYTES / 2..=MAX_NODE_TELEMETRY_BYTES).contains(&bytes), "{bytes}");
    assert!(!reduced.is_empty() && reduced.iter().all(|telemetry| **telemetry == full[0].reduced()));
    assert_eq!(cluster.warnings.len(), reduced.len());
    let text = "tags, statistics and the access log of this pod are left out";
    assert!(cluster.warnings.iter().all(|event| event.reason == "NodeBudgetExceeded" && event.note.starts_with(text)));
}
