//! Files of access logs have the line of every connection, over all files that a rotation makes.

use crate::stage::{PATIENCE, Stage, add, node};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{REPORTERS, Truth, confirm, eventually, janitor};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const MEBIBYTE: u64 = 1 << 20;
/// A file is full with the line that makes it so.
const LONGEST_LINE: u64 = 16 << 10;
/// More than fit into one file.
const CONNECTIONS: usize = 1_000;

/// All files below a directory.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(self::files(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// Of both ends of one connection: by id and reporter.
type Ends = BTreeMap<(String, String), Value>;

/// Final lines of all files. Every line is a whole one, and stands once.
fn ends(directory: &Path) -> Result<Ends> {
    let mut ends = Ends::new();
    for file in files(directory)? {
        let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        ensure!(text.is_empty() || text.ends_with('\n'), "{} ends within a line", file.display());
        for text in text.lines() {
            let line: Value = serde_json::from_str(text).with_context(|| format!("{}: {text}", file.display()))?;
            if line["type"] == "End" {
                let of = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
                let twice = ends.insert((of("id"), of("reporter")), line.clone());
                ensure!(twice.is_none(), "{line} is there twice");
            }
        }
    }
    Ok(ends)
}

fn told(ends: &Ends, reporter: &str) -> Truth {
    let of_reporter: Vec<&Value> = ends.iter().filter(|((_, by), _)| by == reporter).map(|(_, line)| line).collect();
    let sum = |field: &str| of_reporter.iter().filter_map(|line| line[field].as_u64()).sum();
    let closed = of_reporter.len() as u64;
    Truth { opened: closed, closed, to_server: sum("received_bytes"), to_client: sum("sent_bytes") }
}

#[test]
fn a_thousand_connections_are_in_rotated_files_to_the_byte() -> Result<()> {
    let directory = janitor::temporary_directory("logs")?;
    let spec = json!({
        "exporters": [{"name": "files", "file": {"maxMebibytes": 1, "maxFiles": 20}}],
        "accessLogs": {"enabled": true, "exporters": ["files"], "rateLimit": 100_000},
    });
    let mut stage = Stage::new(node()?, &spec)?;
    let path = directory.path().to_str().context("path")?;
    let probe = stage.probe(&["--log-dir", path])?;
    let mut truths = stage.talk(1)?;
    stage.settle(&probe, &truths)?;
    add(&mut truths, &stage.talk(CONNECTIONS / 2)?);
    stage.settle(&probe, &truths)?;
    let truth: Truth = truths.iter().copied().sum();
    eventually(PATIENCE, || {
        let ends = ends(directory.path())?;
        let told = REPORTERS.map(|reporter| told(&ends, reporter));
        confirm!(told == [truth; 2], "the lines say {told:?}, the truth is {truth:?}")
    })
    .with_context(|| probe.process().last_words())?;
    let sizes = files(directory.path())?.iter().map(|file| Ok(file.metadata()?.len())).collect::<Result<Vec<_>>>()?;
    ensure!(sizes.len() > 1 && sizes.iter().all(|size| *size < MEBIBYTE + LONGEST_LINE), "files of {sizes:?} bytes");
    let on_stdout = probe.process().log().iter().filter(|line| line.starts_with('{')).count();
    confirm!(on_stdout == 0, "{on_stdout} lines on the standard output, which was not asked for")
}
