//! Wrong objects, and what is found of each: the code, the line in the file and the field.

use crate::{file, object, report, settings, short, telemetry};
use longwire_operator::analyze::analyze;
use longwire_operator::analyze::catalogue::{CATALOGUE, Code};
use rstest::rstest;
use std::collections::BTreeSet;

/// Two pods and a Deployment of one namespace, each with a label of its own and labels that they share.
const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web, team: front}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db, team: data}}
spec: {containers: []}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, team: front, tier: middle}}
    spec: {containers: []}
";

/// What is found in the text beside the pods.
fn found(text: &str) -> Vec<String> {
    let report = analyze(&[file("wrong.yaml", text), file("pods.yaml", PODS)], &settings());
    assert!(report.findings.iter().all(|finding| finding.file == "wrong.yaml"), "{:#?}", report.findings);
    assert!(report.findings.iter().all(|finding| !finding.message.is_empty() && !finding.remedy.is_empty()));
    report.findings.iter().map(short).collect()
}

fn shop(spec: &str) -> String {
    telemetry("shop", spec)
}

fn tags(spec: &str) -> String {
    object("ExtraStatTags", "shop", "p", spec)
}

fn stats(spec: &str) -> String {
    object("StatsMatcher", "shop", "p", spec)
}

/// With a second document behind it.
fn both(first: &str, second: &str) -> String {
    format!("{first}---\n{second}")
}

fn pod(annotations: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: cache-0\n  namespace: shop\n  labels: {{app: cache}}\n  annotations:\n{annotations}\nspec: \
         {{containers: []}}\n"
    )
}

