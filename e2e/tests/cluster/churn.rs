//! Many pods that are created and deleted at the same addresses: no connection is reported for another pod.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    kwok::Kwok, longwire, passers, turnover::Addresses, turnover::CONNECTIONS, turnover::Turnover, turnover::Verdict,
    turnover::successors,
};
use longwire_testkit::{beside, confirm, trouble};
use std::thread::sleep;
use std::time::{Duration, Instant};

const FAKE_NODES: usize = 10;
/// Ten fake pods a second. More of them keep a slow machine's API server so busy that hardly any real pod comes.
const PACE: Duration = Duration::from_millis(100);
/// It goes on until this many real pods have come and gone, so that most had another's address.
const PODS: usize = 60;
const AT_MOST: Duration = Duration::from_secs(240);
const BETWEEN_SCRAPES: Duration = Duration::from_secs(1);

#[test]
fn pods_that_reuse_an_address_are_distinguished_while_many_pods_come_and_go() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let kwok = Kwok::start(kubernetes, &namespace.name, FAKE_NODES)?;
    let turnover = Turnover::prepare(kubernetes, &namespace)?;
    let start = Instant::now();
    let alive = || {
        while start.elapsed() < trouble::lasts() || turnover.ended() < PODS && start.elapsed() < AT_MOST {
            longwire::scrape_all()?;
            sleep(BETWEEN_SCRAPES);
        }
        Ok(())
    };
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
    ensure!(followed * 4 > turns.len(), "only {followed} of {} pods had another's address", turns.len());
    // A machine on which fewer than one pod a second comes says nothing of promptness: news come late. That no connection is another
    // pod's is exact on every machine.
    let is_slow = (turns.len() as f64) < seconds;
    // One pod of fewer than a thousand is more than 0.1 %, and the news of one may be late.
    let most = if is_slow { verdict.told / 10 } else { (verdict.told / 1_000).max(CONNECTIONS) };
    confirm!(verdict.unknown <= most, "more than {most} are unknown: {verdict:?}")
}
