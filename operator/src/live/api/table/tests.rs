use super::one;
use crate::live::api::accept::Form;
use crate::live::api::query::IncludeObject;
use crate::live::page::Page;
use longwire_live::{LiveResource, resource};
use serde_json::{Value, json};

fn object(name: &str) -> Value {
    json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "Probe",
        "metadata": {"name": name, "resourceVersion": "7"},
        "status": {"connected": true, "revision": {"applied": 1, "wanted": 2}},
    })
}

fn list(resource: &LiveResource, page: Page<Value>, form: Form, include: IncludeObject) -> Value {
    serde_json::from_str(&super::list(resource, page, |object| object, form, include)).unwrap()
}

fn page() -> Page<Value> {
    Page { revision: 9, objects: vec![object("n1"), object("n2")], next: Some("t".to_owned()), remaining: Some(4) }
}

#[test]
fn a_list_says_what_it_is_and_where_it_goes_on() {
    let made = list(resource("probes").unwrap(), page(), Form::Objects, IncludeObject::Metadata);
    let metadata = json!({"resourceVersion": "9", "continue": "t", "remainingItemCount": 4});
    let expected = json!({
        "kind": "ProbeList", "apiVersion": "live.telemetry.longwire.io/v1alpha1", "metadata": metadata,
        "items": [object("n1"), object("n2")],
    });
    assert_eq!(made, expected);
    let last = Page { next: None, remaining: None, ..page() };
    let made = list(resource("probes").unwrap(), last, Form::Objects, IncludeObject::Metadata);
    assert_eq!(made["metadata"], json!({"resourceVersion": "9"}));
}

#[test]
fn a_table_has_columns_and_as_much_of_the_objects_as_is_wanted() {
    let probes = resource("probes").unwrap();
    let made = list(probes, page(), Form::Table, IncludeObject::Metadata);
    assert_eq!((&made["kind"], &made["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
    assert_eq!(made["metadata"], json!({"resourceVersion": "9", "continue": "t", "remainingItemCount": 4}));
    assert_eq!(made["columnDefinitions"].as_array().unwrap().len(), probes.columns.len());
    let cells = json!(["n1", "True", "<none>", "<none>", "1/2", "<none>", 0]);
    let metadata = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "n1", "resourceVersion": "7"},
    });
    assert_eq!(made["rows"][0], json!({"cells": cells, "object": metadata}));
    let whole = list(probes, page(), Form::Table, IncludeObject::Object);
    assert_eq!(whole["rows"][1]["object"], object("n2"));
    let none = one(probes, object("n1"), Form::Table, (IncludeObject::None, true));
    assert_eq!((&none["rows"][0]["object"], &none["metadata"]), (&Value::Null, &json!({"resourceVersion": "7"})));
}

#[test]
fn metadata_alone_is_a_kind_of_its_own() {
    let probes = resource("probes").unwrap();
    let made = list(probes, page(), Form::Metadata, IncludeObject::Metadata);
    assert_eq!((&made["kind"], &made["metadata"]["continue"]), (&json!("PartialObjectMetadataList"), &json!("t")));
    assert_eq!(made["items"][1], one(probes, object("n2"), Form::Metadata, (IncludeObject::Metadata, true)));
    assert_eq!(made["items"][1]["kind"], "PartialObjectMetadata");
    assert_eq!(one(probes, object("n1"), Form::Objects, (IncludeObject::None, true)), object("n1"));
}
