//! Our own examples are clean: alone, with what they are used with, and all together.

use crate::settings;
use longwire_operator::analyze::{File, analyze};
use longwire_operator::source::manifests::walk;
use std::path::Path;

fn files(folder: &str) -> Vec<File> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let found = walk(&root.join(folder)).into_iter();
    found.map(|(path, text)| File { name: path.display().to_string(), text: text.unwrap() }).collect()
}

/// How many policies and pods there are, so that nobody looks at an empty folder.
#[track_caller]
fn is_clean(files: &[File], policies: usize, pods: usize) {
    let report = analyze(files, &settings());
    assert_eq!(report.findings, []);
    assert_eq!((report.policies, report.pods), (policies, pods));
}

#[test]
fn the_examples_for_any_cluster_are_clean() {
    is_clean(&files("docs/examples"), 5, 10);
}

#[test]
fn each_example_is_clean_by_itself() {
    for file in files("docs/examples/policies") {
        is_clean(&[file], 1, 0);
    }
}

#[test]
fn the_examples_for_one_machine_are_clean() {
    is_clean(&files("docs/one-machine"), 0, 6);
}

#[test]
fn what_the_tests_of_a_cluster_apply_is_clean() {
    assert_eq!(analyze(&files("e2e/cluster"), &settings()).findings, []);
}

/// Templates are no YAML before Helm has rendered them; the others are what people copy.
#[test]
fn the_files_of_the_chart_are_clean() {
    let mut files = files("charts/longwire");
    files.retain(|file| !file.name.contains("/templates/"));
    assert!(files.len() > 5, "{}", files.len());
    assert_eq!(analyze(&files, &settings()).findings, []);
}
