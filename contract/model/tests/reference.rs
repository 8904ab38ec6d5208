//! docs/metrics.md, docs/expressions.md and the section on access logs of docs/logs-and-exports.md are equal to the tables' rendering.

use longwire_model::reference;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn path(file: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(file)
}

#[track_caller]
fn is_up_to_date(file: &str, page: &str) {
    let path = path(file);
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
    const FILE: &str = "logs-and-exports.md";
    let committed = fs::read_to_string(path(FILE)).unwrap();
    is_up_to_date(FILE, &with_section(&committed, "access logs", &reference::logs::render()));
}

/// `page` with `text` between the two comments of `name`.
fn with_section(page: &str, name: &str, text: &str) -> String {
    let (before, rest) = page.split_once(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("no section {name}"));
    let (comment, rest) = rest.split_once("-->\n").unwrap();
    let end = format!("<!-- end of {name} -->");
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("section {name} has no end"));
    format!("{before}<!-- {name}: {comment}-->\n{text}{end}{after}")
}