#[rstest]
#[case::broken_yaml("apiVersion: v1\nkind: [\n".to_owned(), &["LW001 2"])]
#[case::not_a_pod("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: [a]\n".to_owned(), &["LW001 5 metadata.labels"])]
#[case::no_such_kind(object("TelemetryPolicies", "shop", "p", "  {}"), &["LW001 2 kind"])]
#[case::no_group("kind: TelemetryPolicy\nmetadata: {name: p}\nspec: {}\n".to_owned(), &["LW001 1 apiVersion"])]
#[case::no_such_set(shop("  seriesSets:\n  - istio\n  - kmesh"), &["LW002 7 spec.seriesSets[1]"])]
#[case::no_such_attribute(tags("  tags:\n  - name: zone\n    value: source.zon"), &["LW002 7 spec.tags[0].value"])]
#[case::no_such_version(shop("  {}").replace("v1alpha1", "v2"), &["LW002 1 apiVersion"])]
#[case::wrong_type(shop("  reportingInterval: fast"), &["LW002 5 spec.reportingInterval"])]
#[case::for_the_cluster(shop("  reportingInterval: 10s"), &["LW003 5 spec.reportingInterval"])]
#[case::selects_nothing(shop("  selector:\n    matchLabels: {app: wbe}\n  seriesSets: [istio]"), &["LW004 5 spec.selector"])]
#[case::selects_in_the_root_namespace(
    telemetry("longwire-system", "  seriesSets: [istio]\n  selector:\n    matchLabels: {app: web}"),
    &["LW005 6 spec.selector"]
)]
#[case::shadowed(
    shop("  overrides:\n  - match: {metric: longwire_tcp_rtt_seconds}\n    disabled: true\n    tagOverrides: {zone: {value: source.zone}}\n  - disabled: false\n  - tagOverrides: {zone: {value: source.region}}"),
    &["LW006 7 spec.overrides[0].disabled", "LW006 8 spec.overrides[0].tagOverrides.zone"]
)]
#[case::an_older_object_wins(
    both(&object("TelemetryPolicy", "shop", "a", "  seriesSets: [istio]"), &object("TelemetryPolicy", "shop", "b", "  seriesSets: []")),
    &["LW007 11 spec.seriesSets"]
)]
#[case::an_override_wins_over_a_tag(
    both(&shop("  overrides:\n  - tagOverrides: {zone: {value: source.region}}"), &tags("  tags:\n  - {name: zone, value: source.zone}")),
    &["LW007 13 spec.tags[0]"]
)]
#[case::a_metric_of_a_set_that_is_off(
    shop("  seriesSets: [istio]\n  overrides:\n  - disabled: true\n    match: {metric: longwire_tcp_rtt_seconds}"),
    &["LW008 7 spec.overrides[0]"]
)]
#[case::a_threshold_of_a_set_that_is_off(
    shop("  seriesSets: [istio]\n  longConnections:\n    threshold: 30s"),
    &["LW008 7 spec.longConnections.threshold"]
)]
#[case::shadowed_in_the_words_of_istio(
    shop("  metrics:\n  - overrides:\n    - match: {metric: TCP_SENT_BYTES, mode: CLIENT}\n      disabled: true\n  overrides:\n  - disabled: false"),
    &["LW006 8 spec.metrics[0].overrides[0].disabled"]
)]
#[case::a_metric_of_requests(
    shop("  metrics:\n  - overrides:\n    - match: {metric: TCP_SENT_BYTES}\n      disabled: true\n    - match: {metric: REQUEST_COUNT}\n      tagOverrides: {host: {value: request.host}}"),
    &["LW029 9 spec.metrics[0].overrides[1]"]
)]
#[case::removes_nothing(
    shop("  overrides:\n  - tagOverrides:\n      source_workloads: {operation: REMOVE}"),
    &["LW009 7 spec.overrides[0].tagOverrides.source_workloads"]
)]
#[case::kiali_reads_it(
    shop("  overrides:\n  - match: {metric: istio_tcp_sent_bytes_total}\n    tagOverrides:\n      source_canonical_service: {operation: REMOVE}"),
    &["LW010 8 spec.overrides[0].tagOverrides.source_canonical_service"]
)]
#[case::no_pod_has_the_label(
    tags("  tags:\n  - name: team\n    value: source.labels[\"taem\"]"),
    &["LW011 7 spec.tags[0].value"]
)]
#[case::no_filter_holds(
    shop("  accessLogs:\n    enabled: true\n    filter: destination.labels[\"taem\"] == \"data\""),
    &["LW011 7 spec.accessLogs.filter"]
)]
#[case::a_branch_that_is_never_taken(
    tags("  tags:\n  - name: team\n    value: '\"taem\" in source.labels ? source.labels[\"taem\"] : \"none\"'"),
    &["LW012 7 spec.tags[0].value"]
)]
#[case::a_value_for_each_pod(
    shop("  overrides:\n  - tagOverrides:\n      pod:\n        value: source.pod"),
    &["LW013 8 spec.overrides[0].tagOverrides.pod.value"]
)]
#[case::a_value_for_each_address(
    tags("  tags:\n  - {name: peer, value: destination.address}\n  - {name: other, value: destination.address, maxValues: 5}"),
    &["LW013 6 spec.tags[0].value"]
)]
#[case::a_tag_that_nothing_defines(
    both(&tags("  tags:\n  - {name: zone, value: source.zone, optIn: true}"), &pod("    sidecar.istio.io/extraStatTags: zone,zon")),
    &["LW014 15 metadata.annotations.sidecar.istio.io/extraStatTags"]
)]
#[case::no_such_field(shop("  seriesSets: [istio]\n  overides: []"), &["LW015 6 spec.overides"])]
#[case::fields_in_the_wrong_place(
    shop("  seriesSets: [istio]\n  threshold: 5s\nselector: {}"),
    &["LW015 6 spec.threshold", "LW015 7 selector"]
)]
#[case::no_such_annotation(
    pod("    telemetry.longwire.io/series-set: istio"),
    &["LW016 8 metadata.annotations.telemetry.longwire.io/series-set"]
)]
#[case::no_such_set_in_an_annotation(
    pod("    telemetry.longwire.io/series-sets: istio, longwir\n    telemetry.longwire.io/access-log: \"yes\"\n    sidecar.istio.io/statsInclusionRegexps: (a"),
    &[
        "LW017 8 metadata.annotations.telemetry.longwire.io/series-sets",
        "LW017 9 metadata.annotations.telemetry.longwire.io/access-log",
        "LW017 10 metadata.annotations.sidecar.istio.io/statsInclusionRegexps",
    ]
)]
#[case::no_such_statistic(stats("  inclusionPrefixes: [cluster.outbound, http.]"), &["LW018 5 spec.inclusionPrefixes[1]"])]
#[case::no_such_exporter(
    both(
        &telemetry("longwire-system", "  exporters:\n  - {name: loki, otlp: {endpoint: 'http://loki:4317'}}"),
        &shop("  accessLogs:\n    enabled: true\n    exporters: [lokii]"),
    ),
    &["LW019 14 spec.accessLogs.exporters"]
)]
#[case::a_log_that_has_ended(
    shop("  accessLogs:\n    enabled: true\n    until: 2026-11-30T18:00:00Z"),
    &["LW020 7 spec.accessLogs.until"]
)]
#[case::says_nothing(shop("  selector: {matchLabels: {app: web}}\n  accessLogs: {}"), &["LW022 4 spec"])]
#[case::changes_nothing(shop("  seriesSets: [istio, kmesh-connection, longwire, longwire-locality]"), &["LW023 2"])]
#[case::defined_twice(both(&shop("  seriesSets: [istio]"), &shop("  seriesSets: [longwire]")), &["LW025 8"])]
#[case::logged_more_often_than_read(
    both(&telemetry("longwire-system", "  reportingInterval: 30s"), &shop("  accessLogs:\n    enabled: true\n    interval: 5s")),
    &["LW026 13 spec.accessLogs.interval"]
)]
#[case::more_tags_than_there_may_be(
    both(&telemetry("longwire-system", "  limits: {extraTags: 1}"), &tags("  tags:\n  - {name: a, value: source.zone}\n  - {name: b, value: source.zone}")),
    &["LW027 13 spec.tags[1]"]
)]
#[case::on_the_deployment(
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cache\n  namespace: shop\n  annotations:\n    telemetry.longwire.io/access-log: \"true\"\nspec:\n  template: {}\n".to_owned(),
    &["LW028 7 metadata.annotations.telemetry.longwire.io/access-log"]
)]
#[case::on_the_namespace(
    "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  annotations: {sidecar.istio.io/extraStatTags: zone}\n".to_owned(),
    &["LW028 5 metadata.annotations.sidecar.istio.io/extraStatTags"]
)]
fn a_wrong_object_has_its_code_and_its_line(#[case] text: String, #[case] expected: &[&str]) {
    assert_eq!(found(&text), expected, "{text}");
}

