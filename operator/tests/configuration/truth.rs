//! Objects' states, warnings on pods, and labels in identities, while all of it changes.

use crate::cluster::{Cluster, events, gone};
use longwire_model::telemetry::NodeSettings;
use longwire_operator::policy::state::PolicyState;
use std::time::Duration;

fn pod(name: &str, workload: &str, node: &str, annotation: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, uid: uid-{name}, labels: {{app: \
         {workload}, service.istio.io/workload-name: {workload}, team: t-{name}}}, annotations: {{{annotation}}}}}, spec: \
         {{nodeName: {node}, containers: []}}}}\n"
    )
}

fn object(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}, \
         uid: uid-{name}}}, spec: {spec}}}\n"
    )
}

fn state<'a>(cluster: &'a Cluster, name: &str) -> &'a PolicyState {
    cluster.policy_states.iter().find(|(key, _)| key.name.name == name).unwrap().1
}

/// Workloads, nodes, and the revision from which on it is in every configuration.
fn reach(cluster: &Cluster, name: &str) -> (u32, String, u64) {
    let PolicyState { workloads_selected, nodes, revision, .. } = state(cluster, name);
    (*workloads_selected, nodes.iter().cloned().collect::<Vec<_>>().join(" "), *revision)
}

#[test]
fn an_object_reaches_the_nodes_and_workloads_of_the_pods_it_selects() {
    let web = object("TelemetryPolicy", "shop", "web", "{selector: {matchLabels: {app: web}}, seriesSets: []}");
    let all = object("StatsMatcher", "longwire-system", "all", "{rejectAll: true}");
    let pods = [pod("a", "web", "n1", ""), pod("b", "web", "n2", ""), pod("c", "db", "n2", "")];
    let mut cluster = Cluster::of(&format!("{web}{all}{}", pods.concat()));
    assert_eq!(reach(&cluster, "web"), (1, "n1 n2".to_owned(), 1));
    assert_eq!(reach(&cluster, "all"), (2, "n1 n2".to_owned(), 1));
    // Pods come and go: the objects are what they were.
    cluster.take(gone(&pods[1]));
    assert_eq!(reach(&cluster, "web"), (1, "n1".to_owned(), 1));
    cluster.take(events(&pod("d", "worker", "n3", "").replace("app: worker", "app: web")));
    assert_eq!(reach(&cluster, "web"), (2, "n1 n3".to_owned(), 1));
    // An edit is in what is published from then on, and says nothing of other objects.
    cluster.take(events(&object("TelemetryPolicy", "shop", "web", "{seriesSets: []}")));
    assert_eq!(reach(&cluster, "web"), (3, "n1 n2 n3".to_owned(), 2));
    assert_eq!(reach(&cluster, "all"), (3, "n1 n2 n3".to_owned(), 1));
    cluster.take(gone(&web));
    assert_eq!(cluster.policy_states.len(), 1);
}

#[test]
fn a_quarrel_ends_with_the_pod_that_it_was_about() {
    let one = object("StatsMatcher", "shop", "one", "{selector: {matchLabels: {app: web}}, inclusionPrefixes: [a]}");
    let two = object("StatsMatcher", "shop", "two", "{selector: {matchLabels: {app: web}}, inclusionPrefixes: [b]}");
    let web = pod("a", "web", "n1", "");
    let mut cluster = Cluster::of(&format!("{one}{two}"));
    assert_eq!(state(&cluster, "two").conflicted, None);
    cluster.take(events(&web));
    let expected = "spec.inclusionPrefixes: StatsMatcher shop/one is older, or first by name, and wins";
    assert_eq!(state(&cluster, "two").conflicted.as_deref(), Some(expected));
    assert_eq!(state(&cluster, "one").conflicted, None);
    cluster.take(gone(&web));
    assert_eq!(state(&cluster, "two").conflicted, None);
    cluster.take(events(&web));
    cluster.take(gone(&one));
    assert_eq!(state(&cluster, "two").conflicted, None);
}

#[test]
fn an_object_that_becomes_wrong_has_no_effect_any_more_and_is_back_when_it_is_mended() {
    let right = object("TelemetryPolicy", "shop", "p", "{longConnections: {threshold: 30s}}");
    let wrong = object("TelemetryPolicy", "shop", "p", "{longConnections: {threshold: 0s}}");
    let mut cluster = Cluster::of(&format!("{right}{}", pod("a", "web", "n1", "")));
    let threshold = |cluster: &Cluster| cluster.nodes["n1"].pods["uid-a"].1.telemetry.long_connections;
    let configured = Some(Duration::from_secs(30));
    assert_eq!(threshold(&cluster), configured);
    cluster.take(events(&wrong));
    assert_eq!(threshold(&cluster), None);
    assert_eq!((reach(&cluster, "p"), state(&cluster, "p").accepted.is_ok()), ((0, String::new(), 2), false));
    cluster.take(events(&right));
    assert_eq!((threshold(&cluster), reach(&cluster, "p")), (configured, (1, "n1".to_owned(), 3)));
}

#[test]
fn settings_reach_every_node_at_once() {
    let root =
        object("TelemetryPolicy", "longwire-system", "c", "{reportingInterval: 2s, budgets: {longConnections: 0}}");
    let mut cluster = Cluster::of(&[pod("a", "web", "n1", ""), pod("b", "web", "n2", "")].concat());
    assert_eq!(cluster.nodes["n1"].settings, NodeSettings::default());
    cluster.take(events(&root));
    let expected = NodeSettings {
        reporting_interval: Some(Duration::from_secs(2)),
        long_connections: Some(0),
        ..NodeSettings::default()
    };
    assert_eq!([&cluster.nodes["n1"].settings, &cluster.nodes["n2"].settings], [&expected; 2]);
    let before = cluster.nodes["n1"].version;
    cluster.take(gone(&root));
    assert_eq!(cluster.nodes["n1"].settings, NodeSettings::default());
    assert_ne!(cluster.nodes["n1"].version, before);
}

