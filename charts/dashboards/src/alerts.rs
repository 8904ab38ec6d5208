//! The chart's alerts and recording rules.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;

#[cfg(test)]
mod tests;

/// A file of rules.
#[derive(Clone, Debug, Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Clone, Debug, Deserialize)]
struct Group {
    rules: Vec<Alert>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Alert {
    #[serde(rename = "alert")]
    pub name: String,
    #[serde(rename = "expr")]
    pub expression: String,
    pub labels: Labels,
    pub annotations: Annotations,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Labels {
    pub severity: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Annotations {
    pub summary: String,
    pub description: String,
    pub runbook_url: String,
}

/// The chart's folder of rules: alerts in `longwire.yaml`, recording rules in `locality.yaml`, and those that users have to enable in `opt-in`.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../longwire/rules"))
}

/// All alerts, in the order of the file.
pub fn all() -> Result<Vec<Alert>> {
    let file = folder().join("longwire.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let rules: Rules = serde_saphyr::from_str(&text).with_context(|| file.display().to_string())?;
    Ok(rules.groups.into_iter().flat_map(|group| group.rules).collect())
}
