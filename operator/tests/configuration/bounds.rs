//! The operator and the schemas have the same bounds: what the API server stores, the operator accepts.

use crate::cluster::{Cluster, ROOT};
use longwire_crds::definitions;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A spec whose field is of this size, and valid but for that.
type Spec = fn(usize) -> Value;

const SELECTOR: [(&str, Spec); 6] = [
    (
        "spec.selector.matchLabels maxProperties",
        |n| json!({"selector": {"matchLabels": map(n, |at| format!("l{at}"), &json!("web"))}}),
    ),
    ("spec.selector.matchLabels.* maxLength", |n| json!({"selector": {"matchLabels": {"app": letters(n)}}})),
    (
        "spec.selector.matchExpressions maxItems",
        |n| json!({"selector": {"matchExpressions": list(n, |at| json!({"key": format!("l{at}"), "operator": "Exists"}))}}),
    ),
    (
        "spec.selector.matchExpressions[].key maxLength",
        |n| json!({"selector": {"matchExpressions": [{"key": label(n), "operator": "Exists"}]}}),
    ),
    ("spec.selector.matchExpressions[].values maxItems", |n| in_values(&list(n, |at| json!(format!("v{at}"))))),
    ("spec.selector.matchExpressions[].values[] maxLength", |n| in_values(&json!([letters(n)]))),
];

const TELEMETRY: [(&str, Spec); 24] = [
    ("spec.reportingInterval maxLength", |n| json!({"reportingInterval": duration(n)})),
    ("spec.longConnections.threshold maxLength", |n| json!({"longConnections": {"threshold": duration(n)}})),
    ("spec.budgets.series maximum", |n| json!({"budgets": {"series": n}})),
    ("spec.budgets.longConnections maximum", |n| json!({"budgets": {"longConnections": n}})),
    ("spec.limits.extraTags maximum", |n| json!({"limits": {"extraTags": n}})),
    ("spec.limits.seriesPerNamespace maximum", |n| json!({"limits": {"seriesPerNamespace": n}})),
    ("spec.seriesSets maxItems", |n| {
        let names = longwire_crds::telemetry_policy::series_set_names();
        json!({"seriesSets": list(n, |at| json!(names[at % names.len()]))})
    }),
    ("spec.overrides maxItems", |n| json!({"overrides": list(n, |_| json!({"disabled": true}))})),
    (
        "spec.overrides[].tagOverrides maxProperties",
        |n| json!({"overrides": [{"tagOverrides": map(n, |at| format!("t{at}"), &json!({"value": "source.zone"}))}]}),
    ),
    (
        "spec.overrides[].tagOverrides.*.value maxLength",
        |n| json!({"overrides": [{"tagOverrides": {"team": {"value": expression(n)}}}]}),
    ),
    ("spec.metrics maxItems", |n| json!({"metrics": list(n, |_| json!({}))})),
    (
        "spec.metrics[].providers maxItems",
        |n| json!({"metrics": [{"providers": list(n, |_| json!({"name": "prometheus"}))}]}),
    ),
    ("spec.metrics[].reportingInterval maxLength", |n| json!({"metrics": [{"reportingInterval": duration(n)}]})),
    (
        "spec.metrics[].overrides maxItems",
        |n| json!({"metrics": [{"overrides": list(n, |_| json!({"disabled": true}))}]}),
    ),
    ("spec.metrics[].overrides[].tagOverrides maxProperties", |n| {
        let tags = map(n, |at| format!("t{at}"), &json!({"value": "source.zone"}));
        json!({"metrics": [{"overrides": [{"tagOverrides": tags}]}]})
    }),
    (
        "spec.metrics[].overrides[].tagOverrides.*.value maxLength",
        |n| json!({"metrics": [{"overrides": [{"tagOverrides": {"team": {"value": expression(n)}}}]}]}),
    ),
    ("spec.accessLogs.events maxItems", |n| {
        let names = longwire_crds::telemetry_policy::log_event_names();
        json!({"accessLogs": {"events": list(n, |at| json!(names[at % names.len()]))}})
    }),
    ("spec.accessLogs.interval maxLength", |n| json!({"accessLogs": {"interval": duration(n)}})),
    ("spec.accessLogs.minDuration maxLength", |n| json!({"accessLogs": {"minDuration": duration(n)}})),
    (
        "spec.accessLogs.filter maxLength",
        |n| json!({"accessLogs": {"filter": format!("source.zone == {}", expression(n - 15))}}),
    ),
    ("spec.accessLogs.sample maximum", |n| json!({"accessLogs": {"sample": n}})),
    ("spec.accessLogs.rateLimit maximum", |n| json!({"accessLogs": {"rateLimit": n}})),
    (
        "spec.accessLogs.until maxLength",
        |n| json!({"accessLogs": {"until": format!("2026-12-31T18:00:00.{}+01:00", "1".repeat(n - 26))}}),
    ),
    (
        "spec.accessLogs.format maxLength",
        |n| json!({"accessLogs": {"format": format!("%BYTES_SENT%{}", letters(n - 12))}}),
    ),
];

