//! Pods that come and go at the same addresses, in numbers: nobody gets what is another's.

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
fn pods_that_follow_each_other_at_one_address_are_told_apart_beside_a_crowd_that_comes_and_goes() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    let _kwok = Kwok::start(kubernetes, &namespace.name, FAKE_NODES)?;
    let turnover = Turnover::prepare(kubernetes, &namespace)?;
    let (stop, start) = (AtomicBool::new(false), Instant::now());
    let (turns, passed) = thread::scope(|scope| -> Result<(Vec<Turn>, u64)> {
        let turns = scope.spawn(|| turnover.run(kubernetes, Addresses::UsedAgain, &stop));
        let crowd = scope.spawn(|| passers::pass_through(kubernetes, &namespace, FAKE_NODES, PACE, &stop));
        let alive = wait::throughout(trouble::lasts(), || longwire::scrape_all().map(drop));
        stop.store(true, Ordering::Relaxed);
        let (turns, passed) = (turns.join().expect("the turnover"), crowd.join().expect("the crowd"));
        alive?;
        Ok((turns?, passed?))
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let followed = successors(&turns);
    if std::env::var_os("LW_DEBUG").is_some() {
        for _ in 0..4 {
            thread::sleep(Duration::from_secs(5));
            for node in ["n1", "n2"] {
                let scrape = longwire::scrape(node)?;
                for s in &scrape.samples {
                    if (s.name == "longwire_probe_connections_ignored_total"
                        || s.name == "longwire_probe_unknown_total"
                        || s.name.contains("waiting")
                        || s.name.contains("updates_total"))
                        && s.value > 0.0
                    {
                        println!("DBG {node} {} {:?} {}", s.name, s.labels, s.value);
                    }
                }
            }
            println!("DBG --");
        }
    }
    let verdict = longwire::until(kubernetes, |scrape| Verdict::of(&turns, &namespace.name, scrape))
        .with_context(|| format!("{} pods, {followed} of them at another's address", turns.len()))?;
    println!(
        "{} pods, {followed} of them at another's address, beside {passed} fake ones in {seconds:.0} s: {verdict:?}",
        turns.len()
    );
    ensure!(followed * 2 > turns.len(), "only {followed} of {} pods had another's address", turns.len());
    ensure!(verdict.unknown * 1_000 <= verdict.told, "more than 0.1 % are unknown: {verdict:?}");
    Ok(())
}
