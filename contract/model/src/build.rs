//! Identifies this build. `make images` stamps it; other builds have `unknown`.

use std::sync::LazyLock;

/// The workspace's version, equal for all programs of a release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from, abbreviated; ends in `-dirty` where files differed from it.
pub const COMMIT: &str = match option_env!("LONGWIRE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The time of that commit, not of the build: the same sources give the same bytes.
pub const BUILD: &str = match option_env!("LONGWIRE_BUILD") {
    Some(build) => build,
    None => "unknown",
};

/// The output of `--version` after the program's name.
#[must_use]
pub fn line() -> &'static str {
    static LINE: LazyLock<String> = LazyLock::new(|| format!("{VERSION} (commit {COMMIT}, build {BUILD})"));
    &LINE
}

/// Label values of `longwire_build_info` of a component.
#[must_use]
pub const fn labels(component: &str) -> [&str; 4] {
    [component, VERSION, COMMIT, BUILD]
}
