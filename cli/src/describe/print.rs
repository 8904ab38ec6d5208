//! A description, as a person or a program reads it. Pure.

use super::{Description, text};
use crate::options::{DescribeOutput, Described};
use serde_json::{Value, json};

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPrinted {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

pub(super) fn print(description: &Description, output: DescribeOutput) -> Result<String, NotPrinted> {
    Ok(match output {
        DescribeOutput::Text => text::text(description),
        DescribeOutput::Json => serde_json::to_string_pretty(&document(description))? + "\n",
        DescribeOutput::Yaml => serde_saphyr::to_string(&document(description))?,
    })
}

/// What could not be read is null.
fn document(Description { kind, namespace, name, groups, feeds }: &Description) -> Value {
    let kind = match kind {
        Described::Pod => "Pod",
        Described::Service => "Service",
    };
    json!({"kind": kind, "namespace": namespace, "name": name, "groups": groups, "feeds": feeds})
}
