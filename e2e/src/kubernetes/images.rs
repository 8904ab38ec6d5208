//! Container images without a registry: archives, made as `make images` makes them.

use super::layout::text;
use super::place::Place;
use crate::command;
use anyhow::Result;
use std::path::Path;

/// The image of a program of this workspace, for `imagePullPolicy: Never`.
#[must_use]
pub fn name_of(program: &str) -> String {
    tagged(program, "1")
}

/// The same under another tag.
#[must_use]
pub fn tagged(program: &str, tag: &str) -> String {
    format!("e2e.local/{program}:{tag}")
}

/// Makes a node's containerd know an archive.
pub fn import(node: &Place, archive: &Path) -> Result<()> {
    node.run("ctr", &["--namespace", "k8s.io", "images", "import", text(archive)?]).map(drop)
}

/// Makes a node's containerd know an image that it has by another name too.
pub fn tag(node: &Place, image: &str, name: &str) -> Result<()> {
    node.run("ctr", &["--namespace", "k8s.io", "images", "tag", "--force", image, name]).map(drop)
}

/// Whether a node's containerd knows an image.
pub fn has(node: &Place, image: &str) -> Result<bool> {
    let filter = format!("name=={image}");
    let found = node.run("ctr", &["--namespace", "k8s.io", "images", "ls", "--quiet", &filter])?;
    Ok(!found.trim().is_empty())
}

/// Writes the image of one program to `archive`; its digest. Its entrypoint is the program, which is in the search path too.
pub fn archive(program: &Path, archive: &Path, name: &str) -> Result<String> {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/build");
    command::run(text(&build)?, &[text(program)?, text(archive)?, name])
}
