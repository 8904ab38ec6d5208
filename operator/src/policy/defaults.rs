//! The settings that apply where no object overrides them: a file with one TelemetryPolicy, from the installation.

use crate::source;
use crate::source::object::policy::TelemetryPolicy;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

#[derive(Debug, thiserror::Error)]
pub enum InvalidDefaults {
    #[error("--defaults {}: {reason}; name a file with a TelemetryPolicy", file.display())]
    Unreadable { file: PathBuf, reason: io::Error },
    #[error("--defaults {}: {reason}", file.display())]
    Invalid { file: PathBuf, reason: String },
}

/// For the whole cluster: it may set what an object in the root namespace may set.
pub fn read(file: &Path, root_namespace: &str) -> Result<TelemetryPolicy, InvalidDefaults> {
    let text =
        fs::read_to_string(file).map_err(|reason| InvalidDefaults::Unreadable { file: file.to_owned(), reason })?;
    check(&text, root_namespace).map_err(|reason| InvalidDefaults::Invalid { file: file.to_owned(), reason })
}

fn check(text: &str, root_namespace: &str) -> Result<TelemetryPolicy, String> {
    let policy = source::telemetry_policy(text)?;
    if let Some(unknown) = &policy.unknown {
        return Err(unknown.clone());
    }
    let spec = policy.accepted(root_namespace).map_err(|refusal| refusal.to_string())?;
    if spec.selector.is_some() {
        return Err("spec.selector: defaults are for every pod: leave it out".to_owned());
    }
    Ok(policy)
}
