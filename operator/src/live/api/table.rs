//! Objects and lists in the form that a client wants. A list is written object by object: as a tree of values it would take several
//! times the memory of its text.

use super::accept::Form;
use super::query::IncludeObject;
use crate::live::page::Page;
use longwire_live::{API_VERSION, LiveResource};
use serde::Serialize;
use serde_json::{Map, Value, json};

#[cfg(test)]
mod tests;

const META: &str = "meta.k8s.io/v1";

/// `columns`: a table says what they are.
pub(super) fn one(
    resource: &LiveResource,
    object: Value,
    form: Form,
    (include, columns): (IncludeObject, bool),
) -> Value {
    match form {
        Form::Objects => object,
        Form::Metadata => metadata_of(&object),
        Form::Table => {
            let version = object.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
            let mut table = head_of_table(resource, json!({"resourceVersion": version}), columns);
            table.insert("rows".to_owned(), json!([row(resource, object, include)]));
            table.into()
        }
    }
}

/// `make`: makes the object of each.
pub(super) fn list<T, Object: Serialize>(
    resource: &LiveResource,
    page: Page<T>,
    make: impl Fn(T) -> Object,
    form: Form,
    include: IncludeObject,
) -> String {
    let Page { revision, objects, next, remaining } = page;
    let mut metadata = Map::from_iter([("resourceVersion".to_owned(), revision.to_string().into())]);
    metadata.extend(next.map(|next| ("continue".to_owned(), next.into())));
    metadata.extend(remaining.map(|remaining| ("remainingItemCount".to_owned(), remaining.into())));
    let head = |kind: &str, version: &str| {
        let fields = [("kind", kind.into()), ("apiVersion", version.into()), ("metadata", metadata.clone().into())];
        fields.map(|(name, value): (_, Value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>()
    };
    let value = |object: T| serde_json::to_value(make(object)).unwrap_or_default();
    match form {
        Form::Objects => {
            let objects = objects.into_iter().map(|object| text(&make(object)));
            whole(&head(&resource.list_kind(), API_VERSION), "items", objects)
        }
        Form::Metadata => {
            let objects = objects.into_iter().map(|object| text(&metadata_of(&value(object))));
            whole(&head("PartialObjectMetadataList", META), "items", objects)
        }
        Form::Table => {
            let rows = objects.into_iter().map(|object| text(&row(resource, value(object), include)));
            whole(&head_of_table(resource, metadata.clone().into(), true), "rows", rows)
        }
    }
}

/// The head, with a list of these as its last field.
fn whole(head: &Map<String, Value>, name: &str, parts: impl Iterator<Item = String>) -> String {
    let mut written = text(head);
    // Its closing brace.
    written.pop();
    written.push_str(&format!(",\"{name}\":["));
    for (at, part) in parts.enumerate() {
        if at > 0 {
            written.push(',');
        }
        written.push_str(&part);
    }
    written.push_str("]}");
    written
}

/// Texts, numbers and maps of texts are always JSON.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn head_of_table(resource: &LiveResource, metadata: Value, columns: bool) -> Map<String, Value> {
    let definitions = || resource.columns.iter().map(|column| column.definition()).collect::<Vec<_>>();
    let fields = [
        ("kind", "Table".into()),
        ("apiVersion", META.into()),
        ("metadata", metadata),
        ("columnDefinitions", columns.then(definitions).into()),
    ];
    fields.map(|(name, value): (_, Value)| (name.to_owned(), value)).into_iter().collect()
}

fn row(resource: &LiveResource, object: Value, include: IncludeObject) -> Value {
    let cells: Vec<_> = resource.columns.iter().map(|column| (column.cell)(&object)).collect();
    let object = match include {
        IncludeObject::None => Value::Null,
        IncludeObject::Metadata => metadata_of(&object),
        IncludeObject::Object => object,
    };
    json!({"cells": cells, "object": object})
}

fn metadata_of(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": object["metadata"]})
}
