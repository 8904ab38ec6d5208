//! What may be requested, as OpenAPI describes it. `kubectl explain` finds a kind by the operations on its path.

use super::Dialect;
use super::schemas::{RESOURCE_LIST, full_name, group_version_kind};
use crate::resources::{LiveResource, RESOURCES, Scope, Verb};
use crate::{GROUP, VERSION};
use serde_json::{Map, Value, json};

const JSON: &str = "application/json";

/// All paths below `/apis/<group>/<version>/`.
pub(super) fn paths(dialect: Dialect) -> Map<String, Value> {
    let root = format!("/apis/{GROUP}/{VERSION}/");
    let discovery = operation(dialect, "get available resources", "getResources", &[], RESOURCE_LIST);
    let mut paths = Map::from_iter([(root.clone(), json!({"get": discovery}))]);
    for resource in RESOURCES {
        let LiveResource { plural, scope, .. } = resource;
        if *scope == Scope::Namespaced {
            put(&mut paths, format!("{root}{plural}"), of_all(resource, Place::EveryNamespace, dialect));
            let place = format!("{root}namespaces/{{namespace}}/{plural}");
            put(&mut paths, format!("{place}/{{name}}"), of_one(resource, dialect));
            put(&mut paths, place, of_all(resource, Place::OneNamespace, dialect));
        } else {
            put(&mut paths, format!("{root}{plural}/{{name}}"), of_one(resource, dialect));
            put(&mut paths, format!("{root}{plural}"), of_all(resource, Place::Cluster, dialect));
        }
    }
    paths
}

