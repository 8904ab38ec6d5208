//! docs/metrics.md is what the tables say.

use longwire_model::reference;
use std::path::Path;
use std::{env, fs};

#[test]
fn the_reference_in_docs_is_up_to_date() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md"));
    let page = reference::render();
    if env::var_os("UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        fs::write(path, &page).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/metrics.md is old: UPDATE_REFERENCE=1 cargo test -p longwire-model writes it anew"
    );
}