#[test]
fn identities_have_the_labels_that_accepted_expressions_read_and_no_others() {
    let mut cluster = Cluster::of(&pod("a", "web", "n1", ""));
    let labels = |cluster: &Cluster| cluster.nodes["n1"].pods["uid-a"].1.pod.labels.clone();
    assert_eq!(labels(&cluster), []);
    let reads = |label: &str| format!("{{tags: [{{name: x, value: 'source.labels[\"{label}\"]'}}]}}");
    // Wherever the expression is: the pod's label is sent to peers too.
    let far = object("ExtraStatTags", "far", "t", &reads("team"));
    cluster.take(events(&far));
    assert_eq!(labels(&cluster), [("team".to_owned(), "t-a".to_owned())]);
    let refused = "{reportingInterval: 5s, overrides: [{tagOverrides: {x: {value: 'source.labels[\"app\"]'}}}]}";
    cluster.take(events(&object("TelemetryPolicy", "far", "refused", refused)));
    assert_eq!(labels(&cluster), [("team".to_owned(), "t-a".to_owned())]);
    cluster.take(events(&object("ExtraStatTags", "far", "t", &reads("app"))));
    assert_eq!(labels(&cluster), [("app".to_owned(), "web".to_owned())]);
    cluster.take(gone(&far));
    assert_eq!(labels(&cluster), []);
}

#[test]
fn an_annotation_that_cannot_be_used_causes_one_warning_on_its_pod() {
    let wrong = "sidecar.istio.io/extraStatTags: zone, telemetry.longwire.io/series-sets: isto";
    let mut cluster = Cluster::of(&pod("a", "web", "n1", wrong));
    let notes = |cluster: &mut Cluster| {
        let warnings = std::mem::take(&mut cluster.warnings).into_iter();
        warnings.map(|warning| format!("{} {}", warning.uid, warning.reason)).collect::<Vec<_>>()
    };
    assert_eq!(notes(&mut cluster), ["uid-a InvalidAnnotation", "uid-a UnknownExtraStatTag"]);
    // Neither the pod's status nor a policy makes it news.
    cluster.take(events(&pod("a", "web", "n2", wrong)));
    cluster.take(events(&object("TelemetryPolicy", "shop", "p", "{seriesSets: []}")));
    assert_eq!(notes(&mut cluster), [""; 0]);
    // Another pod of the same name is another pod, and another text is another text.
    cluster.take(events(&pod("a", "web", "n2", wrong).replace("uid-a", "uid-again")));
    assert_eq!(notes(&mut cluster), ["uid-again InvalidAnnotation", "uid-again UnknownExtraStatTag"]);
    cluster.take(events(&object(
        "ExtraStatTags",
        "shop",
        "t",
        "{tags: [{name: zone, value: source.zone, optIn: true}]}",
    )));
    cluster.take(events(&object(
        "ExtraStatTags",
        "shop",
        "t",
        "{tags: [{name: zones, value: source.zone, optIn: true}]}",
    )));
    assert_eq!(notes(&mut cluster), ["uid-again UnknownExtraStatTag"]);
}

#[test]
fn a_quarter_of_a_megabyte_of_nonsense_causes_a_short_warning() {
    let list = |prefix: &str| (0..9_000).map(|number| format!("{prefix}{number}")).collect::<Vec<_>>().join(",");
    let wrong = format!(
        "sidecar.istio.io/extraStatTags: '{}', sidecar.istio.io/statsInclusionRegexps: '{}', \
         telemetry.longwire.io/series-sets: '{}'",
        list("t"),
        list("("),
        list("s")
    );
    let cluster = Cluster::of(&pod("a", "web", "n1", &wrong));
    let notes: Vec<&str> = cluster.warnings.iter().map(|warning| warning.note.as_str()).collect();
    for (annotation, expected) in [
        ("telemetry.longwire.io/series-sets", ["8997 more of its entries name no series set"].as_slice()),
        (
            "sidecar.istio.io/extraStatTags",
            &["8936 of its entries are left out", "61 more of its entries cannot be used"],
        ),
        ("sidecar.istio.io/statsInclusionRegexps", &["8936 of its entries are left out", "61 more of its entries"]),
    ] {
        let of_it: Vec<&&str> = notes.iter().filter(|note| note.contains(annotation)).collect();
        assert_eq!(of_it.len(), 3 + expected.len(), "{of_it:#?}");
        assert!(expected.iter().all(|text| of_it.iter().any(|note| note.contains(text))), "{of_it:#?}");
    }
    assert!(notes.iter().all(|note| note.len() < 400), "{notes:#?}");
}

#[test]
fn an_edit_elsewhere_leaves_configurations_alone() {
    let mut cluster = Cluster::of(&[pod("a", "web", "n1", "")].concat());
    cluster.nodes.clear();
    cluster.take(events(&object("TelemetryPolicy", "far", "p", "{seriesSets: []}")));
    cluster.take(events(&object(
        "TelemetryPolicy",
        "shop",
        "db",
        "{selector: {matchLabels: {app: db}}, seriesSets: []}",
    )));
    assert!(cluster.nodes.is_empty());
}
