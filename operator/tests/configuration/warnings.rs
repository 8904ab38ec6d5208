//! Accepted objects that have no effect, or break a consumer of series.

use crate::cluster::{Cluster, ROOT, events};
use longwire_operator::source::object::{Key, Kind, Name};

const TELEMETRY: &str = "TelemetryPolicy";
const TAGS: &str = "ExtraStatTags";
const STATS: &str = "StatsMatcher";

fn object(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, \
         spec: {spec}}}\n"
    )
}

fn pod(namespace: &str, name: &str, annotations: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, uid: {name}, labels: {{app: {name}}}, \
         annotations: {{{annotations}}}}}, spec: {{nodeName: n1, containers: []}}}}\n"
    )
}

fn key(kind: Kind, namespace: &str, name: &str) -> Key {
    Key { kind, name: Name::new(namespace, name) }
}

fn warnings_of(cluster: &Cluster, kind: Kind, namespace: &str) -> Vec<String> {
    let state = &cluster.policy_states[&key(kind, namespace, "p")];
    assert_eq!(state.accepted, Ok(()));
    state.warnings.clone()
}

/// Of one object in a namespace with one pod.
fn warnings(kind: &str, namespace: &str, spec: &str) -> Vec<String> {
    let cluster = Cluster::of(&format!("{}{}", pod("shop", "web", ""), object(kind, namespace, "p", spec)));
    let of = match kind {
        TELEMETRY => Kind::TelemetryPolicy,
        TAGS => Kind::ExtraStatTags,
        _ => Kind::StatsMatcher,
    };
    warnings_of(&cluster, of, namespace)
}

fn telemetry(spec: &str) -> Vec<String> {
    warnings(TELEMETRY, "shop", spec)
}

#[test]
fn a_policy_that_changes_no_label_of_a_consumer_is_accepted_without_a_warning() {
    for spec in [
        "{seriesSets: [istio]}",
        "{overrides: [{disabled: true, match: {metric: longwire_tcp_rtt_seconds}}]}",
        "{overrides: [{tagOverrides: {team: {value: 'source.zone'}}}]}",
        "{overrides: [{tagOverrides: {source_app: {operation: REMOVE}}}]}",
        "{longConnections: {threshold: 30s}}",
    ] {
        assert_eq!(telemetry(spec), [""; 0], "{spec}");
    }
}

#[test]
fn consumers_of_a_changed_label_are_named() {
    for change in ["{operation: REMOVE}", "{value: 'source.cluster + \"/\" + source.zone'}"] {
        let spec = format!(
            "{{overrides: [{{match: {{metric: istio_tcp_sent_bytes_total}}, tagOverrides: {{source_cluster: {change}}}}}]}}"
        );
        let found = telemetry(&spec);
        assert!(found[0].starts_with("spec.overrides: changes source_cluster, which Kiali"), "{found:?}");
    }
    let found = telemetry("{overrides: [{tagOverrides: {destination_service: {operation: REMOVE}}}]}").join("; ");
    assert!(found.contains("Kiali") && found.contains("dashboard "), "{found}");
    // Kiali queries bytes alone.
    let spec = "{overrides: [{match: {metric: longwire_tcp_handshake_seconds}, tagOverrides: {source_principal: {operation: REMOVE}}}]}";
    assert_eq!(telemetry(spec), [""; 0]);
}

#[test]
fn a_removed_label_must_exist_or_be_added_by_another_policy() {
    let spec = "{overrides: [{}, {tagOverrides: {team: {operation: REMOVE}}}]}".replace("{}, ", "{disabled: false}, ");
    let found = telemetry(&spec);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("spec.overrides[1].tagOverrides.team: REMOVE has no effect"), "{found:?}");
    let policy = object(TELEMETRY, "shop", "p", &spec);
    let mut cluster = Cluster::of(&format!("{}{policy}", pod("shop", "web", "")));
    // In the root namespace or another one: some pod has the tag.
    cluster.take(events(&object(TAGS, ROOT, "t", "{tags: [{name: team, value: 'source.zone'}]}")));
    assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop"), [""; 0]);
    cluster.take(vec![longwire_operator::source::event::Event::Delete(key(Kind::ExtraStatTags, ROOT, "t"))]);
    assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop").len(), 1);
    // A standard label, but none of this metric.
    let spec =
        "{overrides: [{match: {metric: istio_tcp_sent_bytes_total}, tagOverrides: {start_time: {operation: REMOVE}}}]}";
    assert_eq!(telemetry(spec).len(), 1);
}

