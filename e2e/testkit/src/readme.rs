//! The shell commands of README.md.

use anyhow::{Context, Result};
use std::path::Path;

pub fn checkout() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every shell block, in order.
pub fn blocks() -> Vec<&'static str> {
    const README: &str = include_str!("../../../README.md");
    README.split("\n```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect()
}

/// The block that contains this text.
pub fn block(with: &str) -> Result<&'static str> {
    let found = blocks().into_iter().find(|block| block.contains(with));
    found.with_context(|| format!("README.md has no block with {with:?}"))
}

/// The typed part of a line.
pub fn typed(line: &str) -> &str {
    line.split(" #").next().unwrap_or(line).trim()
}
