//! Tests the dependencies between crates against docs/architecture.md.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Each crate, and the crates that it may depend on.
const CRATES: [(&str, &[&str]); 17] = [
    ("longwire-endpoint", &[]),
    ("longwire-live", &[]),
    ("longwire-model", &[]),
    ("longwire-wire", &["longwire-model"]),
    ("longwire-pipeline", &["longwire-model"]),
    ("longwire-export", &["longwire-model", "longwire-pipeline"]),
    ("longwire-merge", &["longwire-export"]),
    ("longwire-send", &["longwire-export", "longwire-model"]),
    ("longwire-crds", &["longwire-model"]),
    ("longwire-operator", &["longwire-crds", "longwire-endpoint", "longwire-live", "longwire-model", "longwire-wire"]),
    ("longwire-cli", &["longwire-crds", "longwire-live", "longwire-model", "longwire-operator"]),
    (
        "longwire-probe",
        &[
            "longwire-endpoint",
            "longwire-export",
            "longwire-model",
            "longwire-pipeline",
            "longwire-send",
            "longwire-wire",
        ],
    ),
    ("longwire-dashboards", &["longwire-model"]),
    ("longwire-testkit", &[]),
    ("longwire-kubernetes", &["longwire-dashboards", "longwire-model", "longwire-testkit"]),
    (
        "longwire-bench",
        &[
            "longwire-export",
            "longwire-kubernetes",
            "longwire-model",
            "longwire-pipeline",
            "longwire-probe",
            "longwire-testkit",
        ],
    ),
    ("longwire-e2e", &["longwire-testkit"]),
];

/// Crates without I/O, and dependencies that would bring it in.
const PURE: [&str; 4] = ["longwire-export", "longwire-merge", "longwire-model", "longwire-pipeline"];
const IMPURE: [&str; 6] = ["tokio", "tonic", "kube", "aya", "libc", "async-std"];
/// Calls libc only to let a thread sleep that waits for a lock.
const LOCK: &str = "parking_lot_core";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Name of every package to the names of its direct, non-dev dependencies.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name_of = |id: &Value| {
        let packages = metadata["packages"].as_array().unwrap();
        packages.iter().find(|package| &package["id"] == id).unwrap()["name"].as_str().unwrap().to_owned()
    };
    let is_normal = |edge: &&Value| edge["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev");
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for node in nodes {
        let edges = node["deps"].as_array().unwrap().iter().filter(is_normal).map(|edge| name_of(&edge["pkg"]));
        found.entry(name_of(&node["id"])).or_default().extend(edges);
    }
    found
}

#[test]
fn a_crate_depends_only_on_the_crates_that_it_may() {
    let dependencies = dependencies();
    let ours: BTreeSet<_> = dependencies.keys().filter(|name| name.starts_with("longwire-")).cloned().collect();
    assert_eq!(ours, CRATES.iter().map(|(name, _)| (*name).to_owned()).collect(), "a crate without rules");
    for (name, allowed) in CRATES {
        let known = dependencies[name].iter().filter(|name| name.starts_with("longwire-"));
        let forbidden: Vec<_> = known.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(forbidden.is_empty(), "{name} must not depend on {forbidden:?}");
    }
}

#[test]
fn the_pure_crates_reach_no_runtime_kernel_or_cluster() {
    let dependencies = dependencies();
    for name in PURE {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![name];
        while let Some(name) = waiting.pop() {
            for next in &dependencies[name] {
                // A proc macro runs at build time, so its dependencies are not in the program.
                let ends_here = next == LOCK || next.ends_with("-derive") || next.ends_with("-impl");
                if reached.insert(next.as_str()) && !ends_here {
                    waiting.push(next);
                }
            }
        }
        let impure: Vec<_> = IMPURE.iter().filter(|name| reached.contains(**name)).collect();
        assert!(impure.is_empty(), "{name} reaches {impure:?}");
    }
}

#[test]
fn the_kernel_adapter_is_in_the_probe_alone() {
    let users: Vec<_> =
        dependencies().into_iter().filter(|(_, known)| known.contains("aya")).map(|(name, _)| name).collect();
    assert_eq!(users, ["longwire-probe"]);
}

/// Probes get everything from the operator, so that none talks to the API server. `kubectl longwire` asks with its user's rights.
#[test]
fn no_probe_talks_to_the_api_server() {
    let allowed = [
        "longwire-bench",
        "longwire-cli",
        "longwire-crds",
        "longwire-kubernetes",
        "longwire-live",
        "longwire-operator",
    ];
    let dependencies = dependencies();
    let ours = dependencies.iter().filter(|(name, _)| name.starts_with("longwire-"));
    let users: Vec<_> = ours.filter(|(_, known)| known.contains("kube")).map(|(name, _)| name.as_str()).collect();
    let forbidden: Vec<_> = users.into_iter().filter(|name| !allowed.contains(name)).collect();
    assert!(forbidden.is_empty(), "{forbidden:?} must not depend on kube");
}

#[test]
fn no_file_holds_more_than_one_can_read_at_once() {
    let listed = Command::new("git").args(["ls-files", "*.rs", "*.c", "*.h"]).current_dir(root()).output().unwrap();
    let files = String::from_utf8(listed.stdout).unwrap();
    assert!(files.lines().count() > 10, "git lists no files: {}", String::from_utf8_lossy(&listed.stderr));
    for file in files.lines().filter(|file| !file.contains("/generated/")) {
        // Deleted, but the deletion is not committed.
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        assert!(text.lines().count() <= 400, "{file} has {} lines; an idea fits in 400", text.lines().count());
    }
}
