//! Many pods that are created and deleted at the same addresses: no connection is reported for another pod.

use anyhow::{Context, Result, ensure};
use longwire_e2e::kubernetes::kwok::Kwok;
use longwire_e2e::kubernetes::turnover::{Addresses, Turn, Turnover, Verdict, successors};
use longwire_e2e::kubernetes::{Kubernetes, longwire, passers};
use longwire_e2e::{trouble, wait};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const FAKE_NODES: usize = 10;
/// Fifty fake pods a second.
const PACE: Duration = Duration::from_millis(20);

#[test]
fn pods_that_reuse_an_address_are_distinguished_while_many_pods_come_and_go() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    let kwok = Kwok::start(kubernetes, &namespace.name, FAKE_NODES)?;
    let turnover = Turnover::prepare(kubernetes, &namespace)?;
    let (stop, start) = (AtomicBool::new(false), Instant::now());
    let (turns, passed) = thread::scope(|scope| -> Result<(Vec<Turn>, u64)> {
        let turns = scope.spawn(|| turnover.run(kubernetes, Addresses::UsedAgain, &stop));
        let crowd = scope.spawn(|| passers::pass_through(kubernetes, &namespace, &kwok, FAKE_NODES, PACE, &stop));
        let alive = wait::throughout(trouble::lasts(), || longwire::scrape_all().map(drop));
        stop.store(true, Ordering::Relaxed);
        let (turns, passed) = (turns.join().expect("the turnover"), crowd.join().expect("the crowd"));
        alive?;
        Ok((turns?, passed?))
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let followed = successors(&turns);
    let verdict = longwire::until(kubernetes, |scrape| Verdict::of(&turns, &namespace.name, scrape))
        .with_context(|| format!("{} pods, {followed} of them at another's address", turns.len()))?;
    println!(
        "{} pods, {followed} of them at another's address, beside {passed} fake ones in {seconds:.0} s: {verdict:?}",
        turns.len()
    );
    ensure!(followed * 4 > turns.len(), "only {followed} of {} pods had another's address", turns.len());
    ensure!(verdict.unknown * 1_000 <= verdict.told, "more than 0.1 % are unknown: {verdict:?}");
    Ok(())
}
