//! Connections that do not end gracefully: bytes that arrived count, on both ends.

use crate::shared::{cluster, connect};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{TcpInfo, Truth, await_acknowledged, confirm, drain, eventually, pass, pass_both, reset, send};
use socket2::SockRef;
use std::time::Duration;

#[test]
fn a_reset_by_either_end_closes_both_and_keeps_every_byte() -> Result<()> {
    for by_client in [true, false] {
        let (edge, near, far) = connect()?;
        pass_both(&near, &far, 10_000, 321)?;
        let (cutting, cut) = if by_client { (near, far) } else { (far, near) };
        reset(cutting)?;
        ensure!(drain(&cut).is_err(), "no reset came, by the client: {by_client}");
        let exact = edge.expect(&cluster().probe, Truth::whole(10_000, 321));
        exact.with_context(|| format!("reset by the client: {by_client}"))?;
    }
    Ok(())
}

#[test]
fn closing_with_unread_bytes_resets_and_counts_what_the_kernel_had_received() -> Result<()> {
    let (edge, near, far) = connect()?;
    send(&near, 5_000)?;
    eventually(Duration::from_secs(60), || {
        let received = TcpInfo::of(&far)?.received;
        confirm!(received == 5_000, "{received} of 5,000 bytes received")
    })?;
    await_acknowledged(&near, 5_001)?;
    drop(far);
    ensure!(drain(&near).is_err(), "no reset came");
    edge.expect(&cluster().probe, Truth::whole(5_000, 0))
}

#[test]
fn an_end_that_gives_up_on_its_peer_counts_what_it_put_on_the_wire() -> Result<()> {
    let pair = cluster().pair()?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 100)?;
    await_acknowledged(&near, 101)?;
    SockRef::from(&near).set_tcp_user_timeout(Some(Duration::from_millis(800)))?;
    cluster().machine.node.iptables(&format!("-I FORWARD -s {} -j DROP", pair.client.ipv4))?;
    send(&near, 3_000)?;
    ensure!(drain(&near).is_err(), "the connection did not time out");
    drop(near);
    let (source, destination) = (Truth::whole(3_100, 0), Truth::open(100, 0));
    pair.edge.expect_of(&cluster().probe, &[("source", source), ("destination", destination)])?;
    drop(far);
    Ok(())
}

#[test]
fn what_comes_after_the_peer_closed_is_only_the_senders_to_count() -> Result<()> {
    let (edge, near, far) = connect()?;
    pass(&near, &far, 2_000)?;
    drop(near);
    ensure!(drain(&far)? == 0);
    send(&far, 700)?;
    // The client's kernel has no socket for it.
    eventually(Duration::from_secs(60), || confirm!(send(&far, 1).is_err(), "no reset came"))?;
    let sent = TcpInfo::of(&far)?;
    drop(far);
    edge.expect_of(&cluster().probe, &[("source", Truth::whole(2_000, 0))])?;
    let reported = edge.reported(&cluster().probe.scrape()?, "destination");
    ensure!((reported.opened, reported.closed, reported.to_server) == (1, 1, 2_000), "{reported:?}");
    confirm!(reported.to_client >= 700, "{reported:?}, though the kernel says {sent:?}")
}
