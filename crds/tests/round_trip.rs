//! What is written is what is read.

use kube::CustomResourceExt;
use longwire_crds::telemetry_policy::{Operation, Reporter};
use longwire_crds::{Duration, ExtraStatTags, PolicyStatus, StatsMatcher, TelemetryPolicy};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::{fs, time};

fn read<T: DeserializeOwned>(yaml: &str) -> T {
    serde_saphyr::from_str(yaml).unwrap()
}

/// An example in docs. Those of the kinds use every part of their spec.
fn example<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let path = format!("{}/../docs/examples/policies/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let file = fs::read_to_string(path).unwrap();
    // Behind its namespace, where it brings one.
    let yaml = file.rsplit("\n---\n").next().unwrap();
    let object: T = read(yaml);
    let mut wanted: Value = read(yaml);
    // Go's 1m30s is 90s.
    if let Some(interval) = wanted["spec"].get_mut("reportingInterval") {
        *interval = json!(interval.as_str().unwrap().parse::<Duration>().unwrap());
    }
    assert_eq!(serde_json::to_value(&object).unwrap(), wanted);
    object
}

#[test]
fn the_examples_come_back_as_they_were_written() {
    let policy: TelemetryPolicy = example("telemetrypolicy");
    assert_eq!(policy.metadata.namespace.as_deref(), Some("longwire-system"));
    assert_eq!(policy.spec.reporting_interval.map(time::Duration::from), Some(time::Duration::from_secs(5)));
    let overrides = policy.spec.overrides.unwrap();
    assert_eq!(overrides[0].matches.as_ref().unwrap().reporter, Some(Reporter::Source));
    assert_eq!(overrides[1].tag_overrides.as_ref().unwrap()["source_zone"].operation, Some(Operation::Upsert));

    let logs = policy.spec.access_logs.unwrap();
    assert_eq!((logs.enabled, logs.rate_limit), (Some(false), Some(1000)));

    let policy: TelemetryPolicy = example("accesslogs");
    let logs = policy.spec.access_logs.unwrap();
    assert_eq!(logs.interval.map(time::Duration::from), Some(time::Duration::from_secs(5)));
    assert_eq!((logs.events, logs.format.as_deref()), (Some(vec!["periodic".into(), "close".into()]), Some("kmesh")));

    let policy: TelemetryPolicy = example("exporters");
    let names: Vec<_> = policy.spec.exporters.unwrap().into_iter().map(|exporter| exporter.name).collect();
    assert_eq!(names, ["collector", "statsd", "files"]);

    let tags: ExtraStatTags = example("extrastattags");
    assert_eq!(tags.spec.tags.len(), 3);
    let matcher: StatsMatcher = example("statsmatcher");
    assert_eq!(matcher.spec.inclusion_list.unwrap().patterns[0].suffix.as_deref(), Some(".upstream_cx_total"));
}

#[test]
fn every_field_of_access_logs_comes_back_as_it_was_written() {
    let logs = json!({
        "enabled": true, "events": ["connect", "failed"], "interval": "90s", "minDuration": "500ms", "filter": "true",
        "sample": 0.5, "rateLimit": 7, "until": "2026-12-31T18:00:00+01:00", "format": "%BYTES_SENT%",
        "exporters": ["collector", "stdout"],
    });
    let schema = serde_json::to_value(TelemetryPolicy::crd()).unwrap();
    let fields =
        &schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["accessLogs"];
    let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&logs), names(&fields["properties"]));
    let read: TelemetryPolicy = read(&format!(
        "{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: a}}, spec: {{accessLogs: {logs}}}}}"
    ));
    assert_eq!(serde_json::to_value(read.spec).unwrap(), json!({ "accessLogs": logs }));
}

#[test]
fn an_absent_list_is_not_an_empty_one() {
    let spec = |text: &str| {
        read::<TelemetryPolicy>(&format!(
            "{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: a}}, spec: {text}}}"
        ))
        .spec
    };
    assert_eq!(spec("{}").series_sets, None);
    assert_eq!(spec("{seriesSets: []}").series_sets, Some(vec![]));
    let written = serde_json::to_value(spec("{seriesSets: []}")).unwrap();
    assert_eq!(written, json!({ "seriesSets": [] }));
    assert_eq!(serde_json::to_value(spec("{}")).unwrap(), json!({}));
}

#[test]
fn a_field_of_a_newer_version_is_no_reason_to_stop() {
    let policy: TelemetryPolicy = read(
        "apiVersion: telemetry.longwire.io/v1alpha1\nkind: TelemetryPolicy\nmetadata: {name: a}\n\
         spec: {seriesSets: [istio, quic], profiles: {format: pprof}, overrides: [{match: {metric: quic_bytes}, disabled: true, weight: 3}]}\n\
         status: {phase: Ready}",
    );
    assert_eq!(policy.spec.series_sets, Some(vec!["istio".to_owned(), "quic".to_owned()]));
    let overrides = policy.spec.overrides.unwrap();
    assert_eq!(overrides[0].matches.as_ref().unwrap().metric.as_deref(), Some("quic_bytes"));
    assert_eq!(policy.status, Some(PolicyStatus::default()));
}

#[test]
fn a_status_omits_fields_that_are_not_known() {
    assert_eq!(serde_json::to_value(PolicyStatus::default()).unwrap(), json!({}));
    let status = json!({
        "observedGeneration": 4,
        "conditions": [{
            "type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
            "lastTransitionTime": "2026-08-01T09:00:00Z", "observedGeneration": 4,
        }],
        "nodes": { "programmed": 2, "desired": 3 },
        "programmed": "2/3",
        "workloadsSelected": 17,
    });
    let read: PolicyStatus = serde_json::from_value(status.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), status);
}
