//! Objects and lists in the form that a client wants.

use super::accept::Form;
use super::query::IncludeObject;
use crate::live::page::Page;
use longwire_live::{API_VERSION, LiveResource};
use serde_json::{Map, Value, json};

#[cfg(test)]
mod tests;

const META: &str = "meta.k8s.io/v1";

pub(super) fn one(resource: &LiveResource, object: Value, form: Form, include: IncludeObject) -> Value {
    match form {
        Form::Objects => object,
        Form::Metadata => metadata_of(&object),
        Form::Table => {
            let version = object.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
            table(resource, vec![object], json!({"resourceVersion": version}), include)
        }
    }
}

pub(super) fn list(resource: &LiveResource, page: Page, form: Form, include: IncludeObject) -> Value {
    let Page { revision, objects, next, remaining } = page;
    let mut metadata = Map::from_iter([("resourceVersion".to_owned(), revision.to_string().into())]);
    metadata.extend(next.map(|next| ("continue".to_owned(), next.into())));
    metadata.extend(remaining.map(|remaining| ("remainingItemCount".to_owned(), remaining.into())));
    let metadata = Value::from(metadata);
    match form {
        Form::Objects => {
            json!({"kind": resource.list_kind(), "apiVersion": API_VERSION, "metadata": metadata, "items": objects})
        }
        Form::Metadata => {
            let items: Vec<_> = objects.iter().map(metadata_of).collect();
            json!({"kind": "PartialObjectMetadataList", "apiVersion": META, "metadata": metadata, "items": items})
        }
        Form::Table => table(resource, objects, metadata, include),
    }
}

fn table(resource: &LiveResource, objects: Vec<Value>, metadata: Value, include: IncludeObject) -> Value {
    let definitions: Vec<_> = resource.columns.iter().map(|column| column.definition()).collect();
    let row = |object: Value| {
        let cells: Vec<_> = resource.columns.iter().map(|column| (column.cell)(&object)).collect();
        let object = match include {
            IncludeObject::None => Value::Null,
            IncludeObject::Metadata => metadata_of(&object),
            IncludeObject::Object => object,
        };
        json!({"cells": cells, "object": object})
    };
    let rows: Vec<_> = objects.into_iter().map(row).collect();
    json!({
        "kind": "Table", "apiVersion": META, "metadata": metadata, "columnDefinitions": definitions, "rows": rows,
    })
}

fn metadata_of(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": object["metadata"]})
}
