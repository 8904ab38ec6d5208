//! docs/analysis.md is what the catalogue says.

use longwire_operator::analyze::reference::render;
use std::path::Path;
use std::{env, fs};

#[test]
fn the_reference_of_codes_in_docs_is_up_to_date() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/analysis.md"));
    let page = render();
    if env::var_os("UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        fs::write(path, &page).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/analysis.md is old: UPDATE_REFERENCE=1 cargo test -p longwire-operator --test analysis writes it anew"
    );
}
