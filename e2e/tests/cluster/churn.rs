//! Many pods that are created and deleted at the same addresses: no connection is reported for another pod.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    kwok::Kwok, longwire, passers, turnover::Addresses, turnover::Turnover, turnover::Verdict, turnover::successors,
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
/// Of pods that are created within this time, one stall of the machine can delay the news.
const ONE_STALL: Duration = Duration::from_secs(8);

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
        "{} pods, {followed} of them at another's address, beside {passed} fake ones in {seconds:.0} s: {} connections told, {} \
         unknown: {:#?}",
        turns.len(),
        verdict.told,
        verdict.unknown,
        verdict.late,
    );
    ensure!(followed * 4 > turns.len(), "only {followed} of {} pods had another's address", turns.len());
    // That no connection is another pod's is exact on every machine. A machine on which fewer than one pod a second comes says nothing
    // of promptness: news come late. On others they may be late once, when the machine stalls, and not now and then.
    let is_slow = (turns.len() as f64) < seconds;
    let is_one_stall = verdict.late_within() <= ONE_STALL && verdict.unknown <= verdict.told / 20;
    let scrape = longwire::scrape_all()?;
    confirm!(
        is_one_stall || is_slow && verdict.unknown <= verdict.told / 10,
        "{} of {} are unknown, of pods of {:?}: {:#?}; {:#?}",
        verdict.unknown,
        verdict.told,
        verdict.late_within(),
        verdict.late,
        scrape.select("longwire_probe_connections_unresolved_total", &[])
    )
}
