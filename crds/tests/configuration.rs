//! The tables of docs/configuration.md are what the schemas say.

use longwire_crds::definitions;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

#[test]
fn the_tables_of_fields_in_docs_are_up_to_date() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md"));
    let committed = fs::read_to_string(path).unwrap();
    let mut page = committed.clone();
    let mut selectors = BTreeSet::new();
    for definition in definitions() {
        let schema = definition.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap();
        let schema = serde_json::to_value(schema).unwrap();
        page = with_section(&page, &definition.spec.names.kind, &section("spec", &schema["properties"]["spec"]));
        page = with_section(&page, "status", &section("status", &schema["properties"]["status"]));
        selectors.insert(section(SELECTOR, &schema["properties"]["spec"]["properties"]["selector"]));
    }
    assert_eq!(selectors.len(), 1, "the kinds have different selectors, and the page describes one");
    page = with_section(&page, "selector", &selectors.pop_first().unwrap());
    if env::var_os("UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        fs::write(path, &page).unwrap();
    }
    assert!(
        committed == page || fs::read_to_string(path).unwrap() == page,
        "docs/configuration.md is old: UPDATE_REFERENCE=1 cargo test -p longwire-crds writes its tables anew"
    );
}

/// Every kind has it, so it has a table of its own.
const SELECTOR: &str = "spec.selector";

/// `page` with `text` between the two comments of `name`.
fn with_section(page: &str, name: &str, text: &str) -> String {
    let (before, rest) = page.split_once(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("no section {name}"));
    let (comment, rest) = rest.split_once("-->\n").unwrap();
    let end = format!("<!-- end of {name} -->");
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("section {name} has no end"));
    format!("{before}<!-- {name}: {comment}-->\n{text}{end}{after}")
}

/// The fields of `part`, and what must hold between them.
fn section(part: &str, schema: &Value) -> String {
    let (mut fields, mut rules) = (String::new(), String::new());
    walk(part, schema, &mut fields, &mut rules);
    let mut text = format!("| field | type | what |\n| --- | --- | --- |\n{fields}");
    if !rules.is_empty() {
        let _ = write!(text, "\nRefused, with these words:\n\n| at | message |\n| --- | --- |\n{rules}");
    }
    text
}

fn walk(path: &str, schema: &Value, fields: &mut String, rules: &mut String) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let _ = writeln!(rules, "| `{path}` | {} |", cell(rule["message"].as_str().unwrap()));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let (kind, mut what) = (kind_of(property), cell(property["description"].as_str().unwrap()));
        if path == SELECTOR {
            what.push_str(" Its fields: [Selector](#selector).");
        }
        let _ = writeln!(fields, "| `{path}` | {kind} | {what} |");
        // A condition is Kubernetes' own and the same everywhere.
        if name != "conditions" && path != SELECTOR {
            walk(&path, property, fields, rules);
        }
    }
    if schema["items"].is_object() {
        walk(&format!("{path}[]"), &schema["items"], fields, rules);
    }
    if schema["additionalProperties"].is_object() {
        walk(&format!("{path}.*"), &schema["additionalProperties"], fields, rules);
    }
}

/// The type as a reader knows it: what a list holds, what a name may be, between what a number lies.
fn kind_of(schema: &Value) -> String {
    let listed = |schema: &Value| {
        let names = schema["enum"].as_array().into_iter().flatten();
        names.map(|name| format!("`{}`", name.as_str().unwrap())).collect::<Vec<_>>().join(", ")
    };
    match schema["type"].as_str().unwrap() {
        "array" => format!("list of {}", kind_of(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind_of(&schema["additionalProperties"]))
        }
        // Metrics are in docs/metrics.md; a cell cannot hold them.
        "string" if schema["enum"].as_array().is_some_and(|names| names.len() > 8) => {
            "string, a name of [metrics.md](metrics.md)".to_owned()
        }
        "string" if schema["enum"].is_array() => listed(schema),
        "integer" | "number" if schema["maximum"].is_f64() => {
            format!("{} to {}", schema["minimum"].as_f64().unwrap(), schema["maximum"].as_f64().unwrap())
        }
        other => other.to_owned(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
