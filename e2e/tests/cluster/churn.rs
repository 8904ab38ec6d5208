//! Many pods that are created and deleted at the same addresses: no connection is reported for another pod.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    kwok::Kwok, longwire, passers, turnover::Addresses, turnover::CONNECTIONS, turnover::Turnover, turnover::Verdict,
    turnover::successors,
};
use longwire_testkit::{beside, confirm, trouble, wait};
use std::time::{Duration, Instant};

const FAKE_NODES: usize = 10;
/// Fifty fake pods a second.
const PACE: Duration = Duration::from_millis(20);
/// On a slow machine a pod takes up to half of this from its creation until its address is free again.
const AT_LEAST: Duration = Duration::from_secs(60);

#[test]
fn pods_that_reuse_an_address_are_distinguished_while_many_pods_come_and_go() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let kwok = Kwok::start(kubernetes, &namespace.name, FAKE_NODES)?;
    let turnover = Turnover::prepare(kubernetes, &namespace)?;
    let start = Instant::now();
    let alive = || wait::throughout(trouble::lasts().max(AT_LEAST), || longwire::scrape_all().map(drop));
    let crowd = |over: &_| passers::pass_through(kubernetes, &namespace, &kwok, FAKE_NODES, PACE, over);
    let (turns, (passed, ())) =
        beside(|over| turnover.run(kubernetes, Addresses::UsedAgain, over), || beside(crowd, alive))?;
    let seconds = start.elapsed().as_secs_f64();
    let followed = successors(&turns);
    let verdict = longwire::until(kubernetes, |scrape| Verdict::of(&turns, &namespace.name, scrape))
        .with_context(|| format!("{} pods, {followed} of them at another's address", turns.len()))?;
    println!(
        "{} pods, {followed} of them at another's address, beside {passed} fake ones in {seconds:.0} s: {verdict:?}",
        turns.len()
    );
    // A machine that keeps less than half of the pace says nothing of promptness: addresses come back late, and news too. That no
    // connection is another pod's is exact on every machine.
    let is_slow = passed as f64 / seconds < 0.5 / PACE.as_secs_f64();
    let (share, most) = if is_slow {
        (10, verdict.told / 10)
    } else {
        // One pod of fewer than a thousand is more than 0.1 %, and the news of one may be late.
        (4, (verdict.told / 1_000).max(CONNECTIONS))
    };
    ensure!(followed * share > turns.len(), "only {followed} of {} pods had another's address", turns.len());
    confirm!(verdict.unknown <= most, "more than {most} are unknown: {verdict:?}")
}
