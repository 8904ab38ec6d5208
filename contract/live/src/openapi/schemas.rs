//! Schemas of the kinds, of their lists and of everything below them.

use super::Dialect;
use crate::resources::{KindSchemas, LiveResource, RESOURCES, Verb};
use crate::{GROUP, VERSION};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIResourceList, ListMeta, ObjectMeta};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// Where the generator puts schemas, and refers to them.
const PLACE: &str = "#/components/schemas/";
/// Before the names of our own schemas.
const PREFIX: &str = "io.longwire.telemetry.live.v1alpha1.";

/// The full name of a schema, as other schemas refer to it.
pub(super) fn full_name(name: &str) -> String {
    if name.starts_with("io.k8s.") { name.to_owned() } else { format!("{PREFIX}{name}") }
}

/// The name of the schema of `/apis/<group>/<version>`.
pub(super) const RESOURCE_LIST: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";

/// All schemas by their full names.
pub(super) fn schemas(dialect: Dialect) -> Map<String, Value> {
    let settings = SchemaSettings::openapi3().with(|settings| settings.meta_schema = None);
    let mut generator = settings.into_generator();
    generator.subschema_for::<APIResourceList>();
    let mut kinds = Map::new();
    for resource in RESOURCES {
        let schemas = (resource.schemas)(&mut generator);
        kinds.insert(full_name(resource.kind), kind(resource, &schemas, &mut generator));
        if resource.may(Verb::List) {
            kinds.insert(full_name(&resource.list_kind()), list(resource, &mut generator));
        }
    }
    let parts = generator.take_definitions(true).into_iter().map(|(name, schema)| (full_name(&name), schema));
    let mut all: Map<String, Value> = parts.chain(kinds).collect();
    for schema in all.values_mut() {
        tidy(schema, dialect);
    }
    all
}

fn kind(resource: &LiveResource, schemas: &KindSchemas, generator: &mut SchemaGenerator) -> Value {
    let KindSchemas { spec, status } = schemas;
    let metadata = generator.subschema_for::<ObjectMeta>();
    let mut properties = type_meta();
    properties.insert("metadata".to_owned(), described(metadata, "Standard metadata of an object."));
    properties.insert("spec".to_owned(), described(spec.clone(), "What the object is about."));
    properties.insert("status".to_owned(), described(status.clone(), "What is known of it now."));
    json!({
        "description": resource.description, "type": "object", "properties": properties,
        "x-kubernetes-group-version-kind": [group_version_kind(resource.kind)],
    })
}

fn list(resource: &LiveResource, generator: &mut SchemaGenerator) -> Value {
    let metadata = generator.subschema_for::<ListMeta>();
    let (kind, list_kind) = (resource.kind, resource.list_kind());
    let items = json!({
        "description": "The objects.", "type": "array", "items": {"$ref": format!("{PLACE}{kind}")},
    });
    let mut properties = type_meta();
    properties.insert("metadata".to_owned(), described(metadata, "Standard metadata of a list."));
    properties.insert("items".to_owned(), items);
    json!({
        "description": format!("{list_kind} is a list of {kind} objects."), "type": "object",
        "required": ["items"], "properties": properties,
        "x-kubernetes-group-version-kind": [group_version_kind(&list_kind)],
    })
}

/// As extensions have it.
pub(super) fn group_version_kind(kind: &str) -> Value {
    json!({"group": GROUP, "version": VERSION, "kind": kind})
}

fn type_meta() -> Map<String, Value> {
    let text = |description: &str| json!({"description": description, "type": "string"});
    [
        ("apiVersion".to_owned(), text("Group and version of the schema of this object.")),
        ("kind".to_owned(), text("Kind of this object.")),
    ]
    .into_iter()
    .collect()
}

/// A reference with a description of its own.
fn described(schema: impl Into<Value>, description: &str) -> Value {
    let schema: Value = schema.into();
    json!({"description": description, "allOf": [schema]})
}

/// Turns what schemars writes into what Kubernetes' documents have.
fn tidy(value: &mut Value, dialect: Dialect) {
    match value {
        Value::Object(object) => {
            tidy_schema(object, dialect);
            object.values_mut().for_each(|value| tidy(value, dialect));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| tidy(value, dialect)),
        _ => {}
    }
}

fn tidy_schema(object: &mut Map<String, Value>, dialect: Dialect) {
    // An Option is a field that may be left out; null would be a third state.
    object.remove("nullable");
    if let Some(Value::Array(names)) = object.get_mut("enum") {
        names.retain(|name| !name.is_null());
    }
    // Only these widths have a name in OpenAPI.
    let width = match object.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16" | "int8" | "int16") => Some("int32"),
        Some("uint32" | "uint64") => Some("int64"),
        _ => None,
    };
    if let Some(width) = width {
        object.insert("format".to_owned(), width.into());
    }
    // A comment's line breaks are the source's, not the reader's.
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    // `anyOf: [reference, null]` is an optional field of schemars.
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice.get("$ref").is_some() || choice.get("enum").is_none());
        if let [choice] = choices.as_slice() {
            let choice = choice.clone();
            object.remove("anyOf");
            object.insert("allOf".to_owned(), json!([choice]));
        }
    }
    if dialect == Dialect::V2
        && let Some(reference) = object.get("allOf").and_then(|all| all.get(0)).and_then(|one| one.get("$ref")).cloned()
    {
        // Version 2 has a description beside a reference, and no `allOf`.
        object.remove("allOf");
        object.insert("$ref".to_owned(), reference);
    }
    if let Some(Value::String(reference)) = object.get_mut("$ref")
        && let Some(name) = reference.strip_prefix(PLACE).map(full_name)
        && let Some(Value::String(written)) = dialect.reference(&name).get_mut("$ref")
    {
        *reference = std::mem::take(written);
    }
}
