//! Which build this is. `make images` stamps it; another build says `unknown`.

use std::sync::LazyLock;

/// Of the workspace: all programs are of one release.
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

/// What `--version` says behind the program's name.
#[must_use]
pub fn line() -> &'static str {
    static LINE: LazyLock<String> = LazyLock::new(|| format!("{VERSION} (commit {COMMIT}, build {BUILD})"));
    &LINE
}

/// The values of the labels of `longwire_build_info`, as a component has them.
#[must_use]
pub const fn labels(component: &str) -> [&str; 4] {
    [component, VERSION, COMMIT, BUILD]
}
