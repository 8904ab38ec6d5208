//! From installation to uninstallation.

use super::leavings::{Leavings, expect_nothing};
use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, NODES, helm::Helm, helm::RELEASE, images, longwire, longwire::object};
use longwire_testkit::{confirm, eventually, janitor};
use std::fs;
use std::time::{Duration, Instant};

/// Selector of all its pods.
const ALL: &str = "--selector=app.kubernetes.io/name=longwire";

/// Printer columns of the current CRD.
fn columns(kubernetes: &Kubernetes) -> Result<String> {
    let crd = ["crd", "telemetrypolicies.telemetry.longwire.io"];
    kubernetes.json_path(&crd, "{.spec.versions[0].additionalPrinterColumns[*].name}")
}

/// Makes a CRD look like one of another release, as Helm leaves it.
fn age(kubernetes: &Kubernetes) -> Result<()> {
    let manifests = longwire_crds::MANIFESTS.iter().filter(|(name, _)| *name == "telemetrypolicies");
    let older: String = manifests.map(|(_, manifest)| manifest.replace("name: Accepted", "name: Taken")).collect();
    let directory = janitor::temporary_directory("older")?;
    let file = directory.path().join("crd.yaml");
    fs::write(&file, older)?;
    let file = format!("--filename={}", file.display());
    kubernetes.kubectl(&["apply", "--server-side", "--force-conflicts", "--field-manager=helm", &file])?;
    confirm!(columns(kubernetes)?.contains("Taken"), "no such column")
}

#[test]
fn every_command_of_the_notes_answers_and_helm_test_finds_every_byte_of_a_known_transfer() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    for helm in Helm::BOTH {
        let notes = helm.on(kubernetes, &["get", "notes", RELEASE, "--namespace", longwire::NAMESPACE])?;
        let commands: Vec<&str> = notes.lines().filter_map(|line| line.strip_prefix("   ")).collect();
        assert_eq!(commands.len(), 3, "{notes}");
        let answers = ["successfully rolled out", "equal the transfer: 10 connections", "istio_tcp_"];
        for (command, answer) in commands.into_iter().zip(answers) {
            let said = helm.shell(kubernetes, command)?;
            ensure!(said.contains(answer), "{helm:?}, {command}: {said}");
        }
    }
    Ok(())
}

/// Waits until all pods of Longwire run images of this tag. Old pods may still be terminating.
fn await_tag(kubernetes: &Kubernetes, tag: &str) -> Result<()> {
    let (pods, images) = (["pods", ALL], "{range .items[*]}{.spec.containers[0].image} {end}");
    eventually(Duration::from_secs(60), || {
        let said = longwire::json_path(kubernetes, &pods, images)?;
        confirm!(said.split_whitespace().all(|image| image.ends_with(&format!(":{tag}"))), "not all of :{tag}: {said}")
    })
}

#[test]
fn an_upgrade_to_another_image_and_a_rollback_under_load_take_nothing_back() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    for node in NODES {
        for program in ["longwire-operator", "longwire-probe"] {
            images::tag(&kubernetes.node(node)?, &images::name_of(program), &images::tagged(program, "v2"))?;
        }
    }
    let shop = Shop::open(&namespace)?;
    shop.exact_while_probes_change(kubernetes, || {
        let began = Instant::now();
        // Helm 4 may upgrade a release of Helm 3.
        Helm::Four.bring(kubernetes, "upgrade", longwire::NAMESPACE, &["images.tag=v2"])?;
        longwire::all_rolled_out(kubernetes)?;
        await_tag(kubernetes, "v2")?;
        println!("upgraded after {:.1} s", began.elapsed().as_secs_f64());
        let back = ["rollback", RELEASE, "--namespace", longwire::NAMESPACE, "--wait", "--timeout=120s"];
        Helm::Four.on(kubernetes, &back)?;
        longwire::all_rolled_out(kubernetes)?;
        println!("rolled back after {:.1} s", began.elapsed().as_secs_f64());
        Ok(())
    })
    .map(drop)
    .with_context(|| longwire::logs(kubernetes))
}

#[test]
fn what_is_uninstalled_leaves_nothing_but_the_kinds_and_peoples_objects_and_comes_back_anywhere() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    namespace.apply(&object("TelemetryPolicy", "kept", "{longConnections: {threshold: 7s}}"))?;
    let there = Leavings::of(kubernetes)?;
    ensure!(there.links.len() >= NODES.len(), "what is to be gone? {there:?}");
    let outcome = (|| {
        for (helm, from, to) in
            [(Helm::Three, longwire::NAMESPACE, "elsewhere"), (Helm::Four, "elsewhere", longwire::NAMESPACE)]
        {
            let there = Leavings::of(kubernetes)?;
            let began = Instant::now();
            let words = ["uninstall", RELEASE, "--namespace", from, "--wait", "--timeout=120s"];
            let said = helm.on(kubernetes, &words)?;
            println!("{helm:?} uninstalled it after {:.1} s", began.elapsed().as_secs_f64());
            ensure!(said.contains("2 of 2 nodes are clean"), "{helm:?}: {said}");
            expect_nothing(kubernetes, from, &there)?;
            // CRDs exist, as after every uninstallation, perhaps of another release.
            age(kubernetes)?;
            let began = Instant::now();
            helm.bring(kubernetes, "install", to, &["defaults.longConnections.threshold=2s"])?;
            let took = began.elapsed();
            let columns = columns(kubernetes)?;
            let is_current = columns.contains("Accepted") && !columns.contains("Taken");
            ensure!(is_current, "{helm:?} leaves the columns {columns}");
            println!("{helm:?} had all ready after {:.1} s", took.as_secs_f64());
            // Helm gives up after 120 s.
            ensure!(took < Duration::from_secs(100), "{helm:?} took {took:?}");
        }
        let kept = namespace.json_path(&["telemetrypolicy", "kept"], "{.spec.longConnections.threshold}")?;
        confirm!(kept == "7s", "of the policy there is left: {kept:?}")
    })();
    // Other tests need the installation at its place.
    if outcome.is_err() {
        let _ = Helm::Four.on(kubernetes, &["uninstall", RELEASE, "--namespace=elsewhere", "--no-hooks"]);
        let _ = Helm::Four.bring(kubernetes, "install", longwire::NAMESPACE, &[]);
    }
    let _ = kubernetes.kubectl(&["delete", "namespace", "elsewhere", "--ignore-not-found", "--wait=false"]);
    outcome.with_context(|| longwire::logs(kubernetes))
}

#[test]
fn a_node_without_an_answer_is_named_and_does_not_block_the_uninstallation() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &["uninstall.timeoutSeconds=10"])?;
    longwire::all_rolled_out(kubernetes)?;
    let kubelet = kubernetes.node("n2")?.daemon("kubelet");
    kubelet.stop()?;
    let said = Helm::Three.on(kubernetes, &["uninstall", RELEASE, "--namespace", longwire::NAMESPACE]);
    kubelet.start()?;
    let said = said?;
    ensure!(said.contains("1 of 2 nodes are clean"), "{said}");
    ensure!(said.contains("node n2 has not answered") && !said.contains("node n1 has not answered"), "{said}");
    longwire::kubectl(kubernetes, &["wait", "--for=delete", "pods", ALL, "--timeout=60s"])?;
    // The next installation continues from what was left.
    Helm::Three.bring(kubernetes, "install", longwire::NAMESPACE, &[]).map(drop)
}
