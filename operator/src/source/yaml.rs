//! YAML is read here alone.

use serde::de::DeserializeOwned;

/// Callers bound the text in bytes, which bounds its nodes; aliases that multiply need a bound of their own.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        // As kubectl reads the mode of a file, 0555; otherwise a number of no known type would be 555.0.
        legacy_octal_numbers: true,
        budget: serde_saphyr::budget! {
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
    };
    serde_saphyr::from_str_with_options(text, options)
}
