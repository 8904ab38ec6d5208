//! Connections whose beginning the programs missed, as with preemption: they are counted whole.

use anyhow::{Result, ensure};
use longwire_testkit::{Edge, Kept, Machine, Truth, churn, drain, eventually, exchange, pass, send};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const SHORT: usize = 40;
const MANY: usize = 1_000;
const RESTARTS: usize = 5;
const LIVE: u64 = 6;

#[test]
fn a_connection_first_seen_at_its_sockets_destruction_is_counted_whole_and_once() -> Result<()> {
    let machine = Machine::new(4, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let ((client, server), (caller, called)) = (machine.pair()?, machine.pair()?);
    let (listener, refusing) = (server.listen()?, called.listen()?);
    let probe = kept.ready(&machine.node.netns, &[])?;
    let before = churn::count(5, client, server, &listener)?;
    Edge::of(client, server).expect(&probe, before)?;
    kept.detach_first_tracepoint()?;
    let truth = before + churn::count(SHORT, client, server, &listener)?;
    Edge::of(client, server).expect(&probe, truth)?;
    // Sockets that never connected, and listeners, do not count.
    drop(refusing);
    for _ in 0..5 {
        ensure!(caller.connect(called.address()).is_err(), "somebody listens");
    }
    ensure!(probe.of_kernel("missed_open")? >= 2 * SHORT as u64, "not counted as missed");
    Edge::of(caller, called).expect_of(&probe, &[("source", Truth::default()), ("destination", Truth::default())])
}

/// The probe marks connections that wait for accept() when it starts. Some are accepted and gone before they are marked.
#[test]
fn a_socket_at_the_address_of_one_that_waited_for_accept_is_counted() -> Result<()> {
    let machine = Machine::new(8, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let busy = (0..3).map(|_| machine.pair()).collect::<Result<Vec<_>>>()?;
    let (client, server) = machine.pair()?;
    let (listener, stop) = (server.listen()?, AtomicBool::new(false));
    let probe = thread::scope(|scope| -> Result<_> {
        for (client, server) in busy {
            let stop = &stop;
            scope.spawn(move || churn::until(stop, Duration::ZERO, client, server, &server.listen()?));
        }
        let probe = kept.ready(&machine.node.netns, &[]);
        stop.store(true, Ordering::Relaxed);
        probe
    })?;
    kept.detach_first_tracepoint()?;
    // Alone, because a destruction that the kernel skips too is not seen at all.
    let truth = churn::count(MANY, client, server, &listener)?;
    Edge::of(client, server).expect(&probe, truth)
}

/// While a load takes over, both loads' programs may see one destruction.
#[test]
fn restarts_lose_none_of_those_that_only_their_destruction_tells_of() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, stop) = (server.listen()?, AtomicBool::new(false));
    let first = kept.ready(&machine.node.netns, &[])?;
    let (truth, last) = thread::scope(|scope| -> Result<_> {
        // Also the programs of each new load, before it takes over.
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // An error: none is attached now.
                let _ = kept.detach_first_tracepoint();
                thread::sleep(Duration::from_micros(200));
            }
        });
        let churn = scope.spawn(|| churn::until(&stop, Duration::ZERO, client, server, &listener));
        let last = (0..RESTARTS).try_fold(first, |previous, _| {
            drop(previous);
            kept.ready(&machine.node.netns, &[])
        });
        stop.store(true, Ordering::Relaxed);
        Ok((churn.join().expect("the churn does not panic")?, last?))
    })?;
    Edge::of(client, server).expect(&last, truth)
}

#[test]
fn one_that_lives_is_found_by_the_next_probe_and_was_opened_once() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let (listener, edge) = (server.listen()?, Edge::of(client, server));
    let probe = kept.ready(&machine.node.netns, &[])?;
    kept.detach_first_tracepoint()?;
    let live = client.open(LIVE, server.address(), &listener, 1_000)?;
    drop(probe);
    let probe = kept.ready(&machine.node.netns, &[])?;
    edge.expect(&probe, Truth { opened: LIVE, closed: 0, to_server: LIVE * 1_000, to_client: 0 })?;
    for (near, far) in live {
        exchange(near, far, 5, 70)?;
    }
    edge.expect(&probe, Truth { opened: LIVE, closed: LIVE, to_server: LIVE * 1_005, to_client: LIVE * 70 })
}

/// A connection that waits for accept() is in no process's files.
#[test]
fn a_connection_whose_first_event_is_its_close_is_counted_whole() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    let listener = server.listen()?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    kept.detach_first_tracepoint()?;
    let near = client.connect(server.address())?;
    send(&near, 1_000)?;
    drop(probe);
    let probe = kept.ready(&machine.node.netns, &[])?;
    let far = listener.accept()?.0;
    pass(&far, &near, 30)?;
    near.shutdown(Shutdown::Write)?;
    eventually(Duration::from_secs(5), || {
        ensure!(drain(&far)? == 1_000);
        Ok(())
    })?;
    drop((far, near));
    let truth = Truth::whole(1_000, 30);
    Edge::of(client, server).expect(&probe, truth)
}
