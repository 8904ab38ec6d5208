//! docs/metrics.md, docs/expressions.md and docs/logs-and-exports.md are equal to the tables' rendering.

use longwire_model::reference;
use std::path::Path;
use std::{env, fs};

#[track_caller]
fn is_up_to_date(file: &str, page: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(file);
    if env::var_os("UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        fs::write(&path, page).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == page, "docs/{file} is old: UPDATE_REFERENCE=1 cargo test -p longwire-model writes it anew");
}

#[test]
fn the_reference_of_metrics_in_docs_is_up_to_date() {
    is_up_to_date("metrics.md", &reference::render());
}

#[test]
fn the_reference_of_expressions_in_docs_is_up_to_date() {
    is_up_to_date("expressions.md", &reference::expressions::render());
}

#[test]
fn the_reference_of_access_logs_in_docs_is_up_to_date() {
    is_up_to_date("logs-and-exports.md", &reference::logs::render());
}
