//! crds/manifests/*.yaml is what the types say.

use longwire_crds::{MANIFESTS, definitions};
use serde_json::Value;
use std::path::Path;
use std::{env, fs};

#[test]
fn the_manifests_are_up_to_date() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests"));
    let update = env::var_os("UPDATE_MANIFESTS").is_some_and(|value| value == "1");
    for definition in definitions() {
        let name = &definition.spec.names.plural;
        let path = folder.join(format!("{name}.yaml"));
        let manifest = render(serde_json::to_value(&definition).unwrap());
        if update {
            fs::write(&path, &manifest).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == manifest,
            "crds/manifests/{name}.yaml is old: UPDATE_MANIFESTS=1 cargo test -p longwire-crds writes it anew"
        );
    }
}

#[test]
fn the_manifests_in_the_crate_are_the_definitions() {
    let read = MANIFESTS.map(|(_, manifest)| serde_saphyr::from_str::<Value>(manifest).unwrap());
    let made = definitions().map(|definition| whole_numbers(serde_json::to_value(definition).unwrap()));
    assert!(read == made, "crds/manifests is old, or YAML came back changed");
    let names = definitions().map(|definition| definition.spec.names.plural);
    assert_eq!(MANIFESTS.map(|(name, _)| name.to_owned()), names);
}

/// YAML that a person can read: long descriptions folded, numbers whole.
fn render(definition: Value) -> String {
    let yaml = serde_saphyr::to_string(&whole_numbers(definition)).unwrap();
    format!(
        "# Made from the types in crds/src; do not edit. UPDATE_MANIFESTS=1 cargo test -p longwire-crds writes it anew.\n{yaml}"
    )
}

/// A schema keeps its bounds as floating-point numbers, though every one here is whole.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, whole_numbers(value))).collect(),
        other => other,
    }
}
