//! The kinds as CustomResourceDefinitions.

use crate::status::condition_type;
use crate::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceDefinition,
};
use kube::CustomResourceExt;
use serde_json::{Map, Value};

/// The committed manifests, as name of the resource and YAML; a test holds them to [`definitions`].
pub const MANIFESTS: [(&str, &str); 3] = [
    ("telemetrypolicies", include_str!("../manifests/telemetrypolicies.yaml")),
    ("extrastattags", include_str!("../manifests/extrastattags.yaml")),
    ("statsmatchers", include_str!("../manifests/statsmatchers.yaml")),
];

/// The CustomResourceDefinition of each kind.
#[must_use]
pub fn definitions() -> [CustomResourceDefinition; 3] {
    [TelemetryPolicy::crd(), ExtraStatTags::crd(), StatsMatcher::crd()].map(|mut definition| {
        for version in &mut definition.spec.versions {
            version.additional_printer_columns = Some(columns());
        }
        let mut value = serde_json::to_value(definition).expect("a derived definition is JSON");
        tidy(&mut value);
        serde_json::from_value(value).expect("tidying keeps a definition's shape")
    })
}

/// The columns of `kubectl get`; the last three with `-o wide`.
fn columns() -> Vec<CustomResourceColumnDefinition> {
    let of = |condition: &str, field: &str| format!(".status.conditions[?(@.type==\"{condition}\")].{field}");
    let column =
        |name: &str, kind: &str, path: String, description: &str, is_wide: bool| CustomResourceColumnDefinition {
            name: name.to_owned(),
            type_: kind.to_owned(),
            json_path: path,
            description: (!description.is_empty()).then(|| description.to_owned()),
            priority: is_wide.then_some(1),
            format: None,
        };
    let (accepted, programmed) = (condition_type::ACCEPTED, condition_type::PROGRAMMED);
    let conflicted = condition_type::CONFLICTED;
    vec![
        column(accepted, "string", of(accepted, "status"), "Whether the object can be used.", false),
        column(
            programmed,
            "string",
            ".status.programmed".to_owned(),
            "Nodes that have applied it, of those with a selected pod.",
            false,
        ),
        column(conflicted, "string", of(conflicted, "status"), "Whether another object overrides a part of it.", false),
        column("Selected", "integer", ".status.workloadsSelected".to_owned(), "Workloads with a selected pod.", false),
        column("Age", "date", ".metadata.creationTimestamp".to_owned(), "", false),
        column("Why Accepted", "string", of(accepted, "reason"), "Reason of the condition Accepted.", true),
        column("Why Programmed", "string", of(programmed, "reason"), "Reason of the condition Programmed.", true),
        column(
            "Message",
            "string",
            of(accepted, "message"),
            "What is wrong with the object, or which part has no effect.",
            true,
        ),
    ]
}

/// Removes what schemars adds for Rust's types and a Kubernetes schema must not contain.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            tidy_schema(object);
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn tidy_schema(object: &mut Map<String, Value>) {
    // An Option is a field that may be left out; null would be a third state.
    object.remove("nullable");
    if let Some(Value::Array(names)) = object.get_mut("enum") {
        names.retain(|name| !name.is_null());
    }
    // The API server warns of formats that it does not know. Every u32 here has a maximum or is a count.
    if object.get("format").is_some_and(|format| format == "uint32") {
        object.insert("format".to_owned(), "int32".into());
    }
    // A comment's line breaks are the source's, not the reader's.
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}
