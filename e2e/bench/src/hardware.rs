//! Hardware and kernel of a run.

use longwire_testkit::command;
use serde_json::{Value, json};
use std::fs;

/// Unknown values are `-`.
pub(crate) fn here() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        line.map_or("-".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let said = |program: &str, arguments: &[&str]| {
        command::run(program, arguments).map_or("-".to_owned(), |text| text.trim().to_owned())
    };
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let kibibytes: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
    json!({
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "cpu": field(&read("/proc/cpuinfo"), "model name"),
        "cores": super::processor::count().to_string(),
        "memory": format!("{:.1} GiB", kibibytes as f64 / f64::from(1 << 20)),
        "date": said("date", &["--utc", "+%Y-%m-%d"]),
        "commit": said("git", &["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"]),
    })
}