fn put(paths: &mut Map<String, Value>, path: String, item: Map<String, Value>) {
    if item.contains_key("get") || item.contains_key("post") {
        paths.insert(path, item.into());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Cluster,
    OneNamespace,
    EveryNamespace,
}

/// The operations on a path without a name.
fn of_all(resource: &LiveResource, place: Place, dialect: Dialect) -> Map<String, Value> {
    let kind = resource.kind;
    let mut item = Map::new();
    if resource.may(Verb::List) {
        let id = match place {
            Place::Cluster | Place::OneNamespace => format!("list{kind}"),
            Place::EveryNamespace => format!("list{kind}ForAllNamespaces"),
        };
        let watch = if resource.may(Verb::Watch) { &WATCH[..] } else { &[] };
        let parameters: Vec<_> = LIST.iter().chain(watch).map(|parameter| parameter.write(dialect)).collect();
        let text = format!("list objects of kind {kind}");
        let made = operation(dialect, &text, &id, &parameters, &full_name(&resource.list_kind()));
        item.insert("get".to_owned(), about(resource, "list", made));
    }
    if place == Place::OneNamespace && resource.may(Verb::Create) {
        let text = format!("create an object of kind {kind}: it is answered, and not stored");
        let made = creation(dialect, &text, kind);
        item.insert("post".to_owned(), about(resource, "post", made));
    }
    if place == Place::OneNamespace {
        item.insert("parameters".to_owned(), json!([NAMESPACE.write(dialect)]));
    }
    item
}

/// The operations on a path with a name.
fn of_one(resource: &LiveResource, dialect: Dialect) -> Map<String, Value> {
    let kind = resource.kind;
    let mut item = Map::new();
    if resource.may(Verb::Get) {
        let text = format!("read the object of kind {kind} with this name");
        let made = operation(dialect, &text, &format!("read{kind}"), &[], &full_name(kind));
        item.insert("get".to_owned(), about(resource, "get", made));
    }
    let mut parameters = vec![NAME.write(dialect)];
    if resource.scope == Scope::Namespaced {
        parameters.push(NAMESPACE.write(dialect));
    }
    item.insert("parameters".to_owned(), parameters.into());
    item
}

fn about(resource: &LiveResource, action: &str, mut operation: Value) -> Value {
    operation["x-kubernetes-action"] = action.into();
    operation["x-kubernetes-group-version-kind"] = group_version_kind(resource.kind);
    operation
}

fn operation(dialect: Dialect, text: &str, id: &str, parameters: &[Value], answer: &str) -> Value {
    let schema = dialect.reference(answer);
    let mut operation = json!({
        "description": text, "operationId": format!("{id}LiveTelemetryLongwireIoV1alpha1"),
        "tags": ["liveTelemetryLongwireIo_v1alpha1"],
    });
    let ok = match dialect {
        Dialect::V2 => {
            operation["consumes"] = json!([JSON]);
            operation["produces"] = json!([JSON]);
            operation["schemes"] = json!(["https"]);
            json!({"description": "OK", "schema": schema})
        }
        Dialect::V3 => json!({"description": "OK", "content": {JSON: {"schema": schema}}}),
    };
    operation["responses"] = json!({"200": ok, "401": {"description": "Unauthorized"}});
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    operation
}

/// What is sent, and comes back with its answer.
fn creation(dialect: Dialect, text: &str, kind: &str) -> Value {
    let schema = dialect.reference(&full_name(kind));
    let parameters: Vec<_> = CREATE.iter().map(|parameter| parameter.write(dialect)).collect();
    let mut operation = operation(dialect, text, &format!("create{kind}"), &parameters, &full_name(kind));
    match dialect {
        Dialect::V2 => {
            let body = json!({"name": "body", "in": "body", "required": true, "schema": schema});
            if let Some(parameters) = operation["parameters"].as_array_mut() {
                parameters.push(body);
            }
        }
        Dialect::V3 => operation["requestBody"] = json!({"required": true, "content": {JSON: {"schema": schema}}}),
    }
    if let Some(responses) = operation["responses"].as_object_mut()
        && let Some(mut made) = responses.remove("200")
    {
        made["description"] = "Created".into();
        responses.insert("201".to_owned(), made);
    }
    operation
}

struct Parameter {
    name: &'static str,
    place: &'static str,
    kind: &'static str,
    description: &'static str,
}

const fn query(name: &'static str, kind: &'static str, description: &'static str) -> Parameter {
    Parameter { name, place: "query", kind, description }
}

const NAME: Parameter = Parameter { name: "name", place: "path", kind: "string", description: "Name of the object." };
const NAMESPACE: Parameter =
    Parameter { name: "namespace", place: "path", kind: "string", description: "Namespace of the objects." };
const LIST: [Parameter; 6] = [
    query("continue", "string", "The token of the list's last page, for the next one."),
    query("fieldSelector", "string", "Restricts the list by fields of its objects."),
    query("labelSelector", "string", "Restricts the list by labels of its objects."),
    query("limit", "integer", "Most objects of one page."),
    query("resourceVersion", "string", "From which version of the list an answer may be."),
    query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."),
];

const CREATE: [Parameter; 3] = [
    query("dryRun", "string", "Changes nothing: no object of this kind is ever stored."),
    query("fieldManager", "string", "Is not used."),
    query("fieldValidation", "string", "Is not used: unknown fields of the object are warnings of the answer."),
];

const WATCH: [Parameter; 4] = [
    query("allowWatchBookmarks", "boolean", "Whether a watch may have events that only say how far it has come."),
    query("sendInitialEvents", "boolean", "Whether a watch begins with all objects that there are."),
    query("timeoutSeconds", "integer", "How long a watch lasts."),
    query("watch", "boolean", "Changes to the objects, one by one, instead of a list."),
];

impl Parameter {
    fn write(&self, dialect: Dialect) -> Value {
        let Self { name, place, kind, description } = self;
        let mut written = json!({"name": name, "in": place, "description": description});
        match dialect {
            Dialect::V2 => {
                written["type"] = json!(kind);
                written["uniqueItems"] = json!(true);
            }
            Dialect::V3 => written["schema"] = json!({"type": kind, "uniqueItems": true}),
        }
        if *place == "path" {
            written["required"] = json!(true);
        }
        written
    }
}
