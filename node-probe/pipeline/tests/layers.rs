//! The order of the pipeline's modules, as `src/lib.rs` draws it: a module imports only modules that stand before it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The lowest first.
const ORDER: [&str; 10] =
    ["record", "observation", "state", "shared", "labels", "connection", "resolve", "event", "metrics", "pipeline"];

/// A source file: its path below `src`, and its text.
type File = (String, String);

/// Paths as they are written in `use` trees and in expressions, from `crate` or `super` on.
struct Imports<'a> {
    /// The module that has them, from the root of the crate on.
    module: Vec<&'a str>,
    /// Top modules that it imports.
    found: BTreeSet<String>,
}

impl<'a> Imports<'a> {
    fn of(module: &[&'a str], text: &str) -> BTreeSet<String> {
        let mut imports = Self { module: module.to_vec(), found: BTreeSet::new() };
        let mut rest = text;
        while let Some((at, root)) = next_root(rest) {
            rest = &rest[at..];
            imports.tree(rest, module);
            rest = &rest[root.len()..];
            // A chain of `super::` has one root.
            while let Some(next) = rest.strip_prefix("super::") {
                rest = next;
            }
        }
        imports.found
    }

    /// `text` begins with a path, seen from the module `at`. Only a path from the root on can leave the top module.
    fn tree(&mut self, text: &str, at: &[&'a str]) {
        let text = text.trim_start();
        if let Some(rest) = text.strip_prefix("crate::") {
            self.tree(rest, &[]);
        } else if let Some(rest) = text.strip_prefix("super::") {
            self.tree(rest, &at[..at.len().saturating_sub(1)]);
        } else if let Some(rest) = text.strip_prefix('{') {
            for member in members(rest) {
                self.tree(member, at);
            }
        } else if at.is_empty() && !self.module.is_empty() {
            let name: String = text.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
            self.found.insert(name);
        }
    }
}

/// Where the next `crate::` or `super::` begins that is no part of a longer name.
fn next_root(text: &str) -> Option<(usize, &'static str)> {
    let roots =
        ["crate::", "super::"].into_iter().flat_map(|root| text.match_indices(root).map(move |(at, _)| (at, root)));
    let is_name = |char: char| char.is_alphanumeric() || char == '_' || char == '$';
    roots.filter(|(at, _)| !text[..*at].ends_with(is_name)).min()
}

/// The members of a group whose brace is open.
fn members(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&text[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.retain(|member| !member.trim().is_empty());
    found
}

/// The text without comments and without `use` and `mod` of tests; and the names of the latter.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let lines: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let text = lines.join("\n");
    let mut parts = text.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    let mut tests = Vec::new();
    for part in parts {
        let (item, rest) = part.split_once(';').unwrap_or((part, ""));
        let words: Vec<&str> = item.split_whitespace().filter(|word| !word.starts_with("pub")).collect();
        match words.as_slice() {
            ["mod", name] => tests.push((*name).to_owned()),
            ["use", ..] => {}
            _ => kept.push_str(item),
        }
        kept.push_str(rest);
    }
    (kept, tests)
}

/// What is wrong with the files, one line each.
fn violations(order: &[&str], files: &[File]) -> Vec<String> {
    let module_of = |path: &str| path.trim_end_matches(".rs").replace('/', "::");
    let parsed: Vec<_> = files.iter().map(|(path, text)| (module_of(path), without_tests(text))).collect();
    let tests: Vec<String> = parsed
        .iter()
        .flat_map(|(module, (_, tests))| tests.iter().map(move |test| format!("{module}::{test}")))
        .collect();
    let is_test = |module: &str| tests.iter().any(|test| module == test || module.starts_with(&format!("{test}::")));
    let mut found = Vec::new();
    for (module, (text, _)) in parsed.iter().filter(|(module, _)| module != "lib" && !is_test(module)) {
        let path: Vec<&str> = module.split("::").collect();
        let Some(own) = order.iter().position(|name| *name == path[0]) else {
            found.push(format!("{module} has no place in the order"));
            continue;
        };
        for import in Imports::of(&path, text) {
            match order.iter().position(|name| *name == import) {
                Some(place) if place <= own => {}
                Some(_) => found.push(format!("{module} imports {import}, which stands after {}", path[0])),
                None => found.push(format!("{module} imports {import}, which has no place in the order")),
            }
        }
    }
    found
}

fn sources(directory: &Path, below: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{name}/"), found);
        } else if name.ends_with(".rs") {
            found.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn a_module_imports_only_what_stands_before_it() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), "", &mut files);
    assert!(files.len() > ORDER.len(), "the sources were not found");
    assert_eq!(violations(&ORDER, &files), Vec::<String>::new());
}

#[test]
fn the_drawing_in_lib_rs_has_the_modules_in_this_order() {
    let lib = include_str!("../src/lib.rs");
    let declared: BTreeSet<&str> = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(declared, BTreeSet::from(ORDER));
    let drawn = lib.lines().filter_map(|line| line.strip_prefix("//! ")?.split("  ").next());
    let drawn: Vec<&str> = drawn.filter(|name| declared.contains(name)).collect();
    assert_eq!(drawn, ORDER);
}

/// Of two modules, `low` before `high`, with one file more.
fn check(path: &str, text: &str, expected: &[&str]) {
    let mut files = vec![
        ("lib.rs".to_owned(), "mod high;\nmod low;".to_owned()),
        ("low.rs".to_owned(), "#[cfg(test)]\nmod tests;\n#[cfg(test)]\npub(crate) mod samples;\nmod part;".to_owned()),
    ];
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