#[test]
fn an_override_of_a_set_that_no_selected_pod_has_has_no_effect() {
    let of_workloads = "{overrides: [{match: {metric: kmesh_tcp_retrans_total}, disabled: true}]}";
    let found = telemetry(of_workloads);
    assert_eq!(
        found,
        [
            "spec.overrides[0]: has no effect, because no selected pod has the series set kmesh-workload: add it to spec.seriesSets"
        ]
    );
    let on = "{seriesSets: [kmesh-workload], overrides: [{match: {metric: kmesh_tcp_retrans_total}, disabled: true}]}";
    assert_eq!(telemetry(on), [""; 0]);
    // One of two pods has it by its own annotation.
    let insisting = pod("shop", "own", "telemetry.longwire.io/series-sets: kmesh-workload");
    let both = format!("{}{insisting}{}", pod("shop", "web", ""), object(TELEMETRY, "shop", "p", of_workloads));
    let mut cluster = Cluster::of(&both);
    assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop"), [""; 0]);
    cluster.take(vec![longwire_operator::source::event::Event::Delete(key(Kind::Pod, "shop", "own"))]);
    assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop").len(), 1);
}

#[test]
fn a_threshold_of_series_that_are_off_has_no_effect() {
    let found = telemetry("{seriesSets: [istio], longConnections: {threshold: 30s}}");
    assert!(found[0].starts_with("spec.longConnections.threshold: has no effect"), "{found:?}");
    assert_eq!(telemetry("{longConnections: {enabled: false, threshold: 30s}}").len(), 1);
}

#[test]
fn an_interval_of_a_log_that_is_shorter_than_the_clusters_reporting_interval_is_named() {
    let logs = object(TELEMETRY, "shop", "p", "{accessLogs: {interval: 5s}}");
    let reading = |interval: &str| object(TELEMETRY, ROOT, "c", &format!("{{reportingInterval: {interval}}}"));
    let mut cluster = Cluster::of(&format!("{}{logs}", pod("shop", "web", "")));
    // What the probes' command line says is not known here.
    assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop"), [""; 0]);
    for (interval, expected) in [("10s", Some("10s")), ("5s", None), ("1m", Some("60s"))] {
        cluster.take(events(&reading(interval)));
        let text = "spec.accessLogs.interval: 5s is less than the cluster's reportingInterval, and a connection is read once \
                    in that time, so its periodic lines are";
        let expected = expected.map(|least| format!("{text} {least} apart: write at least {least}"));
        assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop"), Vec::from_iter(expected), "{interval}");
    }
    cluster.take(vec![longwire_operator::source::event::Event::Delete(key(Kind::TelemetryPolicy, ROOT, "c"))]);
    assert_eq!(warnings_of(&cluster, Kind::TelemetryPolicy, "shop"), [""; 0]);
}

#[test]
fn a_selector_in_the_root_namespace_that_selects_nothing_there_causes_a_warning() {
    let specs = [
        (TELEMETRY, "{selector: {matchLabels: {app: web}}, seriesSets: []}"),
        (TAGS, "{selector: {matchLabels: {app: web}}, tags: [{name: team, value: 'source.zone'}]}"),
        (STATS, "{selector: {matchLabels: {app: web}}, rejectAll: true}"),
    ];
    for (kind, spec) in specs {
        let found = warnings(kind, ROOT, spec);
        assert!(found[0].starts_with("spec.selector: selects no pod: in namespace longwire-system"), "{found:?}");
        // In their own namespace pods may come yet.
        assert_eq!(warnings(kind, "bank", spec), [""; 0]);
    }
    let all = format!("{}{}", pod(ROOT, "web", ""), object(TELEMETRY, ROOT, "p", specs[0].1));
    assert_eq!(warnings_of(&Cluster::of(&all), Kind::TelemetryPolicy, ROOT), [""; 0]);
}

