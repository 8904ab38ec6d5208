//! Traffic that goes on whatever happens to Longwire, and what must be true of its counters all the time.

use crate::shop::Shop;
use anyhow::{Context, Result};
use longwire_e2e::edge::Truth;
use longwire_e2e::floor::Floor;
use longwire_e2e::kubernetes::layout::NODES;
use longwire_e2e::kubernetes::{Kubernetes, longwire};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// While `change` happens nothing that a scrape says goes back, and at the end both reporters say the truth. A probe that is
/// being replaced says nothing for a moment. Returns how long they took.
pub(crate) fn exact_meanwhile(
    kubernetes: &Kubernetes,
    shop: &Shop<'_>,
    change: impl FnOnce() -> Result<()>,
) -> Result<Duration> {
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
    let (ended, edge) = (Instant::now(), shop.there());
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, truth))?;
    Ok(ended.elapsed())
}