const EXPORTERS: [(&str, Spec); 19] = [
    ("spec.accessLogs.exporters maxItems", |n| {
        let files = list(n - 1, |at| json!({"name": format!("e{at}"), "file": {}}));
        let names: Value = (0..n - 1).map(|at| json!(format!("e{at}"))).chain([json!("stdout")]).collect();
        json!({"exporters": files, "accessLogs": {"exporters": names}})
    }),
    (
        "spec.accessLogs.exporters[] maxLength",
        |n| json!({"exporters": [{"name": letters(n), "file": {}}], "accessLogs": {"exporters": [letters(n)]}}),
    ),
    ("spec.exporters maxItems", |n| json!({"exporters": list(n, |at| json!({"name": format!("e{at}"), "file": {}}))})),
    ("spec.exporters[].name maxLength", |n| json!({"exporters": [{"name": letters(n), "file": {}}]})),
    ("spec.exporters[].file.maxFiles maximum", |n| exporter("file", &json!({"maxFiles": n}))),
    ("spec.exporters[].file.maxMebibytes maximum", |n| exporter("file", &json!({"maxMebibytes": n}))),
    ("spec.exporters[].otlp.endpoint maxLength", |n| {
        exporter("otlp", &json!({"endpoint": format!("http://c/{}", letters(n - 9))}))
    }),
    ("spec.exporters[].otlp.headers maxProperties", |n| {
        exporter("otlp", &json!({"headers": map(n, |at| format!("h{at}"), &json!("v"))}))
    }),
    ("spec.exporters[].otlp.headers.* maxLength", |n| exporter("otlp", &json!({"headers": {"h": letters(n)}}))),
    ("spec.exporters[].otlp.interval maxLength", |n| exporter("otlp", &json!({"interval": duration(n)}))),
    ("spec.exporters[].otlp.resourceAttributes maxProperties", |n| {
        exporter("otlp", &json!({"resourceAttributes": map(n, |at| format!("a{at}"), &json!("v"))}))
    }),
    ("spec.exporters[].otlp.resourceAttributes.* maxLength", |n| {
        exporter("otlp", &json!({"resourceAttributes": {"a": letters(n)}}))
    }),
    ("spec.exporters[].otlp.secret maxLength", |n| exporter("otlp", &json!({"secret": letters(n)}))),
    ("spec.exporters[].otlp.signals maxItems", |n| {
        let names = longwire_crds::telemetry_policy::SIGNALS;
        exporter("otlp", &json!({"signals": list(n, |at| json!(names[at % names.len()]))}))
    }),
    ("spec.exporters[].otlp.timeout maxLength", |n| exporter("otlp", &json!({"timeout": duration(n)}))),
    ("spec.exporters[].statsd.address maxLength", |n| {
        exporter("statsd", &json!({"address": format!("udp://{}:65535", letters(n - 12))}))
    }),
    ("spec.exporters[].statsd.flushInterval maxLength", |n| {
        exporter("statsd", &json!({"address": "udp://a:1", "flushInterval": duration(n)}))
    }),
    ("spec.exporters[].statsd.maxPacketBytes maximum", |n| {
        exporter("statsd", &json!({"address": "udp://a:1", "maxPacketBytes": n}))
    }),
    ("spec.exporters[].statsd.prefix maxLength", |n| {
        exporter("statsd", &json!({"address": "udp://a:1", "prefix": letters(n)}))
    }),
];

