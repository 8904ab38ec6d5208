//! From the installation to the end of it.

use super::leavings::{Leavings, expect_nothing};
use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_e2e::edge::Truth;
use longwire_e2e::floor::Floor;
use longwire_e2e::kubernetes::helm::{Helm, RELEASE};
use longwire_e2e::kubernetes::layout::NODES;
use longwire_e2e::kubernetes::{Kubernetes, images, longwire};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// An object of somebody who uses Longwire.
const POLICY: &str = "apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {name: kept}
spec: {longConnections: {threshold: 7s}}
";

#[test]
fn helm_test_finds_every_byte_of_a_known_transfer_twice() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let _namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    for helm in Helm::BOTH {
        let said = helm.on(kubernetes, &["test", RELEASE, "--namespace", longwire::NAMESPACE])?;
        ensure!(said.contains("says exactly what was transferred: 10 connections"), "{helm:?}: {said}");
    }
    Ok(())
}

/// While `change` happens nothing that a scrape says goes back, and at the end both reporters say the truth. A probe that is
/// being replaced says nothing for a moment.
fn exact_meanwhile(kubernetes: &Kubernetes, shop: &Shop<'_>, change: impl FnOnce() -> Result<()>) -> Result<()> {
    let stop = AtomicBool::new(false);
    let truth = thread::scope(|scope| -> Result<Truth> {
        let load = scope.spawn(|| shop.load(&stop));
        let floors = scope.spawn(|| -> Result<()> {
            let mut floors = NODES.map(|node| (node, Floor::default()));
            while !stop.load(Ordering::Relaxed) {
                for (node, floor) in &mut floors {
                    let Ok(mut scrape) = longwire::scrape(node) else { continue };
                    let name = &shop.namespace.name;
                    scrape.samples.retain(|sample| sample.labels.get("source_workload_namespace") == Some(name));
                    floor.rise(&scrape).with_context(|| format!("on {node}"))?;
                }
            }
            Ok(())
        });
        let outcome = change();
        stop.store(true, Ordering::Relaxed);
        let (truth, held) = (load.join().expect("the load"), floors.join().expect("the scraper"));
        outcome?;
        held?;
        truth
    })?;
    let edge = shop.there();
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, truth))
}

/// The tag of the images that all pods of Longwire run.
fn expect_tag(kubernetes: &Kubernetes, tag: &str) -> Result<()> {
    let selector = "--selector=app.kubernetes.io/name=longwire";
    let image = "jsonpath={range .items[*]}{.spec.containers[0].image} {end}";
    let said = kubernetes.kubectl(&["--namespace", longwire::NAMESPACE, "get", "pods", selector, "-o", image])?;
    ensure!(said.split_whitespace().all(|image| image.ends_with(&format!(":{tag}"))), "not all of :{tag}: {said}");
    Ok(())
}

#[test]
fn an_upgrade_to_another_image_and_a_rollback_under_load_take_nothing_back() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    for node in NODES {
        for program in ["longwire-operator", "longwire-probe"] {
            images::tag(&kubernetes.node(node)?, &images::name_of(program), &images::tagged(program, "v2"))?;
        }
    }
    let shop = Shop::open(&namespace)?;
    exact_meanwhile(kubernetes, &shop, || {
        let began = Instant::now();
        Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &["images.tag=v2"])?;
        rolled_out(kubernetes)?;
        expect_tag(kubernetes, "v2")?;
        println!("upgraded after {:.1} s", began.elapsed().as_secs_f64());
        let back = ["rollback", RELEASE, "--namespace", longwire::NAMESPACE, "--wait", "--timeout=120s"];
        Helm::Three.on(kubernetes, &back)?;
        rolled_out(kubernetes)?;
        println!("rolled back after {:.1} s", began.elapsed().as_secs_f64());
        Ok(())
    })
    .with_context(|| longwire::logs(kubernetes))
}

fn rolled_out(kubernetes: &Kubernetes) -> Result<()> {
    ["deployment/longwire-operator", "daemonset/longwire-probe"]
        .iter()
        .try_for_each(|what| longwire::rolled_out(kubernetes, what))
}

#[test]
fn what_is_uninstalled_leaves_nothing_but_the_kinds_and_peoples_objects_and_comes_back_anywhere() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    namespace.apply(POLICY)?;
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
            ensure!(said.contains("2 of 2 nodes have nothing of Longwire"), "{helm:?}: {said}");
            expect_nothing(kubernetes, from, &there)?;
            // Defined already, as after every uninstallation.
            let began = Instant::now();
            helm.bring(kubernetes, "install", to, &[])?;
            let took = began.elapsed();
            println!("{helm:?} had all ready after {:.1} s", took.as_secs_f64());
            ensure!(took < Duration::from_secs(60), "{helm:?} took {took:?}");
        }
        let threshold = "jsonpath={.spec.longConnections.threshold}";
        let kept = namespace.kubectl(&["get", "telemetrypolicy", "kept", "-o", threshold])?;
        ensure!(kept == "7s", "of the policy there is left: {kept:?}");
        Ok(())
    })();
    // Other tests find it where they look for it.
    if outcome.is_err() {
        let _ = Helm::Four.on(kubernetes, &["uninstall", RELEASE, "--namespace=elsewhere", "--no-hooks"]);
        let _ = Helm::Four.bring(kubernetes, "install", longwire::NAMESPACE, &[]);
    }
    let _ = kubernetes.kubectl(&["delete", "namespace", "elsewhere", "--ignore-not-found", "--wait=false"]);
    outcome.with_context(|| longwire::logs(kubernetes))
}
