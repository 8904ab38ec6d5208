//! Every value has a comment, a row in the chart's README, and a place in the schema.

use crate::values::{leaves, read};
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::helm::chart;
use longwire_testkit::confirm;
use serde_json::Value;
use std::fmt::Write;
use std::{env, fs};

const TABLE: &str = "<!-- Made from values.yaml; do not edit. `UPDATE_GENERATED=1 cargo test -p longwire-e2e --test chart` writes it anew. -->\n";

#[test]
fn every_value_has_a_comment() -> Result<()> {
    let (values, documented) = read()?;
    let mut all = Vec::new();
    leaves(&values, "", &mut all);
    let has_comment = |leaf: &String| {
        documented.iter().any(|value| *leaf == value.path || leaf.starts_with(&format!("{}.", value.path)))
    };
    let without: Vec<_> = all.iter().filter(|leaf| !has_comment(leaf)).collect();
    confirm!(without.is_empty(), "values.yaml says nothing of {without:?}")
}

#[test]
fn the_table_of_the_readme_equals_values_yaml() -> Result<()> {
    let file = chart().join("README.md");
    let committed = fs::read_to_string(&file)?;
    let (prose, _) = committed.split_once(TABLE).context("the README has no place for the table")?;
    let mut page = format!("{prose}{TABLE}\n| value | default | what |\n| --- | --- | --- |\n");
    for value in read()?.1 {
        let default = serde_json::to_string(&value.default)?;
        writeln!(
            page,
            "| `{}` | `{}` | {} |",
            value.path,
            default.replace('|', "\\|"),
            value.comment.replace('|', "\\|")
        )?;
    }
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, &page)?;
    }
    confirm!(page == fs::read_to_string(&file)?, "charts/longwire/README.md is old: UPDATE_GENERATED=1 writes it anew")
}

#[test]
fn the_schema_knows_every_value_and_nothing_else() -> Result<()> {
    let schema: Value = serde_json::from_str(&fs::read_to_string(chart().join("values.schema.json"))?)?;
    let (values, documented) = read()?;
    for value in documented {
        let pointer = format!("/properties/{}", value.path.replace('.', "/properties/"));
        ensure!(schema.pointer(&pointer).is_some(), "values.schema.json does not know {}", value.path);
    }
    // `global` is set by Helm for every chart, and has no default.
    same_names("", &schema, &values, &["global"])
}

/// A section of the schema allows exactly the names in values.yaml.
fn same_names(path: &str, schema: &Value, values: &Value, besides: &[&str]) -> Result<()> {
    let Some(properties) = schema["properties"].as_object() else { return Ok(()) };
    ensure!(schema["additionalProperties"] == false, "values.schema.json lets anything be in {path:?}");
    // A map that is empty by default has no names to compare.
    if values.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(());
    }
    for (name, property) in properties {
        let known = values.get(name).is_some() || besides.contains(&name.as_str());
        ensure!(known, "values.schema.json knows {path}.{name}, values.yaml does not");
        same_names(&format!("{path}.{name}"), property, &values[name], &[])?;
    }
    Ok(())
}

#[test]
fn the_charts_kinds_are_those_of_the_types() -> Result<()> {
    for (name, manifest) in longwire_crds::MANIFESTS {
        let file = chart().join("crds").join(format!("{name}.yaml"));
        if env::var_os("UPDATE_GENERATED").is_some() {
            fs::write(&file, manifest)?;
        }
        ensure!(
            fs::read_to_string(&file).is_ok_and(|copy| copy == manifest),
            "charts/longwire/crds/{name}.yaml is not crds/manifests/{name}.yaml: UPDATE_GENERATED=1 writes it anew"
        );
    }
    confirm!(fs::read_dir(chart().join("crds"))?.count() == longwire_crds::MANIFESTS.len(), "others are there too")
}
