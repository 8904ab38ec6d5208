//! Fields that the kinds do not have, found by their schemas.

use super::catalogue::Code;
use super::collect::Findings;
use super::read::{Input, Known};
use super::suggest;
use longwire_crds::definitions;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Beside the spec, each object has them.
const AROUND: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];
/// Of one object.
const MAX: usize = 32;

/// By kind, of the whole object.
static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let schemas = definitions().into_iter().filter_map(|definition| {
        let schema = definition.spec.versions.first()?.schema.as_ref()?.open_api_v3_schema.as_ref()?;
        Some((definition.spec.names.kind, serde_json::to_value(schema).ok()?))
    });
    schemas.collect()
});

pub(super) fn check(input: &Input<'_>, findings: &mut Findings) {
    for known in input.known.iter().filter(|known| known.object.key().kind.is_policy()) {
        let Some(schema) = SCHEMAS.get(&known.subject.kind) else { continue };
        let mut unknown = Vec::new();
        compare("", &known.value, schema, &mut unknown);
        unknown.iter().take(MAX).for_each(|unknown| report(known, schema, unknown, findings));
    }
}

struct Unknown<'a> {
    /// The object that has it, as `spec.overrides[0]`; empty: the whole.
    around: String,
    name: &'a str,
    /// The fields that there are.
    known: Vec<&'a str>,
}

fn compare<'a>(path: &str, value: &'a Value, schema: &'a Value, unknown: &mut Vec<Unknown<'a>>) {
    match value {
        Value::Object(fields) => {
            let (known, any) = (schema["properties"].as_object(), &schema["additionalProperties"]);
            let is_around = |name: &str| path.is_empty() && AROUND.contains(&name);
            for (name, value) in fields.iter().filter(|(name, _)| !is_around(name)) {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if let Some(schema) = known.and_then(|known| known.get(name)) {
                    compare(&below, value, schema, unknown);
                } else if any.is_object() {
                    compare(&below, value, any, unknown);
                } else if let Some(known) = known.filter(|_| unknown.len() < MAX) {
                    let known = known.keys().map(String::as_str).collect();
                    unknown.push(Unknown { around: path.to_owned(), name, known });
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                compare(&format!("{path}[{at}]"), item, &schema["items"], unknown);
            }
        }
        _ => {}
    }
}

fn report(
    known: &Known,
    schema: &Value,
    Unknown { around, name, known: fields }: &Unknown<'_>,
    findings: &mut Findings,
) {
    let (field, whose) = match around.as_str() {
        "" => ((*name).to_owned(), known.subject.kind.clone()),
        around => (format!("{around}.{name}"), around.to_owned()),
    };
    let text = format!("{name} is no field of {whose}, which has {}", fields.join(", "));
    let remedy = suggest::remedy(name, fields.iter().copied()).or_else(|| elsewhere(schema, "", name));
    findings.suggest(Code::UnknownField, known, field, &text, remedy);
}

/// Where the kind has a field of this name.
fn elsewhere(schema: &Value, path: &str, name: &str) -> Option<String> {
    let fields = schema["properties"].as_object();
    if !path.is_empty() && fields.is_some_and(|fields| fields.contains_key(name)) {
        return Some(format!("{name} is a field of {path}: correct the indentation."));
    }
    let below = fields.into_iter().flatten().find_map(|(field, schema)| {
        let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
        if AROUND.contains(&path.as_str()) { None } else { elsewhere(schema, &path, name) }
    });
    let listed = || elsewhere(schema.get("items")?, &format!("{path}[]"), name);
    let any = || elsewhere(schema.get("additionalProperties")?, &format!("{path}.*"), name);
    below.or_else(listed).or_else(any)
}
