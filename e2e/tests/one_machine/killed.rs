//! A probe that is killed repeatedly during traffic.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Floor, Kept, Machine, Pair, PodSpec, Probe, Scene, Scrape, Truth, churn_beside, close, pair, pass, pass_both,
    stretched,
};
use nix::sys::signal::Signal;
use std::env;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Number of kills, by default twenty: a start takes half a minute on an emulated machine.
const KILLS: &str = "LONGWIRE_KILLS";
/// Saves as often as possible, so that kills happen during saves.
const FLAGS: [&str; 2] = ["--sample-interval", "100ms"];
const PATIENCE: Duration = Duration::from_secs(60);

/// Long connections with occasional traffic, which close one after the other.
struct Longs {
    open: Vec<(TcpStream, TcpStream)>,
    truth: Truth,
}

impl Longs {
    fn move_all(&mut self, bytes: u64) -> Result<()> {
        for (near, far) in &self.open {
            pass_both(near, far, bytes, 2 * bytes)?;
            self.truth.to_server += bytes;
            self.truth.to_client += 2 * bytes;
        }
        Ok(())
    }

    fn close_one(&mut self) -> Result<()> {
        let Some((near, far)) = self.open.pop() else { return Ok(()) };
        close(&near, &far)?;
        self.truth.closed += 1;
        Ok(())
    }
}

/// Pseudo-random numbers, the same in every run.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Scrapes until `span` is over, and checks that no counter goes back.
fn watch(probe: &Probe, floor: &mut Floor, span: Duration) -> Result<()> {
    let first = probe.until(|scrape| Ok(scrape.clone()))?;
    floor.rise(&first)?;
    let start = Instant::now();
    while start.elapsed() < span {
        floor.rise(&probe.scrape()?)?;
    }
    Ok(())
}

#[test]
fn kills_under_two_thousand_connections_a_second_lose_nothing_and_take_nothing_back() -> Result<()> {
    let Scene { machine, operator: _operator, kept, pair: holding } = Scene::on(Machine::new(6, &[])?)?;
    // The probe sees connections from their beginning. Older ones are the subject of another test.
    drop(holding.open(60, 0)?);
    let (pairs, netns) = ([machine.pair()?, machine.pair()?], &machine.node.netns);
    let first = kept.ready(netns, &FLAGS)?;
    let mut longs = Longs { truth: Truth { opened: 60, ..Truth::default() }, open: holding.open(60, 0)? };
    // Names are saved before the first kill.
    holding.edge.expect(&first, longs.truth)?;
    for pair in &pairs {
        pair.edge.expect(&first, pair.churn(1)?)?;
    }
    drop(first);
    let (mut floor, began) = (Floor::default(), Instant::now());
    let kills = || kill_again_and_again(&kept, &machine, &mut longs, &mut floor);
    let (truths, ()) = churn_beside(&pairs, stretched(Duration::from_millis(1)), kills)?;
    let connections: u64 = truths.iter().map(|truth| truth.opened).sum();
    println!("{connections} connections in {:.1} s, {} series", began.elapsed().as_secs_f64(), floor.len());
    ensure!(!floor.is_empty(), "nothing was watched");
    let probe = kept.ready(netns, &FLAGS)?;
    for (pair, truth) in pairs.iter().zip(truths) {
        pair.edge.expect_of_each_end(&probe, truth + Truth::whole(pair::UP, pair::DOWN))?;
    }
    holding.edge.expect(&probe, longs.truth)?;
    floor.rise(&probe.scrape()?)
}

fn kill_again_and_again(kept: &Kept, machine: &Machine, longs: &mut Longs, floor: &mut Floor) -> Result<()> {
    let kills = env::var(KILLS).map_or(Ok(20), |kills| kills.parse::<u64>())?;
    let mut seed = 20;
    for round in 0..kills {
        let probe = kept.start(&machine.node.netns, &FLAGS)?;
        longs.move_all(10 + round)?;
        match round % 4 {
            // At a random moment of its start.
            0 => thread::sleep(Duration::from_millis(next(&mut seed) % 400)),
            // At a random moment while it runs; it saves for a tenth of the time.
            _ => watch(&probe, floor, Duration::from_millis(next(&mut seed) % 700))?,
        }
        longs.move_all(1)?;
        // One closes without a probe.
        drop(probe);
        longs.close_one()?;
    }
    Ok(())
}

#[test]
fn a_probe_that_is_asked_to_stop_leaves_all_to_the_next() -> Result<()> {
    let sets = "istio,kmesh-connection,kmesh-workload,longwire";
    let machine = Machine::new(1, &[PodSpec::new("caller").annotation("telemetry.longwire.io/series-sets", sets)])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let pair = Pair::new(machine.pod("caller")?, machine.take()?)?;
    let flags = ["--long-connection-threshold", "100ms"];
    let probe = kept.ready(&machine.node.netns, &flags)?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 5_000)?;
    let long = |scrape: &Scrape| {
        let labels = [("source_workload", "caller"), ("reporter", "source")];
        scrape.only("kmesh_tcp_connection_sent_bytes_total", &labels).cloned()
    };
    let before = probe.until(long)?;
    ensure!(before.value == 5_000.0, "{before:?}");
    let mut floor = Floor::default();
    floor.rise(&probe.scrape()?)?;
    probe.process().signal(Signal::SIGTERM)?;
    probe.process().succeed(PATIENCE)?;
    drop(probe);
    // Without a probe: one opens and closes, one opens, the long one sends.
    let short = pair.exchange(300, 400)?;
    let second = pair.connect()?;
    pass(&near, &far, 70)?;
    let probe = kept.ready(&machine.node.netns, &flags)?;
    floor.rise(&probe.scrape()?)?;
    pair.edge.expect(&probe, short + Truth::open(5_070, 0) + Truth::open(0, 0))?;
    // The long connection keeps its series, with its start time as a label.
    let after = probe.until(|scrape| {
        let labels: Vec<_> = before.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Ok(scrape.only(&before.name, &labels)?.clone())
    })?;
    ensure!(after.value == 5_070.0, "{after:?}");
    drop((near, far, second));
    pair.edge.expect(&probe, short + Truth::whole(5_070, 0) + Truth::whole(0, 0))
}

#[test]
fn after_a_restart_without_the_operator_a_probe_still_names_known_peers() -> Result<()> {
    let Scene { machine, operator, kept, pair } = Scene::new()?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    let mut truth = pair.exchange(300, 400)?;
    pair.edge.expect(&probe, truth)?;
    drop((operator, probe));
    truth += pair.exchange(300, 400)?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    truth += pair.exchange(300, 400)?;
    pair.edge.expect(&probe, truth)
}
