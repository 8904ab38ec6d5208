//! Cuts all streams at once: kills the leader.

use super::probes::Probes;
use super::{growth, requests, say};
use crate::measured::Measured;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, crowd::Crowd, longwire, longwire::replica::Replica, running};
use longwire_probe::simulated::StreamCounters;
use longwire_testkit::eventually;
use nix::sys::signal::Signal;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Names of a cut's values; the second cut kills the replica that took over in the first.
const NAMES: [[&str; 5]; 2] = [
    ["cut_s", "cut_bytes", "cut_lists", "cut_watches_anew", "restart_index_s"],
    ["second_cut_s", "second_cut_bytes", "second_cut_lists", "second_cut_watches_anew", "second_restart_index_s"],
];

pub(super) fn measure(
    kubernetes: &Kubernetes,
    crowd: &Crowd,
    replicas: &[Replica],
    probes: &Probes<'_>,
    number: usize,
) -> Result<Vec<Measured>> {
    let (before, asked) = (probes.counters(), kubernetes.audit()?.len());
    ensure!(before.iter().all(|counters| counters.connected), "not all streams are up");
    let holder = longwire::holder(kubernetes)?;
    let victim = replicas.iter().find(|replica| replica.pod == holder.pod).context("the leader is not a replica")?;
    let process = victim.process()?;
    let cut = Instant::now();
    running::signal(process, Signal::SIGKILL)?;
    let resumed = resumed(probes, &before, cut)?;
    let (after, now) = (probes.counters(), longwire::holder(kubernetes)?.pod);
    let whose = if now == victim.pod { "the killed one again" } else { "the other one" };
    say(&format!("{} killed; streams again: {}", holder.pod, spread(&resumed)));
    let back = eventually(PATIENCE, || {
        ensure!(victim.process()? != process, "{} has not started again", victim.pod);
        growth::known(replicas, crowd.pods(), crowd.workloads)?;
        Ok(cut.elapsed().as_secs_f64())
    })?;
    longwire::rolled_out(kubernetes, longwire::OPERATOR)?;
    let asked = requests::since(kubernetes, asked, &victim.pod)?;
    let bytes: u64 = after.iter().zip(&before).map(|(after, before)| after.bytes - before.bytes).sum();
    let last = resumed.last().copied().unwrap_or_default();
    let values = [last, bytes as f64, asked.lists as f64, asked.anew as f64, back];
    let mut found: Vec<_> =
        NAMES[number - 1].into_iter().zip(values).map(|(name, value)| Measured::alone(name, value)).collect();
    found[0].note = format!("{}; holder: {whose}", spread(&resumed));
    Ok(found)
}

/// Seconds from the cut until each probe was up to date again, in ascending order.
fn resumed(probes: &Probes<'_>, before: &[StreamCounters], cut: Instant) -> Result<Vec<f64>> {
    let mut times = vec![None; before.len()];
    while times.iter().any(Option::is_none) {
        let down = times.iter().filter(|time| time.is_none()).count();
        ensure!(cut.elapsed() < PATIENCE, "{down} streams are still down");
        let now = cut.elapsed().as_secs_f64();
        for ((time, counters), before) in times.iter_mut().zip(probes.counters()).zip(before) {
            // The first update on a stream always comes, even if it is empty.
            let is_new = counters.connected && counters.streams > before.streams && counters.updates > before.updates;
            if is_new && time.is_none() {
                *time = Some(now);
            }
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    let mut times: Vec<f64> = times.into_iter().flatten().collect();
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn spread(times: &[f64]) -> String {
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1))).copied();
    let [first, median, most] = [0, 50, 90].map(|share| at(share).unwrap_or_default());
    format!("first {first:.1} s, median {median:.1} s, 90 % {most:.1} s")
}
