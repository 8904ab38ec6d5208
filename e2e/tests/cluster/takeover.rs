//! The operator away, in part or all of it, and the API server: probes go on, and all is right again soon.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_e2e::edge::Truth;
use longwire_e2e::floor::Floor;
use longwire_e2e::kubernetes::layout::NODES;
use longwire_e2e::kubernetes::running::process_running;
use longwire_e2e::kubernetes::{Kubernetes, longwire};
use longwire_e2e::wait::eventually;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Streams that each node's probe has made, where all are up.
fn streams() -> Result<Vec<u64>> {
    NODES
        .iter()
        .map(|node| {
            let scrape = longwire::scrape(node)?;
            ensure!(scrape.sum("longwire_probe_operator_connected", &[]) == 1, "the probe of {node} has no stream");
            Ok(scrape.sum("longwire_probe_operator_streams_total", &[]))
        })
        .collect()
}

/// Traffic goes on while `trouble` happens; no counter goes back meanwhile, and at the end both reporters say the truth.
fn exact_throughout(kubernetes: &Kubernetes, shop: &Shop<'_>, trouble: impl FnOnce() -> Result<()>) -> Result<()> {
    let stop = AtomicBool::new(false);
    let truth = thread::scope(|scope| -> Result<Truth> {
        let load = scope.spawn(|| shop.load(&stop));
        let floors = scope.spawn(|| -> Result<()> {
            let mut floors = NODES.map(|node| (node, Floor::default()));
            while !stop.load(Ordering::Relaxed) {
                for (node, floor) in &mut floors {
                    let mut scrape = longwire::scrape(node)?;
                    // Other tests' long connections end, and go.
                    let name = &shop.namespace.name;
                    scrape.samples.retain(|sample| sample.labels.get("source_workload_namespace") == Some(name));
                    floor.rise(&scrape).with_context(|| format!("on {node}"))?;
                }
            }
            Ok(())
        });
        let outcome = trouble();
        stop.store(true, Ordering::Relaxed);
        let truth = load.join().expect("the load")?;
        floors.join().expect("the scraper")?;
        outcome.map(|()| truth)
    })?;
    let edge = shop.there();
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, truth))
}

#[test]
fn when_the_holder_is_killed_probes_are_on_the_other_within_ten_seconds_and_no_series_shows_it() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    let shop = Shop::open(&namespace)?;
    exact_throughout(kubernetes, &shop, || {
        let before = eventually(Duration::from_secs(10), streams)?;
        let longwire::Holder { pod, uid, .. } = longwire::holder(kubernetes)?;
        let victim = process_running(&uid, "longwire-operator")?;
        let killed = Instant::now();
        kill(Pid::from_raw(i32::try_from(victim)?), Signal::SIGKILL)?;
        eventually(Duration::from_secs(10), || {
            let now = streams()?;
            ensure!(now.iter().zip(&before).all(|(now, before)| now > before), "{now:?} streams after {before:?}");
            Ok(())
        })
        .with_context(|| longwire::logs(kubernetes))?;
        println!("{pod} killed; both probes on another stream after {:.1} s", killed.elapsed().as_secs_f64());
        Ok(())
    })?;
    longwire::rolled_out(kubernetes, "deployment/longwire-operator")
}

#[test]
fn with_the_api_server_and_the_operator_away_probes_go_on_and_all_is_right_soon_after() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    let shop = Shop::open(&namespace)?;
    let api_server = kubernetes.control_plane().daemon("kube-apiserver");
    exact_throughout(kubernetes, &shop, || {
        let before = eventually(Duration::from_secs(10), streams)?;
        let uid = longwire::holder(kubernetes)?.uid;
        let victim = process_running(&uid, "longwire-operator")?;
        api_server.kill()?;
        kill(Pid::from_raw(i32::try_from(victim)?), Signal::SIGKILL)?;
        // Nobody can take the Lease over while there is no API server.
        longwire_e2e::wait::throughout(Duration::from_secs(15), || longwire::scrape_all().map(drop))?;
        api_server.start()?;
        let back = Instant::now();
        eventually(Duration::from_secs(30), || {
            let now = streams()?;
            ensure!(now.iter().zip(&before).all(|(now, before)| now > before), "{now:?} streams after {before:?}");
            Ok(())
        })
        .with_context(|| longwire::logs(kubernetes))?;
        println!("both probes have a stream {:.1} s after the API server was started", back.elapsed().as_secs_f64());
        Ok(())
    })?;
    longwire::rolled_out(kubernetes, "deployment/longwire-operator")
}
