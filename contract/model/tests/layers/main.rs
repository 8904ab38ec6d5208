//! The order of the modules inside a crate, as its `src/lib.rs` draws it: a module imports only modules that stand before it.

use checker::{declared, drawn, sources, violations};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

mod checker;

/// Folder of each crate that has an order, and its modules, the lowest first.
const ORDERS: [(&str, &[&str]); 2] = [
    (
        "operator",
        &[
            "counters", "source", "index", "policy", "analyze", "publish", "acks", "status", "cluster", "live",
            "serve", "cli",
        ],
    ),
    (
        "node-probe/pipeline",
        &[
            "record",
            "observation",
            "state",
            "shared",
            "labels",
            "connection",
            "resolve",
            "event",
            "log",
            "live",
            "metrics",
            "pipeline",
        ],
    ),
];

/// What is no module of the library: the declarations, and the program.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

fn source_of(folder: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(folder).join("src")
}

#[test]
fn a_module_imports_only_what_stands_before_it() {
    for (folder, order) in ORDERS {
        let mut files = sources(&source_of(folder));
        files.retain(|(path, _)| !ROOTS.contains(&path.as_str()));
        assert!(files.len() > order.len(), "the sources of {folder} were not found");
        assert_eq!(violations(order, &files), Vec::<String>::new(), "{folder}");
    }
}

#[test]
fn the_drawing_in_lib_rs_has_the_modules_in_this_order() {
    for (folder, order) in ORDERS {
        let lib = fs::read_to_string(source_of(folder).join("lib.rs")).unwrap();
        let declared = declared(&lib);
        assert_eq!(declared, BTreeSet::from_iter(order.iter().copied()), "{folder}");
        assert_eq!(drawn(&lib, &declared), order, "{folder}");
    }
}

/// Of two modules, `low` before `high`, with one file more.
fn check(path: &str, text: &str, expected: &[&str]) {
    let mut files = vec![(
        "low.rs".to_owned(),
        "#[cfg(test)]\nmod tests;\n#[cfg(test)]\npub(crate) mod samples;\nmod part;".to_owned(),
    )];
    files.push((path.to_owned(), text.to_owned()));
    assert_eq!(violations(&["low", "high"], &files), expected, "{path}: {text}");
}

#[test]
fn a_forbidden_import_is_found_wherever_it_stands() {
    let of_part = "low::part imports high, which stands after low";
    check("low/part.rs", "use crate::high::Thing;", &[of_part]);
    check("low/part.rs", "use crate::{low::Other, high::{Thing, More}};", &[of_part]);
    check("low/part.rs", "use super::super::high;", &[of_part]);
    check("low/part.rs", "use super::{Other, super::high::Thing};", &[of_part]);
    check("low/part.rs", "fn f() { crate::high::f(); }", &[of_part]);
    check("low/part.rs", "#[cfg(test)]\nuse crate::low::X;\nuse crate::high::Thing;", &[of_part]);
    check("low/part.rs", "pub(crate) use crate::high::Thing;", &[of_part]);
    check("other.rs", "", &["other has no place in the order"]);
    check("high/part.rs", "use crate::other::X;", &["high::part imports other, which has no place in the order"]);
}

#[test]
fn an_import_from_below_and_one_of_a_test_are_allowed() {
    check("high/part.rs", "use crate::low::{self, Thing};\nuse super::Other;\nuse super::super::low;", &[]);
    check("low/part.rs", "use crate::low::Thing;\nuse super::Other;\npub(in crate::low) fn f() {}", &[]);
    check("low/part.rs", "// As in crate::high.\n/// [`crate::high`]\nfn f() {}", &[]);
    check("low/part.rs", "#[cfg(test)]\nuse crate::high::Thing;\nuse longwire::high;", &[]);
    check("low/tests.rs", "use crate::high::Thing;", &[]);
    check("low/tests/deep.rs", "use crate::high::Thing;", &[]);
    check("low/samples.rs", "use crate::high::Thing;", &[]);
}
