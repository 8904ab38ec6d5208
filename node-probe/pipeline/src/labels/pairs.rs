//! Labels as pairs of name and value.

use super::Differences;

/// Passes on each name with its value: in the order of the table, what is replaced in its place, what is added by name after it.
pub(super) fn pairs<'a>(
    names: &[&str],
    values: impl Iterator<Item = &'a str>,
    differences: &Differences,
    to: &mut dyn FnMut(&str, &str),
) {
    for (name, value) in names.iter().zip(values) {
        if let Some(value) = differences.of(name).unwrap_or(Some(value)) {
            to(name, value);
        }
    }
    for (name, value) in differences.values().filter(|(name, _)| !names.contains(&name.as_str())) {
        to(name.as_str(), value);
    }
}