#[test]
fn a_pattern_that_matches_no_statistic_is_named_with_its_place() {
    let spec = "{inclusionList: {patterns: [{prefix: cluster.outbound}, {suffix: upstream_rq_total}]}, inclusionRegexps: ['listener.*']}";
    let found = warnings(STATS, "shop", spec);
    assert!(
        found[0].starts_with("spec.inclusionList.patterns[1]: \"upstream_rq_total\" matches no statistic"),
        "{found:?}"
    );
    assert!(found[1].starts_with("spec.inclusionRegexps[0]: \"listener.*\" matches no statistic"), "{found:?}");
    assert_eq!(found.len(), 2);
    assert_eq!(warnings(STATS, "shop", "{rejectAll: true}"), [""; 0]);
    assert_eq!(warnings(STATS, "shop", "{exclusionList: {patterns: [{exact: x}]}}").len(), 1);
}

#[test]
fn warnings_are_bounded_however_much_is_wrong() {
    let removed = |number: usize| format!("tag_{number}_{}: {{operation: REMOVE}}", "x".repeat(40));
    let tags: Vec<String> = (0..32).map(removed).collect();
    let found = telemetry(&format!("{{overrides: [{{tagOverrides: {{{}}}}}]}}", tags.join(", ")));
    assert_eq!((found.len(), found.last().unwrap().as_str()), (7, "and 26 more"));
    assert!(found.iter().all(|warning| warning.len() < 500));
}

#[test]
fn annotations_of_a_namespace_are_looked_at_too() {
    let annotations = [
        ("telemetry.longwire.io/series-sets: isto", "unknown series set \"isto\""),
        (
            "telemetry.longwire.io/serie-sets: istio",
            "is not known, and has no effect: telemetry.longwire.io/series-sets and telemetry.longwire.io/access-log are",
        ),
        ("longwire.io/series-sets: istio", "is not known, and has no effect: telemetry.longwire.io/series-sets and"),
        ("telemetry.longwire.io/access-log: \"true\"", "has no effect on a Namespace: write it on its pods"),
        ("sidecar.istio.io/extraStatTags: team", "has no effect on a Namespace: write it on its pods"),
    ];
    for (annotation, text) in annotations {
        let yaml = format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, uid: u, annotations: {{{annotation}}}}}}}"
        );
        let [warning] = &Cluster::of(&yaml).warnings[..] else { panic!("{annotation}") };
        assert!(warning.note.contains(text), "{}", warning.note);
        assert_eq!((warning.namespace.as_str(), warning.uid.as_str()), ("shop", "u"));
    }
    let right = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {telemetry.longwire.io/series-sets: istio, a/b: c}}}";
    assert_eq!(Cluster::of(right).warnings, []);
}

#[test]
fn a_misspelt_annotation_of_istio_causes_a_warning_on_its_pod() {
    for name in
        ["sidecar.istio.io/statsInclusionPrefix", "sidecar.istio.io/extraStatTag", "sidecar.istio.io/extrastattags"]
    {
        let cluster = Cluster::of(&pod("shop", "web", &format!("{name}: x")));
        let [warning] = &cluster.warnings[..] else { panic!("{name}") };
        assert!(warning.note.starts_with(&format!("annotation {name} is not known")), "{}", warning.note);
        assert!(warning.note.contains("sidecar.istio.io/statsInclusionPrefixes"), "{}", warning.note);
    }
    for name in ["sidecar.istio.io/statsHistogramBuckets", "sidecar.istio.io/inject", "example.org/series-sets"] {
        assert_eq!(Cluster::of(&pod("shop", "web", &format!("{name}: x"))).warnings, [], "{name}");
    }
}

#[test]
fn the_examples_change_no_label_that_a_consumer_reads() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/policies");
    let mut yaml: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("---\n{}", std::fs::read_to_string(entry.unwrap().path()).unwrap()))
        .collect();
    let labels = "{app: checkout, app.kubernetes.io/name: frontend}";
    for pod in [pod("shop", "checkout", ""), pod("bank", "ledger", "")] {
        yaml += &pod.replace("{app: checkout}", labels);
    }
    let cluster = Cluster::of(&yaml);
    assert!(cluster.policy_states.len() >= 3, "{:?}", cluster.policy_states);
    for (key, state) in &cluster.policy_states {
        assert_eq!((&state.accepted, &state.conflicted), (&Ok(()), &None), "{key}");
        assert_eq!(state.warnings, [""; 0], "{key}");
        assert!(state.workloads_selected > 0, "{key} selects no pod");
    }
}
