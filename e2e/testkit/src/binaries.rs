//! Finds the programs under test.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::{Path, PathBuf};

/// Directory of the programs under test, if they are not beside the running executable.
pub const BIN_DIR: &str = "LONGWIRE_BIN_DIR";

/// A program of this workspace, by name.
pub fn find(name: &str) -> Result<PathBuf> {
    let directories = directories()?;
    let Some(found) = directories.iter().map(|directory| directory.join(name)).find(|path| path.is_file()) else {
        bail!("{name} is in none of {directories:?}: build it with `cargo build --bins`, or set {BIN_DIR}");
    };
    Ok(found)
}

fn directories() -> Result<Vec<PathBuf>> {
    if let Some(directory) = env::var_os(BIN_DIR) {
        return Ok(vec![directory.into()]);
    }
    let executable = env::current_exe().context("find the running executable")?;
    let beside = executable.parent().unwrap_or(Path::new("/"));
    // Cargo puts test executables into `deps` below the binaries.
    let above = beside.parent().filter(|_| beside.ends_with("deps"));
    Ok(above.into_iter().chain([beside]).map(Path::to_owned).collect())
}
