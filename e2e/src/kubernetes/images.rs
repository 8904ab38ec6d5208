//! Container images without a registry: archives made of a program and the libraries it is linked to.

use super::layout::{script, text};
use super::place::Place;
use crate::command;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The image of a program of this workspace, for `imagePullPolicy: Never`.
#[must_use]
pub fn name_of(program: &str) -> String {
    format!("e2e.local/{program}:1")
}

/// Makes a node's containerd know an archive.
pub fn import(node: &Place, archive: &Path) -> Result<()> {
    node.run("ctr", &["--namespace", "k8s.io", "images", "import", text(archive)?]).map(drop)
}

/// Writes the image of one program to `archive`. Its entrypoint is the program, which is in the search path too.
pub fn archive(program: &Path, archive: &Path) -> Result<()> {
    let name = program.file_name().and_then(|name| name.to_str()).context("a program without a name")?;
    let root = tempfile::tempdir()?;
    let installed = format!("/usr/bin/{name}");
    install(root.path(), program, &installed)?;
    // Line tables are most of a test build, and go through two containerds.
    command::run("strip", &["--strip-debug", text(&root.path().join(&installed[1..]))?])?;
    for library in libraries(program)? {
        install(root.path(), Path::new(&library), &library)?;
    }
    let configuration = serde_json::json!({"Entrypoint": [installed], "Env": ["PATH=/usr/bin"]}).to_string();
    let image = script("image");
    command::run(text(&image)?, &[text(archive)?, &name_of(name), text(root.path())?, &configuration]).map(drop)
}

/// Where the loader finds what a program is linked to, and the loader itself.
fn libraries(program: &Path) -> Result<Vec<String>> {
    let said = command::run("ldd", &[text(program)?])?;
    // `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)`; the loader stands alone, the kernel's has no path.
    Ok(said.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect())
}

fn install(root: &Path, from: &Path, to: &str) -> Result<()> {
    let target: PathBuf = root.join(to.trim_start_matches('/'));
    fs::create_dir_all(target.parent().context("a file without a directory")?)?;
    fs::copy(from, &target).with_context(|| format!("copy {} to {}", from.display(), target.display()))?;
    Ok(())
}
