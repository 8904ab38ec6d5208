//! Every value has a comment, a row in the chart's README, and a place in the schema.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::helm::CHART;
use longwire_testkit::confirm;
use serde_json::Value;
use std::fmt::Write;
use std::{env, fs};

const TABLE: &str = "<!-- Made from values.yaml; do not edit. `UPDATE_GENERATED=1 cargo test -p longwire-e2e --test chart` writes it anew. -->\n";

/// A key with a comment. Keys below it are part of its default.
#[derive(Debug)]
struct Documented {
    /// Its path, as for `--set`.
    path: String,
    default: Value,
    comment: String,
}

/// All values, and the comments of values.yaml in their order.
fn read() -> Result<(Value, Vec<Documented>)> {
    let file = format!("{CHART}/values.yaml");
    let text = fs::read_to_string(&file).context(file)?;
    let values: Value = serde_saphyr::from_str(&text)?;
    let documented = scan(&text, &values)?;
    Ok((values, documented))
}

/// YAML libraries drop comments. This file has only keys, an indentation of two spaces, and comments before keys.
fn scan(text: &str, values: &Value) -> Result<Vec<Documented>> {
    let (mut found, mut above, mut comment) = (Vec::new(), Vec::<String>::new(), String::new());
    for line in text.lines() {
        let content = line.trim_start();
        let depth = (line.len() - content.len()) / 2;
        if let Some(words) = content.strip_prefix("# ") {
            comment = if comment.is_empty() { words.to_owned() } else { format!("{comment} {words}") };
            continue;
        }
        let said = std::mem::take(&mut comment);
        let Some((key, _)) = content.split_once(':') else { continue };
        ensure!(depth <= above.len(), "values.yaml: {line:?} is indented by more than two spaces");
        above.truncate(depth);
        above.push(key.to_owned());
        if !said.is_empty() {
            let default = values.pointer(&format!("/{}", above.join("/"))).with_context(|| format!("no {above:?}"))?;
            found.push(Documented { path: above.join("."), default: default.clone(), comment: said });
        }
    }
    Ok(found)
}

/// Paths of all values that are not maps.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value.as_object().filter(|fields| !fields.is_empty()) {
        Some(fields) => {
            for (name, value) in fields {
                let separator = if path.is_empty() { "" } else { "." };
                leaves(value, &format!("{path}{separator}{name}"), found);
            }
        }
        None => found.push(path.to_owned()),
    }
}

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
    let file = format!("{CHART}/README.md");
    let committed = fs::read_to_string(&file)?;
    let (prose, _) = committed.split_once(TABLE).context("the README has no place for the table")?;
    let mut page = format!("{prose}{TABLE}\n| value | default | what |\n| --- | --- | --- |\n");
    for value in read()?.1 {
        let default = serde_json::to_string(&value.default)?;
        let [default, comment] = [default, value.comment].map(|text| text.replace('|', "\\|"));
        writeln!(page, "| `{}` | `{default}` | {comment} |", value.path)?;
    }
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, &page)?;
    }
    confirm!(page == fs::read_to_string(&file)?, "charts/longwire/README.md is old: UPDATE_GENERATED=1 writes it anew")
}

#[test]
fn the_schema_knows_every_value_and_nothing_else() -> Result<()> {
    let schema: Value = serde_json::from_str(&fs::read_to_string(format!("{CHART}/values.schema.json"))?)?;
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
        let file = format!("{CHART}/crds/{name}.yaml");
        if env::var_os("UPDATE_GENERATED").is_some() {
            fs::write(&file, manifest)?;
        }
        ensure!(
            fs::read_to_string(&file).is_ok_and(|copy| copy == manifest),
            "charts/longwire/crds/{name}.yaml is not crds/manifests/{name}.yaml: UPDATE_GENERATED=1 writes it anew"
        );
    }
    confirm!(fs::read_dir(format!("{CHART}/crds"))?.count() == longwire_crds::MANIFESTS.len(), "others are there too")
}
