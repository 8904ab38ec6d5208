//! Values of exporters that could not work are refused, and the chart's schema of an exporter is that of the kind.

use crate::exporters::with;
use anyhow::{Context, Result, ensure};
use longwire_crds::limits::{
    MAX_EXPORT_INTERVAL, MAX_EXPORT_TIMEOUT, MAX_EXPORTERS, MAX_PAIR_KEY_BYTES, MIN_DURATION, MIN_FLUSH,
};
use longwire_crds::{Duration, definitions};
use longwire_kubernetes::helm::{CHART, Helm};
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;
use std::{fs, time};

/// Both Helms refuse the values with these words.
fn refused(exporters: &Value, words: &str) -> Result<()> {
    for helm in Helm::BOTH {
        let error = with(helm, exporters).err().with_context(|| format!("{helm:?} takes {exporters}"))?;
        ensure!(error.to_string().contains(words), "{helm:?} says of {exporters}: {error:#}");
    }
    Ok(())
}

fn statsd(address: &str) -> Value {
    json!({"name": "agent", "statsd": {"address": address}})
}

#[test]
fn what_cannot_work_is_refused_with_what_to_do() -> Result<()> {
    let plain = json!({"name": "plain", "otlp": {}});
    let socket = "unix:///var/run/datadog/dsd.socket";
    let node_ip = json!([{"name": "LONGWIRE_NODE_IP", "value": "10.0.0.1"}]);
    for (exporters, words) in [
        (json!({"list": [plain, plain]}), "exporters.list[1].name: plain is in the list twice"),
        (json!({"list": [{"name": "stdout", "otlp": {}}]}), "exporters.list[0].name: stdout is the standard output"),
        (json!({"list": [{"name": "none"}]}), "exporters.list[0] (none) has no receiver: give it exactly one of"),
        (
            json!({"list": [{"name": "two", "otlp": {}, "file": {}}], "logDirectory": "/logs"}),
            "exporters.list[0] (two) has otlp and file: give it exactly one of",
        ),
        (
            json!({"list": [plain, {"name": "tls", "otlp": {"secret": "tls"}}], "secrets": ["other"]}),
            "exporters.list[1].otlp.secret: tls is not in exporters.secrets",
        ),
        (json!({"list": [{"name": "files", "file": {}}]}), "exporters.list[0].file: no probe has a directory"),
        (
            json!({"list": [{"name": "s", "statsd": {"address": "udp://a:1", "flushInterval": "1s", "flushOnScrape": true}}]}),
            "exporters.list[0].statsd has both flushInterval and flushOnScrape",
        ),
        (json!({"list": [statsd(socket)]}), "is not in exporters.socketDirectory (empty)"),
        (
            json!({"list": [statsd(socket)], "socketDirectory": "/var/run/data"}),
            "is not in exporters.socketDirectory (/var/run/data)",
        ),
        (json!({"socketDirectory": "/var/run"}), "/var/run and /var/run/secrets, which the probe has for itself"),
        (json!({"socketDirectory": "/run/longwire"}), "/run/longwire and /run/longwire, which"),
        (json!({"socketDirectory": "/sys/fs/cgroup"}), "/sys/fs/cgroup and /sys, which"),
        (json!({"env": node_ip}), "exporters.env[0].name: LONGWIRE_NODE_IP is defined already"),
        (json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}), "exporters.env[1].name: A is"),
    ] {
        refused(&exporters, words)?;
    }
    Ok(())
}

#[test]
fn what_may_be_written_together_is_taken() -> Result<()> {
    for exporters in [
        json!({"list": [{"name": "s", "statsd": {"address": "udp://a:1", "flushInterval": "1s", "flushOnScrape": false}}]}),
        json!({"list": [statsd("unix:///run/agent/socket")], "socketDirectory": "/run/agent"}),
        // Longer than the names of others, and not below them.
        json!({"socketDirectory": "/run/longwire-agent"}),
        json!({"list": [{"name": "files", "file": {}}], "logDirectory": "/logs"}),
        json!({"secrets": ["of-another-policy"], "env": [{"name": "OTEL_METRIC_EXPORT_INTERVAL", "value": "30000"}]}),
    ] {
        for helm in Helm::BOTH {
            with(helm, &exporters).with_context(|| exporters.to_string())?;
        }
    }
    Ok(())
}

#[test]
fn a_wrong_field_is_refused_with_its_place() -> Result<()> {
    let many: Vec<_> = (0..=MAX_EXPORTERS).map(|at| json!({"name": format!("e{at}"), "otlp": {}})).collect();
    for (exporters, words) in [
        (json!({"list": many}), "/exporters/list"),
        (json!({"list": [{"name": "A", "otlp": {}}]}), "/exporters/list/0/name"),
        (json!({"list": [{"name": "a", "otlp": {"endpoint": "collector:4317"}}]}), "/exporters/list/0/otlp/endpoint"),
        (json!({"list": [{"name": "a", "otlp": {"signals": ["traces"]}}]}), "/exporters/list/0/otlp/signals/0"),
        (json!({"list": [{"name": "a", "otlp": {"url": "http://a"}}]}), "'url' not allowed"),
        (json!({"list": [statsd("agent:8125")]}), "/exporters/list/0/statsd/address"),
        (json!({"secrets": ["a", "a"]}), "/exporters/secrets"),
        (json!({"secrets": ["../a"]}), "/exporters/secrets/0"),
        (json!({"logDirectory": "/"}), "/exporters/logDirectory"),
        (json!({"logDirectory": "logs"}), "/exporters/logDirectory"),
        (json!({"socketDirectory": "/run"}), "/exporters/socketDirectory"),
        (json!({"env": [{"name": "A B", "value": ""}]}), "/exporters/env/0/name"),
        (json!({"env": [{"name": "A", "value": 1}]}), "/exporters/env/0/value"),
    ] {
        refused(&exporters, words)?;
    }
    Ok(())
}

