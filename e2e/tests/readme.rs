//! The commands of README.md that need no Kubernetes.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{
    Netns, Process, binaries, checkout, command, confirm, readme::block, readme::blocks, readme::typed,
};
use std::time::Duration;

/// A word of each block, and the test that runs it. Those for a cluster are in cluster/readme.rs.
const BLOCKS: [&str; 6] =
    ["make demo", "make --silent try-env", "make try-down", "make images", "helm install", "--manifests"];

#[test]
fn every_block_is_typed_by_a_test() -> Result<()> {
    for block in blocks() {
        ensure!(BLOCKS.iter().any(|word| block.contains(word)), "no test types this block of README.md:\n{block}");
    }
    for word in BLOCKS {
        block(word)?;
    }
    Ok(())
}

#[test]
fn every_documented_make_target_exists_and_runs_its_test() -> Result<()> {
    let programs = [
        ("make demo", "longwire-demo"),
        ("make test", "cargo test --workspace"),
        ("make try", "longwire-try up"),
        ("make try-down", "longwire-try down"),
        ("make images", "images/build"),
        ("make bench", "longwire-bench"),
    ];
    for line in blocks().into_iter().flat_map(str::lines).filter(|line| line.starts_with("make ")) {
        let known = programs.iter().any(|(target, _)| *target == typed(line));
        ensure!(known, "README.md has {line:?}, which is not among {programs:?}");
    }
    let make = |words: &[&str]| {
        let at = checkout().to_str().context("a path that is no text")?;
        command::run("make", &[&["--dry-run", "-C", at], words].concat())
    };
    for (target, program) in programs {
        let recipe = make(&target.split(' ').skip(1).collect::<Vec<_>>())?;
        ensure!(recipe.contains(program), "`{target}` does not run {program}:\n{recipe}");
    }
    ensure!(make(&["try"])?.lines().all(|line| !line.contains("--kiali")), "a Kiali that nobody asked for");
    confirm!(make(&["try", "KIALI=1"])?.contains("longwire-try up --kiali"), "KIALI=1 brings no Kiali")
}

/// Literally, in a network namespace of its own, with the programs under test instead of release builds.
#[test]
fn both_programs_run_without_kubernetes() -> Result<()> {
    let script = block("--manifests")?;
    let built = binaries::find("longwire-probe")?;
    let built = built.parent().and_then(|parent| parent.to_str()).context("a path that is no text")?;
    ensure!(script.contains("cargo build --release\n") && script.contains("target/release/"), "{script}");
    let script = script.replace("cargo build --release\n", "").replace("target/release", built);
    let script = format!("cd {}; {script}; echo status=$?; kill $(jobs -p); wait", checkout().display());
    let mut process = Process::start(&Netns::new()?, "README.md", &["bash", "-c", &script])?;
    process.await_exit(Duration::from_secs(120))?;
    let said = process.log();
    ensure!(said.iter().any(|line| line == "status=0"), "{}", process.last_words());
    confirm!(said.iter().any(|line| line.starts_with("longwire_probe_")), "{}", process.last_words())
}
