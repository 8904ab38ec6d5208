//! Examples in docs/examples can be applied to any cluster, in any order, and again.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{longwire, prometheus_operator, trial::furnish};
use longwire_testkit::{Prometheus, checkout, confirm, eventually, now};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A random order, reproducible by its seed.
fn shuffled(mut files: Vec<PathBuf>, mut seed: u64) -> Vec<PathBuf> {
    for last in (1..files.len()).rev() {
        // Knuth's constants.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap_or_default() % (last + 1);
        files.swap(last, other);
    }
    files
}

fn brings_its_namespaces(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text).with_context(|| file.display().to_string())?;
    // No example may bring this one, because deleting the example would delete the installation.
    let mut there = vec![longwire::NAMESPACE];
    for object in objects.iter().filter(|object| !object.is_null()) {
        let (kind, name) =
            (object["kind"].as_str().context("no kind")?, object["metadata"]["name"].as_str().context("no name")?);
        ensure!(!["Node", "Pod"].contains(&kind), "{}: a cluster has {kind} {name} from elsewhere", file.display());
        ensure!(object.get("status").is_none(), "{}: {kind} {name} has a status", file.display());
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) => {
                ensure!(there.contains(&namespace), "{}: nobody has made namespace {namespace}", file.display());
            }
            None if kind == "Namespace" => there.push(name),
            None => ensure!(kind.starts_with("ClusterRole"), "{}: {kind} {name} says no namespace", file.display()),
        }
    }
    Ok(())
}

#[test]
fn every_example_can_be_applied_in_any_order_and_again() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let files = files(&checkout().join("docs/examples"))?;
    ensure!(files.len() >= 5, "{files:?}");
    files.iter().try_for_each(|file| brings_its_namespaces(file))?;
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let files = shuffled(files, seed);
    let apply = |file: &PathBuf| {
        let path = file.to_str().context("a path that is no text")?;
        kubernetes.kubectl(&["apply", "--filename", path]).with_context(|| format!("seed {seed}, order {files:?}"))
    };
    let outcome = (|| {
        for file in &files {
            let said = apply(file)?;
            ensure!(said.contains(" created"), "{}: {said}", file.display());
        }
        for file in files.iter().rev() {
            let said = apply(file)?;
            ensure!(!said.contains(" created"), "{} was not there: {said}", file.display());
        }
        Ok(())
    })();
    for file in &files {
        let path = file.to_str().context("a path that is no text")?;
        kubernetes.kubectl(&["delete", "--ignore-not-found", "--filename", path])?;
    }
    kubernetes.kubectl(&["get", "namespace", longwire::NAMESPACE]).context("an example took the installation away")?;
    outcome
}

/// As in the example: any Prometheus of about that version.
const IMAGE: &str = "docker.io/prom/prometheus:v3.5.0";

#[test]
#[ignore = "builds a Prometheus that finds pods: many minutes, once"]
fn the_prometheus_of_the_examples_finds_probes_and_operators() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    prometheus_operator::load_prometheus(kubernetes, IMAGE)?;
    let example = fs::read_to_string(checkout().join("docs/examples/prometheus/prometheus.yaml"))?;
    ensure!(example.contains(&format!("image: {IMAGE}\n")), "the example has another image than {IMAGE}");
    kubernetes.apply(&example)?;
    let outcome = eventually(Duration::from_secs(120), || {
        let prometheus = Prometheus::at(furnish::prometheus(kubernetes)?)?;
        let up = prometheus.query("sum by (job) (up)", now())?;
        let found: BTreeSet<_> = up.into_iter().map(|row| (row.labels["job"].clone(), row.value.to_string())).collect();
        let due = ["longwire-operator", "longwire-probe"].map(|job| (job.to_owned(), "2".to_owned()));
        confirm!(found == BTreeSet::from(due), "{found:?}")
    });
    kubernetes.delete(&example)?;
    outcome
}
