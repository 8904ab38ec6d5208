//! Files as kubectl takes them.

use crate::{file, object, report, settings, short, telemetry};
use longwire_operator::analyze::{Settings, analyze};

#[test]
fn a_file_has_many_documents_and_those_of_other_kinds_are_ignored() {
    let text = [
        "# values of something\nreplicas: 2\n".to_owned(),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n".to_owned(),
        "apiVersion: kuadrant.io/v1alpha1\nkind: TelemetryPolicy\nmetadata: {name: another}\n".to_owned(),
        "- a list\n".to_owned(),
        "just text\n".to_owned(),
        telemetry("shop", "  seriesSets: [istoi]"),
    ];
    let report = report(&text.join("---\n"));
    assert_eq!(report.findings.iter().map(short).collect::<Vec<_>>(), ["LW002 20 spec.seriesSets[0]"]);
    assert_eq!((report.policies, report.pods, report.files), (1, 0, 1));
}

#[test]
fn lists_are_opened_and_their_items_have_lines_of_their_own() {
    let item = "  kind: TelemetryPolicy\n  apiVersion: telemetry.longwire.io/v1alpha1\n  metadata: {name: NAME, namespace: shop}\n  spec:\n    seriesSets:\n    - istoi\n";
    let items = ["a", "b"].map(|name| format!("- {}", &item.replace("NAME", name)[2..])).concat();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{items}");
    let found = report(&list).findings;
    assert_eq!(
        found.iter().map(short).collect::<Vec<_>>(),
        ["LW002 9 spec.seriesSets[0]", "LW002 15 spec.seriesSets[0]"]
    );
    let names: Vec<String> = found.iter().map(|finding| finding.subject.as_ref().unwrap().to_string()).collect();
    assert_eq!(names, ["TelemetryPolicy shop/a", "TelemetryPolicy shop/b"]);
}

#[test]
fn a_list_of_one_kind_says_it_once_and_may_be_json() {
    let text = r#"{
  "apiVersion": "telemetry.longwire.io/v1alpha1",
  "kind": "ExtraStatTagsList",
  "items": [
    {
      "metadata": {"name": "t", "namespace": "shop"},
      "spec": {
        "tags": [
          {"name": "zone", "value": "source.zon"}
        ]
      }
    }
  ]
}
{"apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "StatsMatcher", "metadata": {"name": "s"}, "spec": {}}
"#;
    let found = report(text).findings;
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), ["LW002 9 spec.tags[0].value", "LW002 15 spec"]);
}

#[test]
fn templates_of_every_workload_are_pods() {
    let apps = ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"].map(|kind| ("apps/v1", kind));
    for (version, kind) in apps.into_iter().chain([("batch/v1", "Job"), ("batch/v1", "CronJob")]) {
        let template = "{metadata: {labels: {app: web}}, spec: {containers: []}}";
        let spec = match kind {
            "CronJob" => format!("{{jobTemplate: {{spec: {{template: {template}}}}}}}"),
            _ => format!("{{template: {template}}}"),
        };
        let workload =
            format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n");
        let selects = |value: &str| {
            let selector = format!("  selector: {{matchLabels: {{app: {value}}}}}\n  seriesSets: [istio]");
            let found = report(&format!("{workload}---\n{}", telemetry("shop", &selector)));
            assert_eq!(found.pods, 1, "{kind}");
            found.findings.iter().map(|finding| finding.check().id).collect::<Vec<_>>()
        };
        assert_eq!((selects("web"), selects("db")), (vec![], vec!["LW004"]), "{kind}");
    }
}

#[test]
fn a_pod_and_a_deployment_of_one_name_are_two() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";
    let deployment =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {}}\n";
    assert_eq!(report(&format!("{pod}---\n{deployment}")).pods, 2);
}

#[test]
fn pods_that_are_generated_have_no_name_yet() {
    let found = report(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: job-\n  annotations: {telemetry.longwire.io/access-log: 'on'}\n",
    );
    let names: Vec<String> =
        found.findings.iter().map(|finding| finding.subject.as_ref().unwrap().to_string()).collect();
    assert_eq!((names, found.pods), (vec!["Pod default/job-".to_owned()], 1));
}

#[test]
fn objects_without_a_namespace_are_in_the_one_that_is_given() {
    let text = "apiVersion: telemetry.longwire.io/v1alpha1\nkind: TelemetryPolicy\nmetadata: {name: p}\nspec: {reportingInterval: 10s}\n";
    let ids = |namespace: &str| -> Vec<&str> {
        let settings = Settings { namespace: namespace.to_owned(), ..settings() };
        analyze(&[file("a.yaml", text)], &settings).findings.iter().map(|finding| finding.check().id).collect()
    };
    assert_eq!((ids("default"), ids("longwire-system")), (vec!["LW003"], vec![]));
}

#[test]
fn files_are_analysed_together_and_the_last_definition_counts() {
    let files = [
        file("a.yaml", &object("TelemetryPolicy", "shop", "p", "  seriesSets: [istoi]")),
        file("b.yaml", &object("TelemetryPolicy", "shop", "p", "  seriesSets: [istio]")),
    ];
    let report = analyze(&files, &settings());
    let found: Vec<(&str, String)> = report.findings.iter().map(|found| (found.file.as_str(), short(found))).collect();
    assert_eq!(found, [("b.yaml", "LW025 2".to_owned())]);
    assert_eq!(report.findings[0].message, "a.yaml defines it in another way, which does not count");
}

#[test]
fn the_same_definition_twice_is_one() {
    let policy = telemetry("shop", "  seriesSets: [istio]");
    assert_eq!(report(&format!("{policy}---\n{policy}")).findings, []);
}

#[test]
fn a_template_that_is_not_rendered_is_told_from_a_mistake() {
    let remedy = |text: &str| report(text).findings[0].remedy.clone();
    assert!(remedy("{{ if .Values.on }}\nkind: A\n{{ end }}\n").contains("helm template CHART"));
    assert!(!remedy("kind: [").contains("helm"));
}

#[test]
fn nothing_that_a_file_can_have_stops_it() {
    let deep = "[".repeat(50_000);
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: &e [*d, *d]\nf: &f [*e, *e]\n";
    let nested = (0..40).fold("{}".to_owned(), |inner, _| format!("{{kind: List, apiVersion: v1, items: [{inner}]}}"));
    for text in [
        "",
        "\u{feff}",
        "---\n---\n",
        "{",
        "\0",
        "a: b: c",
        deep.as_str(),
        bomb,
        nested.as_str(),
        "kind: 5",
        "kind: List\nitems: 5",
    ] {
        let report = report(text);
        assert_eq!((report.policies, report.pods), (0, 0), "{}", &text[..text.len().min(40)]);
    }
}

#[test]
fn numbers_and_switches_are_read_as_kubectl_reads_them() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      hostNetwork: yes\n      containers: []\n      volumes:\n      - {name: v, configMap: {name: c, defaultMode: 0555}}\n";
    let report = report(text);
    assert_eq!((report.findings, report.pods), (vec![], 1));
}
