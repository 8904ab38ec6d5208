//! Connections that do not end gracefully: bytes that arrived count, on both ends.

use crate::shared::cluster;
use anyhow::{Result, ensure};
use longwire_testkit::{Edge, TcpInfo, Truth, await_acknowledged, confirm, drain, eventually, pass, reset, send};
use socket2::SockRef;
use std::net::TcpStream;
use std::time::Duration;

#[derive(Clone, Copy)]
enum Cutter {
    Client,
    Server,
}

/// Sends bytes both ways, then a RST from one end.
fn check(cutter: Cutter) -> Result<()> {
    let (client, server) = cluster().pair()?;
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    pass(&near, &far, 10_000)?;
    pass(&far, &near, 321)?;
    let (cutting, cut) = match cutter {
        Cutter::Client => (near, far),
        Cutter::Server => (far, near),
    };
    reset(cutting)?;
    ensure!(drain(&cut).is_err(), "no reset came");
    Edge::of(client, server).expect(&cluster().probe, Truth::whole(10_000, 321))
}

#[test]
fn a_reset_by_the_client_closes_both_ends_and_keeps_every_byte() -> Result<()> {
    check(Cutter::Client)
}

#[test]
fn a_reset_by_the_server_closes_both_ends_and_keeps_every_byte() -> Result<()> {
    check(Cutter::Server)
}

#[test]
fn closing_with_unread_bytes_resets_and_counts_what_the_kernel_had_received() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    send(&near, 5_000)?;
    await_received(&far, 5_000)?;
    await_acknowledged(&near, 5_001)?;
    drop(far);
    ensure!(drain(&near).is_err(), "no reset came");
    Edge::of(client, server).expect(&cluster().probe, Truth::whole(5_000, 0))
}

#[test]
fn an_end_that_gives_up_on_its_peer_counts_what_it_put_on_the_wire() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let (edge, probe) = (Edge::of(client, server), &cluster().probe);
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    pass(&near, &far, 100)?;
    await_acknowledged(&near, 101)?;
    SockRef::from(&near).set_tcp_user_timeout(Some(Duration::from_millis(800)))?;
    cluster().machine.node.iptables(&format!("-I FORWARD -s {} -j DROP", client.ipv4))?;
    send(&near, 3_000)?;
    ensure!(drain(&near).is_err(), "the connection did not time out");
    drop(near);
    let (source, destination) = (Truth::whole(3_100, 0), Truth::open(100, 0));
    edge.expect_of(probe, &[("source", source), ("destination", destination)])?;
    drop(far);
    Ok(())
}

#[test]
fn what_comes_after_the_peer_closed_is_only_the_senders_to_count() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    pass(&near, &far, 2_000)?;
    drop(near);
    ensure!(drain(&far)? == 0);
    send(&far, 700)?;
    // The client's kernel has no socket for it.
    eventually(Duration::from_secs(5), || confirm!(send(&far, 1).is_err(), "no reset came"))?;
    let sent = TcpInfo::of(&far)?;
    drop(far);
    let edge = Edge::of(client, server);
    edge.expect_of(&cluster().probe, &[("source", Truth::whole(2_000, 0))])?;
    let reported = edge.reported(&cluster().probe.scrape()?, "destination");
    ensure!((reported.opened, reported.closed, reported.to_server) == (1, 1, 2_000), "{reported:?}");
    confirm!(reported.to_client >= 700, "{reported:?}, though the kernel says {sent:?}")
}

fn await_received(socket: &TcpStream, bytes: u64) -> Result<()> {
    eventually(Duration::from_secs(5), || {
        let received = TcpInfo::of(socket)?.received;
        confirm!(received == bytes, "{received} of {bytes} bytes received")
    })
}
