//! An object without what analysis does not read: most of a pod.

use serde_json::{Map, Value};

/// Of a pod. Annotations and labels are all of interest, because some may be misspelt.
const OF_POD: [&str; 3] = ["metadata", "spec", "status"];
const OF_POD_SPEC: [&str; 3] = ["hostNetwork", "nodeName", "serviceAccountName"];
const OF_POD_STATUS: [&str; 1] = ["phase"];
/// Often half of an object.
const OF_NOBODY: [&str; 1] = ["managedFields"];
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// With its kind and version, which items of a list leave out. `None`: no object.
pub(super) fn reduce(kind: &str, version: &str, object: Value) -> Option<Value> {
    let Value::Object(mut object) = object else { return None };
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !OF_NOBODY.contains(&name.as_str()));
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
    }
    if kind == "Pod" {
        object.retain(|name, _| OF_POD.contains(&name.as_str()));
        keep(object.get_mut("spec"), &OF_POD_SPEC);
        // Without them it is no pod.
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("containers".to_owned(), Value::Array(Vec::new()));
        }
        keep(object.get_mut("status"), &OF_POD_STATUS);
    } else {
        object.remove("status");
    }
    object.insert("kind".to_owned(), kind.into());
    object.insert("apiVersion".to_owned(), version.into());
    Some(Value::Object(object))
}

fn keep(part: Option<&mut Value>, names: &[&str]) {
    let empty = &mut Map::new();
    part.and_then(Value::as_object_mut).unwrap_or(empty).retain(|name, _| names.contains(&name.as_str()));
}

#[cfg(test)]
mod tests;
