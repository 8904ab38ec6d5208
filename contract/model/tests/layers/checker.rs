//! Which top modules the files of a crate import, and whether each stands before the one that imports it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A source file: its path below `src`, and its text.
pub(super) type File = (String, String);

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
pub(super) fn violations(order: &[&str], files: &[File]) -> Vec<String> {
    let module_of = |path: &str| path.trim_end_matches(".rs").replace('/', "::");
    let parsed: Vec<_> = files.iter().map(|(path, text)| (module_of(path), without_tests(text))).collect();
    let tests: Vec<String> = parsed
        .iter()
        .flat_map(|(module, (_, tests))| tests.iter().map(move |test| format!("{module}::{test}")))
        .collect();
    let is_test = |module: &str| tests.iter().any(|test| module == test || module.starts_with(&format!("{test}::")));
    let mut found = Vec::new();
    for (module, (text, _)) in parsed.iter().filter(|(module, _)| !is_test(module)) {
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

fn collect(directory: &Path, below: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), found);
        } else if name.ends_with(".rs") {
            found.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

/// Every Rust file below the directory.
pub(super) fn sources(directory: &Path) -> Vec<File> {
    let mut found = Vec::new();
    collect(directory, "", &mut found);
    found
}

/// The modules that a `lib.rs` declares, without those of tests.
pub(super) fn declared(lib: &str) -> BTreeSet<&str> {
    lib.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')).collect()
}

/// The modules that the drawing at the head of a `lib.rs` has, in its order: each begins a line, and two spaces follow it.
pub(super) fn drawn<'a>(lib: &'a str, declared: &BTreeSet<&str>) -> Vec<&'a str> {
    let names = lib.lines().filter_map(|line| line.strip_prefix("//! ")?.split("  ").next());
    names.filter(|name| declared.contains(name)).collect()
}
