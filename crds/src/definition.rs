//! The kinds as the API server is told of them.

use crate::{ExtraStatTags, StatsMatcher, TelemetryPolicy};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
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
    [TelemetryPolicy::crd(), ExtraStatTags::crd(), StatsMatcher::crd()].map(|definition| {
        let mut value = serde_json::to_value(definition).expect("a derived definition is JSON");
        tidy(&mut value);
        serde_json::from_value(value).expect("tidying keeps a definition's shape")
    })
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