const TAGS: [(&str, Spec); 4] = [
    (
        "spec.tags maxItems",
        |n| json!({"tags": list(n, |at| json!({"name": format!("t{at}"), "value": "source.zone"}))}),
    ),
    ("spec.tags[].name maxLength", |n| json!({"tags": [{"name": letters(n), "value": "source.zone"}]})),
    ("spec.tags[].value maxLength", |n| json!({"tags": [{"name": "team", "value": expression(n)}]})),
    ("spec.tags[].maxValues maximum", |n| json!({"tags": [{"name": "team", "value": "source.zone", "maxValues": n}]})),
];

const STATS: [(&str, Spec); 18] = [
    ("spec.inclusionList.patterns maxItems", |n| json!({"inclusionList": {"patterns": exacts(n)}})),
    ("spec.inclusionList.patterns[].exact maxLength", |n| included("exact", &json!(letters(n)))),
    ("spec.inclusionList.patterns[].prefix maxLength", |n| included("prefix", &json!(letters(n)))),
    ("spec.inclusionList.patterns[].suffix maxLength", |n| included("suffix", &json!(letters(n)))),
    ("spec.inclusionList.patterns[].contains maxLength", |n| included("contains", &json!(letters(n)))),
    ("spec.inclusionList.patterns[].safeRegex.regex maxLength", |n| included("safeRegex", &json!({"regex": regex(n)}))),
    ("spec.exclusionList.patterns maxItems", |n| json!({"exclusionList": {"patterns": exacts(n)}})),
    ("spec.exclusionList.patterns[].exact maxLength", |n| excluded("exact", &json!(letters(n)))),
    ("spec.exclusionList.patterns[].prefix maxLength", |n| excluded("prefix", &json!(letters(n)))),
    ("spec.exclusionList.patterns[].suffix maxLength", |n| excluded("suffix", &json!(letters(n)))),
    ("spec.exclusionList.patterns[].contains maxLength", |n| excluded("contains", &json!(letters(n)))),
    ("spec.exclusionList.patterns[].safeRegex.regex maxLength", |n| excluded("safeRegex", &json!({"regex": regex(n)}))),
    ("spec.inclusionPrefixes maxItems", |n| json!({"inclusionPrefixes": list(n, |at| json!(format!("p{at}")))})),
    ("spec.inclusionPrefixes[] maxLength", |n| json!({"inclusionPrefixes": [letters(n)]})),
    ("spec.inclusionSuffixes maxItems", |n| json!({"inclusionSuffixes": list(n, |at| json!(format!("s{at}")))})),
    ("spec.inclusionSuffixes[] maxLength", |n| json!({"inclusionSuffixes": [letters(n)]})),
    ("spec.inclusionRegexps maxItems", |n| json!({"inclusionRegexps": list(n, |at| json!(format!("r{at}")))})),
    ("spec.inclusionRegexps[] maxLength", |n| json!({"inclusionRegexps": [regex(n)]})),
];

fn list(count: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

fn map(count: usize, key: impl Fn(usize) -> String, value: &Value) -> Value {
    (0..count).map(|at| (key(at), value.clone())).collect()
}

fn letters(count: usize) -> String {
    "a".repeat(count)
}

/// Prefix, slash and the longest name.
fn label(length: usize) -> String {
    format!("{}/{}", letters(length - 64), letters(63))
}

fn exporter(kind: &str, target: &Value) -> Value {
    json!({"exporters": [{"name": "e", kind: target}]})
}

fn in_values(values: &Value) -> Value {
    json!({"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": values}]}})
}

