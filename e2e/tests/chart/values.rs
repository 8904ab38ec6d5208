//! values.yaml with its comments: each value has one above it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;

/// A key with a comment. Keys below it are part of its default.
#[derive(Debug)]
pub(crate) struct Documented {
    /// Its path, as for `--set`.
    pub(crate) path: String,
    pub(crate) default: Value,
    pub(crate) comment: String,
}

/// All values, and the comments of values.yaml in their order.
pub(crate) fn read() -> Result<(Value, Vec<Documented>)> {
    let file = longwire_kubernetes::helm::chart().join("values.yaml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
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
pub(crate) fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
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
