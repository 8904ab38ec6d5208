//! `kubectl longwire` as a program.

mod api_server;
mod describe;
mod edges;
mod estimate;
mod observe;
mod online;
mod status;
mod top;

use rstest::rstest;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const WRONG: &str = "\
apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {name: p, namespace: shop}
spec:
  reportingInterval: 10s
";
const EMPTY: &str = "\
apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {name: empty, namespace: shop}
spec: {}
";

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn command(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.args(words).current_dir(directory).stdin(Stdio::null());
    command
}

fn run(directory: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    said(command(directory, words).output().unwrap())
}

fn said(output: Output) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = output;
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_directory_is_read_with_all_that_is_below_it() {
    let directory = directory(&[
        ("policies/a.yaml", EMPTY),
        ("policies/deep/b.yml", WRONG),
        ("policies/c.json", r#"{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop"}}"#),
        ("policies/notes.txt", "kind: ["),
    ]);
    let (code, text, error) = run(directory.path(), &["analyze", "-f", "policies"]);
    assert_eq!((code, error.as_str()), (Some(2), ""));
    let expected = "\
TelemetryPolicy shop/empty  policies/a.yaml
  line 4: warning LW022: spec: sets nothing
      Write what it is for, or delete it.

TelemetryPolicy shop/p  policies/deep/b.yml
  line 5: error LW003: spec.reportingInterval: is for the whole cluster, and only allowed in namespace longwire-system: leave it out here
      Leave the field out, or write it into an object without a selector in the root namespace (`--root-namespace`).

Note: no pods and no templates of pods were read, so selectors and labels in expressions were not compared with any.

1 error, 1 warning in 3 files, 2 objects of Longwire and 0 pods or templates. Each code is explained in docs/analysis.md.
";
    assert_eq!(text, expected);
}

#[rstest]
#[case::errors(&[], 0)]
#[case::warnings(&["--fail-on", "warning"], 2)]
#[case::infos(&["--fail-on=info"], 2)]
fn the_exit_code_depends_on_what_is_bad_enough(#[case] more: &[&str], #[case] expected: i32) {
    let directory = directory(&[("empty.yaml", EMPTY)]);
    let words = [&["analyze", "-f", "empty.yaml"], more].concat();
    assert_eq!(run(directory.path(), &words).0, Some(expected));
}

#[test]
fn several_files_are_analysed_together() {
    let directory = directory(&[("a.yaml", EMPTY), ("b.yaml", WRONG)]);
    let both = run(directory.path(), &["analyze", "-f", "a.yaml", "-f", "b.yaml", "-o", "json"]);
    assert_eq!(run(directory.path(), &["analyze", "-f", "a.yaml", "b.yaml", "-o", "json"]), both);
    let document: Value = serde_json::from_str(&both.1).unwrap();
    let files: Vec<&Value> = document["findings"].as_array().unwrap().iter().map(|finding| &finding["file"]).collect();
    assert_eq!(files, ["a.yaml", "b.yaml"]);
}

#[test]
fn standard_input_is_a_file() {
    let directory = directory(&[]);
    let mut child = command(directory.path(), &["analyze", "-f", "-", "-o", "sarif", "-n", "bank"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = WRONG.replace(", namespace: shop", "");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let (code, text, error) = said(child.wait_with_output().unwrap());
    assert_eq!((code, error.as_str()), (Some(2), ""));
    let document: Value = serde_json::from_str(&text).unwrap();
    let location = &document["runs"][0]["results"][0]["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "stdin");
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "TelemetryPolicy bank/p spec.reportingInterval");
}

#[test]
fn the_root_namespace_may_have_another_name() {
    let directory = directory(&[("b.yaml", WRONG)]);
    let (code, text, _) = run(directory.path(), &["analyze", "-f", "b.yaml", "--root-namespace", "shop"]);
    assert_eq!(
        (code, text.contains("Nothing found in 1 file, 1 object of Longwire and 0 pods or templates.")),
        (Some(0), true)
    );
}

#[rstest]
#[case::no_such_file(&["analyze", "-f", "nothing.yaml"], "nothing.yaml: No such file or directory (os error 2)")]
#[case::nothing_in_it(&["analyze", "-f", "empty"], "empty: no *.yaml, *.yml or *.json is in this directory or below it: name another")]
#[case::no_text(&["analyze", "-f", "bytes.yaml"], "bytes.yaml: is not UTF-8: save it as UTF-8, or leave it out")]
#[case::no_text_below(&["analyze", "-f", "."], "./bytes.yaml: is not UTF-8")]
#[case::a_file_and_a_cluster(&["analyze", "-f", "empty", "-A"], "cannot be used with")]
#[case::no_such_output(&["analyze", "-f", "-", "-o", "xml"], "invalid value 'xml' for '--output <OUTPUT>'")]
#[case::no_such_command(&["analyse"], "a similar subcommand exists: 'analyze'")]
fn what_cannot_be_analysed_is_said_on_standard_error(#[case] words: &[&str], #[case] expected: &str) {
    let directory = directory(&[("empty/notes.txt", "")]);
    fs::write(directory.path().join("bytes.yaml"), [0xff, 0xfe]).unwrap();
    let (code, text, error) = run(directory.path(), words);
    assert_eq!((code, text.as_str()), (Some(1), ""));
    assert!(error.contains(expected), "{error}");
}

#[test]
fn help_reads_well() {
    let directory = directory(&[]);
    let (code, text, _) = run(directory.path(), &["analyze", "--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kubectl longwire analyze [OPTIONS]"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 150), "{text}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let directory = directory(&[("a.yaml", WRONG)]);
    let with = |variables: &[(&str, &str)]| {
        let mut command = command(directory.path(), &["analyze", "-f", "a.yaml"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(variables.iter().copied());
        said(command.output().unwrap()).1
    };
    let piped = with(&[]);
    let forced = with(&[("CLICOLOR_FORCE", "1")]);
    assert!(piped.contains("error LW003") && !piped.contains('\u{1b}'), "{piped}");
    assert!(forced.contains("\u{1b}[31m"), "{forced}");
    assert_eq!(with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), piped);
}
