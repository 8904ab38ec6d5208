//! Container images without a registry: archives in the format of `make images`.

use super::layout::text;
use super::place::Place;
use anyhow::Result;
use longwire_testkit::command;
use std::path::Path;

/// The image of a program of this workspace, for `imagePullPolicy: Never`.
pub fn name_of(program: &str) -> String {
    tagged(program, "1")
}

/// The same under another tag.
pub fn tagged(program: &str, tag: &str) -> String {
    format!("e2e.local/{program}:{tag}")
}

/// Imports an archive into a node's containerd.
pub fn import(node: &Place, archive: &Path) -> Result<()> {
    node.run("ctr", &["--namespace", "k8s.io", "images", "import", text(archive)?]).map(drop)
}

/// Adds another name to an image in a node's containerd.
pub fn tag(node: &Place, image: &str, name: &str) -> Result<()> {
    node.run("ctr", &["--namespace", "k8s.io", "images", "tag", "--force", image, name]).map(drop)
}

/// Whether a node's containerd has an image.
pub fn has(node: &Place, image: &str) -> Result<bool> {
    let filter = format!("name=={image}");
    let found = node.run("ctr", &["--namespace", "k8s.io", "images", "ls", "--quiet", &filter])?;
    Ok(!found.trim().is_empty())
}

/// Writes the image of one program to `archive` and returns its digest. The entrypoint is the program, which is in the
/// PATH too.
pub fn archive(program: &Path, archive: &Path, name: &str) -> Result<String> {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/build");
    command::run(text(&build)?, &[text(program)?, text(archive)?, name])
}
