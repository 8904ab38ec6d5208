//! Samples of sockets in use on other CPUs. A counter may be a moment old, and never too high, because it cannot be
//! taken back.

use anyhow::{Result, ensure};
use longwire_testkit::{Cluster, Pair, REPORTERS, Truth, all_at_once, beside, confirm};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Of each worker.
const SEEDS: [u16; 4] = [1, 2, 3, 4];
/// So long, and on a busy machine until each has made so many connections.
const LASTING: Duration = Duration::from_secs(5);
const EACH: u64 = 30;

/// Sizes from one byte to a few hundred KiB, so that samples meet FINs in every state; the same in every run.
fn sizes(seed: u64) -> impl Iterator<Item = (u64, u64)> {
    let step =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(seed), step).map(|state| (state >> 33 & 0x7ffff, state >> 13 & 0x3fff))
}

#[test]
fn counters_sampled_in_the_midst_of_traffic_never_go_back_and_end_exact() -> Result<()> {
    let cluster = Cluster::start(2, &[], &["--sample-interval", "100ms"])?;
    let Pair { client, server, edge, .. } = cluster.pair()?;
    let start = Instant::now();
    let traffic = |seed: &u16| -> Result<Truth> {
        // A port for each, because one would accept another's connection.
        let address = (server.ipv4, 9_000 + *seed);
        let (listener, mut truth) = (server.listen_on(address)?, Truth::default());
        for (up, down) in sizes((*seed).into()) {
            truth += client.exchange(address, &listener, up, down)?;
            if start.elapsed() >= LASTING && truth.opened >= EACH {
                break;
            }
        }
        Ok(truth)
    };
    let watch = |over: &AtomicBool| -> Result<()> {
        let mut last = [Truth::default(); 2];
        while !over.load(Ordering::Acquire) {
            let scrape = cluster.probe.scrape()?;
            for (reporter, last) in REPORTERS.iter().zip(&mut last) {
                let now = edge.reported(&scrape, reporter);
                ensure!(is_at_least(now, *last), "{reporter} went back from {last:?} to {now:?}");
                *last = now;
            }
        }
        Ok(())
    };
    let ((), truths) = beside(watch, || all_at_once(&SEEDS, traffic))?;
    let truth: Truth = truths.into_iter().sum();
    ensure!(truth.opened > 100, "only {} connections", truth.opened);
    edge.expect(&cluster.probe, truth)?;
    let clamped = cluster.probe.scrape()?.sum("longwire_probe_decreases_clamped_total", &[]);
    // The last byte of a busy socket is held back, so a sample may be lower than the one before.
    confirm!(clamped < truth.opened, "{clamped} of the samples of {} connections were clamped", truth.opened)
}

fn is_at_least(now: Truth, before: Truth) -> bool {
    let fields = |truth: Truth| [truth.opened, truth.closed, truth.to_server, truth.to_client];
    fields(now).iter().zip(fields(before)).all(|(now, before)| *now >= before)
}
