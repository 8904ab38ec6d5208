//! Properties of the schema of every kind.

use longwire_crds::telemetry_policy::{log_event_names, metric_words, series_set_names};
use longwire_crds::{GROUP, VERSION, definitions};
use longwire_model::series::CONNECTION_LABELS;
use serde_json::{Value, json};

/// Each schema below `kind`, with its path such as `spec.overrides[].match`.
fn schemas() -> Vec<(String, Value)> {
    fn walk(path: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
        found.push((path.to_owned(), schema.clone()));
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{path}.{name}"), property, found);
        }
        if schema["items"].is_object() {
            walk(&format!("{path}[]"), &schema["items"], found);
        }
        if schema["additionalProperties"].is_object() {
            walk(&format!("{path}.*"), &schema["additionalProperties"], found);
        }
    }
    let mut found = Vec::new();
    for definition in definitions() {
        let kind = definition.spec.names.kind.clone();
        let schema = definition.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap();
        walk(&kind, &serde_json::to_value(schema).unwrap(), &mut found);
    }
    found
}

fn schema(path: &str) -> Value {
    schemas().into_iter().find(|(at, _)| at == path).unwrap_or_else(|| panic!("no field {path}")).1
}

/// Paths whose schema `is_wrong`.
fn wrong(is_wrong: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    schemas().into_iter().filter(|(path, schema)| is_wrong(path, schema)).map(|(path, _)| path).collect()
}

#[test]
fn every_kind_is_namespaced_and_shows_its_status() {
    let made = definitions().map(|definition| {
        let (names, version) = (&definition.spec.names, &definition.spec.versions[0]);
        assert_eq!((definition.spec.group.as_str(), version.name.as_str()), (GROUP, VERSION));
        assert_eq!(definition.spec.scope, "Namespaced");
        assert!(version.subresources.as_ref().unwrap().status.is_some());
        let columns = version.additional_printer_columns.iter().flatten();
        let columns: Vec<_> = columns.map(|column| column.name.clone()).collect();
        let wide = ["Why Accepted", "Why Programmed", "Message"];
        let usual = ["Accepted", "Programmed", "Conflicted", "Selected", "Age"];
        assert_eq!(columns, [&usual[..], &wide].concat());
        let columns = version.additional_printer_columns.iter().flatten();
        let hidden = columns.filter(|column| column.priority == Some(1)).map(|column| column.name.as_str());
        assert_eq!(hidden.collect::<Vec<_>>(), wide);
        assert_eq!(names.categories.as_deref(), Some(&["longwire".to_owned()][..]));
        (names.kind.clone(), names.short_names.clone().unwrap())
    });
    let wanted = [("TelemetryPolicy", "telpol"), ("ExtraStatTags", "est"), ("StatsMatcher", "sm")];
    assert_eq!(made, wanted.map(|(kind, short)| (kind.to_owned(), vec![short.to_owned()])));
}

#[test]
fn no_field_has_a_default_or_may_be_null() {
    assert_eq!(wrong(|_, schema| schema.get("default").is_some()), Vec::<String>::new());
    assert_eq!(wrong(|_, schema| schema.get("nullable").is_some()), Vec::<String>::new());
}

#[test]
fn every_field_of_a_spec_may_be_left_out() {
    for kind in ["TelemetryPolicy", "ExtraStatTags", "StatsMatcher"] {
        assert_eq!(schema(&format!("{kind}.spec"))["required"], Value::Null);
    }
}

#[test]
fn every_field_is_explained_in_sentences() {
    let undescribed = wrong(|path, schema| {
        // Items and values of a map are explained by their list or map, the kind by kubectl explain's first line.
        let is_field = !path.ends_with("[]") && !path.ends_with(".*");
        is_field && !schema["description"].as_str().is_some_and(|text| text.ends_with('.') && !text.contains('\n'))
    });
    assert_eq!(undescribed, Vec::<String>::new());
}