/// Five seconds.
fn duration(length: usize) -> String {
    let seconds = if length.is_multiple_of(2) { "5s" } else { "05s" };
    format!("{}{seconds}", "0m".repeat((length - seconds.len()) / 2))
}

/// A string literal.
fn expression(length: usize) -> String {
    format!("\"{}\"", letters(length - 2))
}

/// A class of one letter: as many letters one after the other would exceed the bound of a compiled expression.
fn regex(length: usize) -> String {
    format!("[{}]", letters(length - 2))
}

fn exacts(count: usize) -> Value {
    list(count, |at| json!({"exact": format!("e{at}")}))
}

fn included(kind: &str, pattern: &Value) -> Value {
    json!({"inclusionList": {"patterns": [{kind: pattern}]}})
}

fn excluded(kind: &str, pattern: &Value) -> Value {
    json!({"exclusionList": {"patterns": [{kind: pattern}]}})
}

/// The upper bounds of a spec: path and keyword, and the number.
fn bounds(path: &str, schema: &Value, found: &mut BTreeMap<String, usize>) {
    for keyword in ["maxLength", "maxItems", "maxProperties", "maximum"] {
        if let Some(bound) = schema[keyword].as_f64() {
            found.insert(format!("{path} {keyword}"), bound as usize);
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        bounds(&format!("{path}.{name}"), property, found);
    }
    if schema["items"].is_object() {
        bounds(&format!("{path}[]"), &schema["items"], found);
    }
    if schema["additionalProperties"].is_object() {
        bounds(&format!("{path}.*"), &schema["additionalProperties"], found);
    }
}

/// Whether the operator accepts it, in the namespace in which every field is allowed.
fn accepted(kind: &str, spec: &Value) -> Result<(), String> {
    let cluster = Cluster::of(&format!(
        "{{apiVersion: telemetry.longwire.io/v1alpha1, kind: {kind}, metadata: {{name: bound, namespace: {ROOT}}}, \
         spec: {spec}}}\n"
    ));
    let (_, state) = cluster.policy_states.iter().next().unwrap();
    state.accepted.clone().map_err(|refusal| refusal.to_string())
}

#[test]
fn at_each_bound_of_the_schema_a_spec_is_accepted_and_one_past_it_refused() {
    for definition in definitions() {
        let kind = definition.spec.names.kind.clone();
        // A selector alone is a whole spec for a TelemetryPolicy only.
        let telemetry = [&TELEMETRY[..], &EXPORTERS[..]].concat();
        let (specs, rest) = match kind.as_str() {
            "TelemetryPolicy" => (&telemetry[..], json!({})),
            "ExtraStatTags" => (&TAGS[..], json!({"tags": [{"name": "team", "value": "source.zone"}]})),
            _ => (&STATS[..], json!({"rejectAll": true})),
        };
        let specs: BTreeMap<&str, Spec> = specs.iter().chain(&SELECTOR).copied().collect();
        let schema = definition.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap();
        let mut found = BTreeMap::new();
        bounds("spec", &serde_json::to_value(schema).unwrap()["properties"]["spec"], &mut found);
        assert!(found.keys().eq(specs.keys()), "{kind} has these bounds: {:?}", found.keys());
        for (at, bound) in found {
            let accepted = |size: usize| {
                let mut spec = specs[at.as_str()](size);
                if let (Some(fields), Some(rest)) = (spec.as_object_mut(), rest.as_object())
                    && fields.contains_key("selector")
                {
                    fields.extend(rest.clone());
                }
                accepted(&kind, &spec)
            };
            assert_eq!(accepted(bound), Ok(()), "{kind} {at} {bound}");
            assert!(accepted(bound + 1).is_err(), "{kind} {at} {bound} + 1");
        }
    }
}
