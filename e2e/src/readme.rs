//! What README.md tells people to type.

use anyhow::{Context, Result};
use std::path::Path;

/// The repository.
#[must_use]
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Every block for a shell, in order.
#[must_use]
pub fn blocks() -> Vec<&'static str> {
    const README: &str = include_str!("../../README.md");
    README.split("\n```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect()
}

/// The block that says this.
pub fn block(with: &str) -> Result<&'static str> {
    blocks()
        .into_iter()
        .find(|block| block.contains(with))
        .with_context(|| format!("README.md has no block with {with:?}"))
}

/// What of a line is typed.
#[must_use]
pub fn typed(line: &str) -> &str {
    line.split(" #").next().unwrap_or(line).trim()
}
