//! What kubectl and the API server's aggregator need of the documents.

use longwire_live::resources::Scope;
use longwire_live::{GROUP, RESOURCES, VERSION, Verb, openapi};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OWN: &str = "io.longwire.telemetry.live.v1alpha1.";

/// Every value below, with its path.
fn walk<'a>(path: &str, value: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    found.push((path.to_owned(), value));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, below)| walk(&format!("{path}/{name}"), below, found)),
        Value::Array(items) => items.iter().for_each(|below| walk(&format!("{path}/-"), below, found)),
        _ => {}
    }
}

fn all(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    walk("", document, &mut found);
    found
}

#[test]
fn every_reference_leads_to_a_schema() {
    for (document, place) in [(openapi::v2(), "/definitions"), (openapi::v3(), "/components/schemas")] {
        let schemas: BTreeSet<_> = document.pointer(place).unwrap().as_object().unwrap().keys().collect();
        let references = all(&document).into_iter().filter(|(path, _)| path.ends_with("/$ref"));
        let references: Vec<_> = references.map(|(_, reference)| reference.as_str().unwrap().to_owned()).collect();
        assert!(references.len() > 10, "{references:?}");
        for reference in references {
            let name = reference.strip_prefix(&format!("#{place}/")).unwrap_or_else(|| panic!("{reference}"));
            assert!(schemas.contains(&name.to_owned()), "{name} is missing");
        }
    }
}

#[test]
fn version_2_has_nothing_that_only_version_3_knows() {
    let document = openapi::v2();
    for word in ["/allOf", "/anyOf", "/oneOf", "/nullable", "/content", "/requestBody"] {
        let found: Vec<_> =
            all(&document).into_iter().map(|(path, _)| path).filter(|path| path.ends_with(word)).collect();
        assert_eq!(found, Vec::<String>::new(), "{word}");
    }
}

/// `kubectl explain` looks for a kind by the operations, and then for a schema with the same words.
#[test]
fn explain_finds_each_kind() {
    let document = openapi::v3();
    for resource in RESOURCES {
        let place = if resource.scope == Scope::Namespaced { "namespaces/{namespace}/" } else { "" };
        let path = format!("/apis/{GROUP}/{VERSION}/{place}{}", resource.plural);
        let kind = json!({"group": GROUP, "version": VERSION, "kind": resource.kind});
        let action = if resource.may(Verb::Create) { "post" } else { "get" };
        assert_eq!(document["paths"][&path][action]["x-kubernetes-group-version-kind"], kind);
        let schema = &document["components"]["schemas"][format!("{OWN}{}", resource.kind)];
        assert_eq!(schema["x-kubernetes-group-version-kind"], json!([kind]));
        for part in ["metadata", "spec", "status"] {
            assert!(schema["properties"][part]["description"].is_string(), "{part} of {}", resource.kind);
        }
    }
}

/// The aggregator leaves out what is elsewhere, and refuses two operations of one name.
#[test]
fn paths_are_below_the_version_and_operations_have_names_of_their_own() {
    for document in [openapi::v2(), openapi::v3()] {
        let below = format!("/apis/{GROUP}/{VERSION}/");
        assert!(document["paths"].as_object().unwrap().keys().all(|path| path.starts_with(&below)));
        let ids = all(&document).into_iter().filter(|(path, _)| path.ends_with("/operationId"));
        let ids: Vec<_> = ids.map(|(_, id)| id.as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    }
}

fn undescribed(schemas: &Value) -> Vec<String> {
    let is_field = |path: &str| path.rsplit_once('/').is_some_and(|(before, _)| before.ends_with("/properties"));
    let is_explained =
        |schema: &Value| schema["description"].as_str().is_some_and(|text| text.ends_with('.') && !text.contains("  "));
    let fields = all(schemas).into_iter().filter(|(path, _)| is_field(path));
    fields.filter(|(_, schema)| !is_explained(schema)).map(|(path, _)| path).collect()
}

#[test]
fn every_field_is_explained_in_sentences() {
    let document = openapi::v3();
    let own = document["components"]["schemas"].as_object().unwrap().iter();
    let own: Value =
        own.filter(|(name, _)| name.starts_with(OWN)).map(|(name, schema)| (name.clone(), schema.clone())).collect();
    assert!(own.as_object().unwrap().len() >= 4, "{own}");
    assert_eq!(undescribed(&own), Vec::<String>::new());
}

/// Go's clients take no other.
#[test]
fn every_format_is_one_that_kubernetes_knows() {
    for document in [openapi::v2(), openapi::v3()] {
        let formats = all(&document).into_iter().filter(|(path, value)| path.ends_with("/format") && value.is_string());
        let known = ["int32", "int64", "date-time", "byte", "double"];
        let unknown: Vec<_> = formats.filter(|(_, format)| !known.contains(&format.as_str().unwrap())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
