//! An installation whose images do not exist: it fails soon with the image's name, leaves nothing, and the next one
//! works.

use super::leavings::{Leavings, expect_nothing};
use anyhow::{Result, bail, ensure};
use longwire_kubernetes::{helm::Helm, helm::RELEASE, longwire};
use longwire_testkit::confirm;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const NOWHERE: [&str; 3] =
    ["images.registry=registry.invalid/nobody", "images.pullPolicy=IfNotPresent", "uninstall.timeoutSeconds=5"];
/// The chart allows a minute for a pull, and further half a minute for the cleanup of nodes. Helm itself gives up after two.
const BOUND: Duration = Duration::from_secs(110);

#[test]
fn an_image_that_cannot_be_had_is_named_and_nothing_is_left_of_the_attempt() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let own = ["--namespace", longwire::NAMESPACE];
    Helm::Three.on(kubernetes, &[&["uninstall", RELEASE, "--wait", "--timeout=120s"], &own[..]].concat())?;
    let nothing = Leavings { links: BTreeSet::new() };
    let outcome = (|| {
        for helm in Helm::BOTH {
            let began = Instant::now();
            let Err(error) = helm.bring(kubernetes, "install", longwire::NAMESPACE, &NOWHERE) else {
                bail!("{helm:?} has installed images that are nowhere")
            };
            let (took, said) = (began.elapsed(), format!("{error:#}"));
            println!("{helm:?} gave up after {:.1} s: {said}", took.as_secs_f64());
            ensure!(took < BOUND, "{helm:?} gave up after {took:?}");
            ensure!(said.contains("longwire-pull-registry.invalid-nobody-longwire-operator-1"), "{helm:?}: {said}");
            let began = Instant::now();
            // The job that waits for the cleanup has no image either: this is reported, and the release is removed all
            // the same.
            let Err(error) = helm.on(kubernetes, &[&["uninstall", RELEASE], &own[..]].concat()) else {
                bail!("{helm:?} has cleaned nodes by an image that is nowhere")
            };
            println!("{helm:?} uninstalled it after {:.1} s: {error:#}", began.elapsed().as_secs_f64());
            ensure!(began.elapsed() < BOUND, "{helm:?} took {:?}", began.elapsed());
            ensure!(format!("{error:#}").contains("longwire-wait-for-cleanup"), "{helm:?}: {error:#}");
            expect_nothing(kubernetes, longwire::NAMESPACE, &nothing)?;
        }
        // Once the images exist, the same command succeeds.
        let again = Helm::Four.bring(kubernetes, "install", longwire::NAMESPACE, &NOWHERE);
        ensure!(again.is_err(), "nowhere is somewhere");
        Helm::Four.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[]).map(drop)
    })();
    if outcome.is_err() {
        let _ = Helm::Four.on(kubernetes, &[&["uninstall", RELEASE, "--no-hooks"], &own[..]].concat());
        let _ = Helm::Four.bring(kubernetes, "install", longwire::NAMESPACE, &[]);
    }
    outcome
}

#[test]
fn an_upgrade_to_an_image_that_cannot_be_had_touches_no_pod() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let pods = || {
        let selector = "--selector=app in (longwire-operator, longwire-probe)";
        longwire::kubectl(kubernetes, &["get", "pods", selector, "--output=name"])
    };
    let before = pods()?;
    let Err(error) = Helm::Four.bring(kubernetes, "upgrade", longwire::NAMESPACE, &["images.tag=nobodys"]) else {
        bail!("upgraded to images that are nowhere")
    };
    let (said, after) = (format!("{error:#}"), pods()?);
    Helm::Four.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[])?;
    ensure!(said.contains("longwire-pull-e2e.local-longwire-operator-nobodys"), "{said}");
    confirm!(before == after, "{before} are now {after}")
}