#[test]
fn what_is_too_large_is_found() {
    let values = "x".repeat(400);
    let tag = |at: usize| format!("      t{at}: {{value: '\"{values}\"'}}\n");
    let entry = |at: usize| format!("  - tagOverrides:\n{}", (at * 32..(at + 1) * 32).map(tag).collect::<String>());
    let overrides: String = (0..4).map(entry).collect();
    assert_eq!(found(&shop(&format!("  overrides:\n{overrides}"))), ["LW021 4 spec"]);
    let tags = |object: usize| {
        (0..32).map(move |at| format!("  - {{name: t{object}_{at}, value: '\"{}\"'}}\n", "x".repeat(400)))
    };
    let objects = (0..40).map(|at| {
        object("ExtraStatTags", "bank", &format!("o{at:02}"), &format!("  tags:\n{}", tags(at).collect::<String>()))
    });
    let report = report(&objects.collect::<Vec<_>>().join("---\n"));
    let refused = report.findings.iter().filter(|finding| finding.code == Code::TooLarge);
    let messages: Vec<&str> = refused.map(|finding| finding.message.as_str()).collect();
    assert!(
        messages.len() > 1 && messages.iter().all(|text| text.contains("older objects of namespace bank")),
        "{messages:#?}"
    );
    let labels: String = (0..600).map(|at| format!("    label-{at:04}: {}\n", "v".repeat(60))).collect();
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: big\n  namespace: shop\n  labels:\n{labels}spec: {{containers: []}}\n"
    );
    assert_eq!(found(&text), ["LW024 6 metadata.labels"]);
}

#[test]
fn every_code_is_in_its_place_and_names_are_its_own() {
    let mut names = BTreeSet::new();
    for (at, check) in CATALOGUE.iter().enumerate() {
        assert_eq!((check.code as usize, check.id), (at, format!("LW{:03}", at + 1).as_str()));
        assert!(names.insert(check.name), "{}", check.name);
        assert!(check.means.ends_with('.') && check.remedy.ends_with('.'), "{}", check.id);
    }
    assert_eq!(Code::OfRequests as usize + 1, CATALOGUE.len());
}

#[rstest]
#[case::field(shop("  seriesSets: [istio]\n  overides: []"), "Did you mean overrides?")]
#[case::indentation(
    shop("  seriesSets: [istio]\n  threshold: 5s"),
    "threshold is a field of spec.longConnections: correct the indentation."
)]
#[case::kind(object("TelemetryPolicies", "shop", "p", "  {}"), "Did you mean TelemetryPolicy?")]
#[case::annotation(
    pod("    telemetry.longwire.io/series-set: istio"),
    "Did you mean telemetry.longwire.io/series-sets?"
)]
#[case::set(pod("    telemetry.longwire.io/series-sets: longwir"), "Did you mean longwire?")]
#[case::label(tags("  tags:\n  - {name: team, value: 'source.labels[\"taem\"]'}"), "Did you mean team?")]
#[case::value_of_a_label(
    shop("  selector:\n    matchLabels: {app: wbe}\n  seriesSets: [istio]"),
    "No pod there has app: wbe. Did you mean app: web?"
)]
#[case::name_of_a_label(
    shop("  selector:\n    matchLabels: {ap: web}\n  seriesSets: [istio]"),
    "No pod there has the label ap. Did you mean app?"
)]
#[case::tag(
    both(&tags("  tags:\n  - {name: zone, value: source.zone, optIn: true}"), &pod("    sidecar.istio.io/extraStatTags: zone,zonne")),
    "Did you mean zone?"
)]
#[case::place(
    "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: c\n  annotations: {telemetry.longwire.io/access-log: \"true\"}\nspec: {}\n".to_owned(),
    "Write it into spec.jobTemplate.spec.template.metadata.annotations."
)]
fn a_remedy_says_what_may_have_been_meant(#[case] text: String, #[case] remedy: &str) {
    let report = analyze(&[file("wrong.yaml", &text), file("pods.yaml", PODS)], &settings());
    let remedies: Vec<&str> = report.findings.iter().map(|finding| finding.remedy.as_str()).collect();
    assert_eq!(remedies, [remedy]);
}

#[test]
fn an_object_is_named_as_kubectl_names_it() {
    let report = report(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    metadata:\n      annotations:\n        telemetry.longwire.io/access-log: nope\n",
    );
    let [finding] = &report.findings[..] else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.subject.as_ref().unwrap().to_string(), "Job default/j");
    assert_eq!(short(finding), "LW017 8 spec.template.metadata.annotations.telemetry.longwire.io/access-log");
}