/// Durations at their bounds are taken, and those beyond them are refused. Both are examples of what the kind's rule says.
fn bounded(
    exporter: impl Fn(&str) -> Value,
    bounds: RangeInclusive<time::Duration>,
    at: &[&str],
    past: &[&str],
) -> Result<()> {
    let is_within = |text: &str| -> Result<bool> {
        let duration: Duration = text.parse().map_err(|error| anyhow::anyhow!("{text}: {error}"))?;
        Ok(bounds.contains(&time::Duration::from(duration)))
    };
    for text in at {
        ensure!(is_within(text)?, "{text} is no example within {bounds:?}");
        with(Helm::Three, &json!({"list": [exporter(text)]})).with_context(|| format!("{text} is refused"))?;
    }
    for text in past {
        ensure!(!is_within(text)?, "{text} is no example beyond {bounds:?}");
        refused(&json!({"list": [exporter(text)]}), "/exporters/list/0/")?;
    }
    Ok(())
}

/// The kind has them by a rule, which a schema of values cannot have.
#[test]
fn durations_have_the_bounds_of_the_kind() -> Result<()> {
    bounded(
        |text| json!({"name": "a", "otlp": {"timeout": text}}),
        MIN_DURATION..=MAX_EXPORT_TIMEOUT,
        &["1s", "1000ms", "9s", "59999ms", "60s", "1m"],
        &["999ms", "0s", "60001ms", "61s", "2m"],
    )?;
    bounded(
        |text| json!({"name": "a", "otlp": {"interval": text}}),
        MIN_DURATION..=MAX_EXPORT_INTERVAL,
        &["1s", "1000ms", "300000ms", "300s", "4m59s", "5m"],
        &["999ms", "0s", "300001ms", "301s", "6m"],
    )?;
    bounded(
        |text| json!({"name": "a", "statsd": {"address": "udp://a:1", "flushInterval": text}}),
        MIN_FLUSH..=MAX_EXPORT_INTERVAL,
        &["1ms", "500ms", "300000ms", "300s", "4m59s", "5m"],
        &["0ms", "0s", "300001ms", "301s", "6m"],
    )
}

#[test]
fn the_schema_of_an_exporter_is_that_of_the_kind() -> Result<()> {
    let file: Value = serde_json::from_str(&fs::read_to_string(format!("{CHART}/values.schema.json"))?)?;
    let chart = resolved(&file["properties"]["exporters"]["properties"]["list"], &file)?;
    let kind = serde_json::to_value(definitions().first().context("no kind")?)?;
    let spec = kind.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec").context("no spec")?;
    assert_eq!(chart, expected(&spec["properties"]["exporters"], &chart));
    Ok(())
}

/// With each reference replaced by what it names.
fn resolved(schema: &Value, file: &Value) -> Result<Value> {
    Ok(match schema {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(name) => {
                let target = file.pointer(name.trim_start_matches('#')).with_context(|| format!("no {name}"))?;
                resolved(target, file)?
            }
            None => {
                let field = |(name, value): (&String, _)| Ok((name.clone(), resolved(value, file)?));
                Value::Object(fields.iter().map(field).collect::<Result<_>>()?)
            }
        },
        other => other.clone(),
    })
}

/// The schema of values that says what a kind's schema does. Bounds of durations are tested by examples.
fn expected(kind: &Value, chart: &Value) -> Value {
    const SAME: [&str; 11] = [
        "type",
        "required",
        "enum",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "maxProperties",
    ];
    if kind["x-kubernetes-validations"].to_string().contains("duration(self)") {
        return chart.clone();
    }
    let same = SAME.into_iter().filter_map(|name| Some((name.to_owned(), kind.get(name)?.clone())));
    let mut schema: Map<String, Value> = same.collect();
    for name in ["minimum", "maximum"] {
        // Kubernetes has them as floating-point numbers.
        let bound = schema.get(name).and_then(Value::as_f64);
        let whole = bound.and_then(|bound| bound.to_string().parse::<i64>().ok()).map(|bound| json!(bound));
        schema.extend(whole.map(|bound| (name.to_owned(), bound)));
    }
    if let Some(items) = kind.get("items") {
        schema.insert("items".to_owned(), expected(items, &chart["items"]));
    }
    if kind["x-kubernetes-list-type"] == "set" {
        schema.insert("uniqueItems".to_owned(), json!(true));
    }
    if let Some(fields) = kind["properties"].as_object() {
        let field = |(name, field): (&String, _)| (name.clone(), expected(field, &chart["properties"][name]));
        schema.insert("properties".to_owned(), Value::Object(fields.iter().map(field).collect()));
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    if let Some(values) = kind.get("additionalProperties") {
        schema.insert("additionalProperties".to_owned(), expected(values, &chart["additionalProperties"]));
        schema.insert("propertyNames".to_owned(), json!({"minLength": 1, "maxLength": MAX_PAIR_KEY_BYTES}));
    }
    Value::Object(schema)
}
