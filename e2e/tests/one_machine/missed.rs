//! Connections whose beginning the programs missed, as with preemption: they are counted whole.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Machine, Pair, Probe, REPORTERS, SAMPLE_INTERVAL, Scene, Scrape, Truth, beside, churn_beside, confirm, drain,
    eventually, exchange, pass, send, throughout,
};
use std::net::Shutdown;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const SHORT: usize = 40;
const MANY: usize = 1_000;
const RESTARTS: usize = 5;
const LIVE: u64 = 6;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_connection_first_seen_at_its_sockets_destruction_is_counted_whole_and_once() -> Result<()> {
    let scene = Scene::on(Machine::new(4, &[])?)?;
    let (pair, Pair { client, server, listener, edge }) = (&scene.pair, scene.machine.pair()?);
    let probe = scene.probe()?;
    let before = pair.churn(5)?;
    pair.edge.expect(&probe, before)?;
    scene.kept.detach("on_state")?;
    let truth = before + pair.churn(SHORT)?;
    pair.edge.expect(&probe, truth)?;
    // Sockets that never connected, and listeners, do not count.
    drop(listener);
    for _ in 0..5 {
        ensure!(client.connect(server.address()).is_err(), "somebody listens");
    }
    ensure!(probe.of_kernel("missed_open")? >= 2 * SHORT as u64, "not counted as missed");
    edge.expect_of(&probe, &[("source", Truth::default()), ("destination", Truth::default())])
}

/// The probe marks connections that wait for accept() when it starts. Some are accepted and gone before they are marked.
#[test]
fn a_socket_at_the_address_of_one_that_waited_for_accept_is_counted() -> Result<()> {
    let scene = Scene::on(Machine::new(8, &[])?)?;
    let busy = (0..3).map(|_| scene.machine.pair()).collect::<Result<Vec<_>>>()?;
    let (_, probe) = churn_beside(&busy, Duration::ZERO, || scene.probe())?;
    scene.kept.detach("on_state")?;
    // Alone, because a destruction that the kernel skips too is not seen at all.
    scene.pair.edge.expect(&probe, scene.pair.churn(MANY)?)
}

/// A skipped destruction leaves the ended entry of its socket, and the next socket at that address finds it.
#[test]
fn a_socket_at_the_address_of_one_whose_destruction_was_skipped_is_counted() -> Result<()> {
    let scene = Scene::new()?;
    let probe = scene.probe()?;
    scene.kept.detach("on_destroy")?;
    // On a kernel that skips programs some are missing, which nothing recovers here.
    scene.pair.churn(MANY)?;
    drop(probe);
    let probe = scene.probe()?;
    scene.kept.detach("on_state")?;
    expect_whole(&scene, &probe, MANY)
}

/// A close and a destruction that are skipped leave an entry as if the connection lived.
#[test]
fn a_socket_at_the_address_of_one_whose_end_was_skipped_is_counted() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, live) = (scene.probe()?, scene.pair.open(MANY as u64, 1_000)?);
    let opened = Truth { opened: MANY as u64, to_server: 1_000 * MANY as u64, ..Truth::default() };
    scene.pair.edge.expect(&probe, opened)?;
    ["on_state", "on_destroy"].map(|program| scene.kept.detach(program)).into_iter().collect::<Result<()>>()?;
    drop(live);
    drop(probe);
    let probe = scene.probe()?;
    scene.kept.detach("on_state")?;
    expect_whole(&scene, &probe, MANY)?;
    probe.until(|scrape| {
        let lost = scrape.sum("longwire_probe_closes_lost_total", &[]);
        confirm!(lost > 0, "no entry was taken for an earlier connection's")
    })
}

/// So many further connections are counted whole, and nothing is added to those before them. These may still end.
fn expect_whole(scene: &Scene, probe: &Probe, more: usize) -> Result<()> {
    let edge = &scene.pair.edge;
    let reported = |scrape: &Scrape| REPORTERS.map(|reporter| Truth { closed: 0, ..edge.reported(scrape, reporter) });
    // What was left before is found and named within some passes.
    let before = eventually(PATIENCE, || {
        let before = reported(&probe.scrape()?);
        throughout(3 * SAMPLE_INTERVAL, || {
            let now = reported(&probe.scrape()?);
            confirm!(now == before, "{before:?} was reported, and now {now:?}")
        })?;
        Ok(before)
    })?;
    let whole = Truth { closed: 0, ..scene.pair.churn(more)? };
    let are_counted = |scrape: &Scrape| {
        let (now, truth) = (reported(scrape), before.map(|before| before + whole));
        confirm!(now == truth, "{now:?} is reported, the truth is {truth:?}")
    };
    probe.until(are_counted)?;
    // The passes after it sample what is left.
    throughout(3 * SAMPLE_INTERVAL, || are_counted(&probe.scrape()?))
}

/// While a load takes over, both loads' programs may see one destruction.
#[test]
fn restarts_lose_none_of_those_that_only_their_destruction_tells_of() -> Result<()> {
    let scene = Scene::new()?;
    let first = scene.probe()?;
    let restarts = || {
        (0..RESTARTS).try_fold(first, |previous, _| {
            drop(previous);
            scene.probe()
        })
    };
    // Also the programs of each new load, before it takes over.
    let detach = |over: &AtomicBool| {
        while !over.load(Ordering::Relaxed) {
            // An error: none is attached now.
            let _ = scene.kept.detach("on_state");
            thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    };
    let churns = || churn_beside(slice::from_ref(&scene.pair), Duration::ZERO, restarts);
    let ((), (truths, last)) = beside(detach, churns)?;
    scene.pair.edge.expect_of_each_end(&last, truths[0])
}

#[test]
fn one_that_lives_is_found_by_the_next_probe_and_was_opened_once() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, edge) = (scene.probe()?, &scene.pair.edge);
    scene.kept.detach("on_state")?;
    let live = scene.pair.open(LIVE, 1_000)?;
    drop(probe);
    let probe = scene.probe()?;
    edge.expect(&probe, Truth { opened: LIVE, closed: 0, to_server: LIVE * 1_000, to_client: 0 })?;
    for (near, far) in live {
        exchange(near, far, 5, 70)?;
    }
    edge.expect(&probe, Truth { opened: LIVE, closed: LIVE, to_server: LIVE * 1_005, to_client: LIVE * 70 })
}

/// A connection that waits for accept() is in no process's files.
#[test]
fn a_connection_whose_first_event_is_its_close_is_counted_whole() -> Result<()> {
    let scene = Scene::new()?;
    let (probe, pair) = (scene.probe()?, &scene.pair);
    scene.kept.detach("on_state")?;
    let near = pair.client.connect(pair.server.address())?;
    send(&near, 1_000)?;
    drop(probe);
    let probe = scene.probe()?;
    let far = pair.listener.accept()?.0;
    pass(&far, &near, 30)?;
    near.shutdown(Shutdown::Write)?;
    eventually(Duration::from_secs(60), || confirm!(drain(&far)? == 1_000, "not all has arrived"))?;
    drop((far, near));
    pair.edge.expect(&probe, Truth::whole(1_000, 30))
}
