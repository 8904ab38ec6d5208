//! A fresh installation in an idle cluster logs no warnings: neither at its start nor in the following minutes, in
//! which watches without events end.

use anyhow::{Result, ensure};
use longwire_kubernetes::longwire;
use std::thread::sleep;
use std::time::Duration;

/// Variable with the duration, seconds.
const SECONDS: &str = "LONGWIRE_IDLE_SECONDS";
/// Longer than the lifetime of a watch.
const IDLE: u64 = 300;
/// Most log lines of a standby, with its start.
const LINES: usize = 12;

#[test]
fn an_idle_cluster_has_no_warning_in_any_log() -> Result<()> {
    let (kubernetes, _alone) = longwire::alone()?;
    for workload in [longwire::OPERATOR, longwire::PROBE] {
        longwire::kubectl(kubernetes, &["rollout", "restart", workload])?;
        longwire::rolled_out(kubernetes, workload)?;
    }
    let idle = std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(IDLE);
    sleep(Duration::from_secs(idle));
    let holder = longwire::holder(kubernetes)?;
    for program in ["longwire-operator", "longwire-probe"] {
        let log = longwire::log(kubernetes, program)?;
        let loud: Vec<&str> = log.lines().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).collect();
        ensure!(loud.is_empty(), "{program} of an idle cluster says {loud:#?}");
        ensure!(!log.trim().is_empty(), "{program} says nothing at all");
        if program == "longwire-operator" {
            let of_standby: Vec<&str> = log.lines().filter(|line| !line.contains(&holder.pod)).collect();
            ensure!(of_standby.len() <= LINES, "a standby says {of_standby:#?}");
        }
        println!("{log}");
    }
    Ok(())
}