/// Without bounds the API server cannot estimate the cost of a rule, and refuses the kind.
#[test]
fn everything_in_a_spec_is_bounded() {
    let is_spec = |path: &str| path.contains(".spec.");
    let unbounded = wrong(|path, schema| {
        is_spec(path)
            && match schema["type"].as_str().unwrap() {
                "array" => schema.get("maxItems").is_none(),
                "string" => schema.get("maxLength").or(schema.get("enum")).is_none(),
                "integer" | "number" => schema.get("minimum").and(schema.get("maximum")).is_none(),
                "object" => schema.get("additionalProperties").is_some() && schema.get("maxProperties").is_none(),
                _ => false,
            }
    });
    assert_eq!(unbounded, Vec::<String>::new());
}

/// The API server warns of a format that it does not know.
#[test]
fn every_format_is_one_that_kubernetes_knows() {
    let unknown = wrong(|_, schema| match schema.get("format") {
        Some(format) => !["int32", "int64", "date-time"].contains(&format.as_str().unwrap()),
        None => false,
    });
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn each_list_has_its_merge_strategy() {
    let merged = |path: &str| {
        let schema = schema(path);
        (schema["x-kubernetes-list-type"].clone(), schema["x-kubernetes-list-map-keys"].clone())
    };
    for set in ["seriesSets", "accessLogs.events", "accessLogs.exporters", "exporters[].otlp.signals"] {
        assert_eq!(merged(&format!("TelemetryPolicy.spec.{set}")), (json!("set"), Value::Null));
    }
    for set in ["inclusionPrefixes", "inclusionSuffixes", "inclusionRegexps"] {
        assert_eq!(merged(&format!("StatsMatcher.spec.{set}")), (json!("set"), Value::Null));
    }
    assert_eq!(merged("ExtraStatTags.spec.tags"), (json!("map"), json!(["name"])));
    assert_eq!(merged("StatsMatcher.status.conditions"), (json!("map"), json!(["type"])));
}

#[test]
fn fields_with_fixed_values_list_them() {
    let listed = |path: &str| schema(path)["enum"].clone();
    assert_eq!(listed("TelemetryPolicy.spec.seriesSets[]"), json!(series_set_names()));
    assert_eq!(listed("TelemetryPolicy.spec.accessLogs.events[]"), json!(log_event_names()));
    assert_eq!(listed("TelemetryPolicy.spec.overrides[].match.metric"), json!(metric_words()));
    assert_eq!(listed("TelemetryPolicy.spec.overrides[].match.reporter"), json!(["source", "destination"]));
    let modes = json!(["CLIENT", "SERVER", "CLIENT_AND_SERVER"]);
    assert_eq!(listed("TelemetryPolicy.spec.metrics[].overrides[].match.mode"), modes);
    assert_eq!(listed("TelemetryPolicy.spec.metrics[].providers[].name"), json!(["prometheus"]));
    assert_eq!(listed("TelemetryPolicy.spec.overrides[].tagOverrides.*.operation"), json!(["UPSERT", "REMOVE"]));
}

#[test]
fn each_rule_is_at_its_field() {
    let check = |path: &str, rules: &[&str]| {
        let schema = schema(path);
        let found = schema["x-kubernetes-validations"].as_array().unwrap_or_else(|| panic!("{path} has no rules"));
        let found: Vec<_> = found.iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
        assert_eq!(found, rules, "{path}");
        assert!(schema["x-kubernetes-validations"].as_array().unwrap().iter().all(|rule| rule["message"].is_string()));
    };
    check(
        "TelemetryPolicy.spec",
        &[
            "!has(self.selector) || !(has(self.reportingInterval) || has(self.budgets) || has(self.limits) || has(self.exporters) \
             || (has(self.metrics) && self.metrics.exists(part, has(part.reportingInterval))))",
            "!has(self.reportingInterval) || !has(self.accessLogs) || !has(self.accessLogs.interval) \
             || duration(self.accessLogs.interval) >= duration(self.reportingInterval)",
        ],
    );
    check(
        "TelemetryPolicy.spec.exporters[]",
        &[
            "[has(self.otlp), has(self.statsd), has(self.file)].filter(given, given).size() == 1",
            "self.name != 'stdout'",
        ],
    );
    check(
        "TelemetryPolicy.spec.exporters[].statsd",
        &["!has(self.flushInterval) || !has(self.flushOnScrape) || !self.flushOnScrape"],
    );
    check(
        "TelemetryPolicy.spec.exporters[].statsd.flushInterval",
        &["duration(self) >= duration('1ms') && duration(self) <= duration('5m')"],
    );
    check(
        "TelemetryPolicy.spec.accessLogs.interval",
        &["duration(self) >= duration('1s') && duration(self) <= duration('1h')"],
    );
    check(
        "TelemetryPolicy.spec.accessLogs.minDuration",
        &["duration(self) >= duration('0s') && duration(self) <= duration('24h')"],
    );
    check(
        "TelemetryPolicy.spec.accessLogs.format",
        &["self in ['json', 'istio', 'ztunnel', 'kmesh'] || self.contains('%')"],
    );
    check(
        "TelemetryPolicy.spec.reportingInterval",
        &["duration(self) >= duration('1s') && duration(self) <= duration('5m')"],
    );
    check(
        "TelemetryPolicy.spec.longConnections.threshold",
        &["duration(self) >= duration('1s') && duration(self) <= duration('1h')"],
    );
    for list in ["spec.overrides[]", "spec.metrics[].overrides[]"] {
        check(&format!("TelemetryPolicy.{list}"), &["has(self.disabled) || has(self.tagOverrides)"]);
        check(&format!("TelemetryPolicy.{list}.match"), &["!has(self.reporter) || !has(self.mode)"]);
    }
    check(
        "TelemetryPolicy.spec.overrides[].tagOverrides",
        &[
            "self.all(name, name.size() <= 63 && name.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))",
            "self.all(name, !name.startsWith('__') && !(name in ['le', 'job', 'instance', 'app', 'reason']))",
        ],
    );
    check(
        "TelemetryPolicy.spec.overrides[].tagOverrides.*",
        &[
            "has(self.value) || (has(self.operation) && self.operation == 'REMOVE')",
            "!has(self.value) || !has(self.operation) || self.operation != 'REMOVE'",
        ],
    );
    check("ExtraStatTags.spec", &["has(self.tags)"]);
    let standard = format!("!(self in {CONNECTION_LABELS:?})").replace('"', "'");
    let reserved = "!self.startsWith('__') && !(self in ['le', 'job', 'instance', 'app', 'reason'])";
    check("ExtraStatTags.spec.tags[].name", &[reserved, &standard]);
    let compiles = &["''.matches(self) in [true, false]"][..];
    check("StatsMatcher.spec.inclusionRegexps[]", compiles);
    check("StatsMatcher.spec.exclusionList.patterns[].safeRegex.regex", compiles);
    check(
        "StatsMatcher.spec.inclusionList.patterns[]",
        &[
            "[has(self.exact), has(self.prefix), has(self.suffix), has(self.contains), has(self.safeRegex)].exists_one(given, given)",
            "!has(self.ignoreCase) || !self.ignoreCase || !has(self.safeRegex)",
        ],
    );
    check("StatsMatcher.spec.rejectAll", &["self"]);
    assert_eq!(schema("StatsMatcher.spec")["x-kubernetes-validations"].as_array().unwrap().len(), 3);
    for kind in ["TelemetryPolicy", "ExtraStatTags", "StatsMatcher"] {
        check(&format!("{kind}.spec.selector"), &["has(self.matchLabels) || has(self.matchExpressions)"]);
    }
}
