//! A report as text for people, JSON for scripts and SARIF for code hosts; and the exit code.

use super::catalogue::Severity;
use super::finding::Report;

mod json;
mod sarif;
mod text;

pub use json::json;
pub use sarif::sarif;
pub use text::{Palette, text};

/// The page with a section for each code.
const PAGE: &str = "https://github.com/longwire/longwire/blob/main/docs/analysis.md";

/// Analyzed, and nothing found that is bad enough.
pub const CLEAN: u8 = 0;
/// A file, or all of a cluster, could not be read, or the command line is wrong.
pub const NOT_ANALYZED: u8 = 1;
/// A finding is at least as bad as asked for.
pub const FOUND: u8 = 2;

/// Of a program that analyzed all that it was given.
#[must_use]
pub fn exit_code(report: &Report, fail_on: Severity) -> u8 {
    if report.has(fail_on) { FOUND } else { CLEAN }
}

fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}
