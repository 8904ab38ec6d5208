//! One replica of the operator is deleted: the other takes over, and no series is affected.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{NODES, longwire, running};
use longwire_testkit::{confirm, eventually};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// Six seconds until the Lease expires and some until a probe connects, for which a machine may stall a few times.
const TAKEOVER: Duration = Duration::from_secs(30);

/// Number of streams that each node's probe has opened, if all are connected.
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

#[test]
fn probes_follow_a_new_leader_without_a_gap_in_series() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    longwire::rolled_out(kubernetes, longwire::OPERATOR)?;
    let shop = Shop::open(&namespace)?;
    shop.exact_throughout(kubernetes, || {
        let before = eventually(Duration::from_secs(60), streams)?;
        let longwire::Holder { pod, uid, .. } = longwire::holder(kubernetes)?;
        let victim = running::process_running(&uid, "longwire-operator")?;
        let killed = Instant::now();
        running::signal(victim, Signal::SIGKILL)?;
        eventually(TAKEOVER, || {
            let now = streams()?;
            confirm!(now.iter().zip(&before).all(|(now, before)| now > before), "{now:?} streams after {before:?}")
        })
        .with_context(|| longwire::logs(kubernetes))?;
        println!("{pod} killed; both probes on another stream after {:.1} s", killed.elapsed().as_secs_f64());
        Ok(())
    })?;
    longwire::rolled_out(kubernetes, longwire::OPERATOR)
}
