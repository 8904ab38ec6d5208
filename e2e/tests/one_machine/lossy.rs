//! Segments that are lost in the network or by the local stack: each byte counts once.

use crate::shared::cluster;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Pair, Pod, TcpInfo, Truth, await_acknowledged, confirm, iptables, pass_both};

const UP: u64 = 3_000_000;
const DOWN: u64 = 1_000_000;

/// Sends bytes both ways between two pods, after `spoil` has made the path from the client lossy.
fn check(spoil: impl FnOnce(&Pod) -> Result<()>) -> Result<()> {
    let (Pair { client, server, listener, edge }, probe) = (cluster().pair()?, &cluster().probe);
    let (near, far) = client.connect_to(server.address(), &listener)?;
    for pod in [&client, &server] {
        pod.send_single_segments()?;
    }
    spoil(&client)?;
    pass_both(&near, &far, UP, DOWN)?;
    await_acknowledged(&near, UP + 1)?;
    await_acknowledged(&far, DOWN)?;
    let TcpInfo { sent, retransmitted_bytes: again, .. } = TcpInfo::of(&near)?;
    // More than the payload, so segments were lost.
    ensure!(sent > UP, "nothing was lost");
    drop((near, far));
    edge.expect(probe, Truth::whole(UP, DOWN))?;
    let retransmitted = edge.sum(&probe.scrape()?, "longwire_tcp_retransmitted_bytes_total", "source");
    confirm!(retransmitted == again, "{retransmitted} bytes sent again, the kernel says {again}")
}

#[test]
fn two_percent_loss_on_the_way_changes_no_count() -> Result<()> {
    check(|client| cluster().machine.node.lose(client, 0.02))
}

#[test]
fn five_percent_dropped_by_the_senders_own_firewall_changes_no_count() -> Result<()> {
    check(|client| iptables(&client.netns, "-A OUTPUT -p tcp -m statistic --mode random --probability 0.05 -j DROP"))
}

#[test]
fn a_full_queue_of_the_sender_changes_no_count() -> Result<()> {
    check(|client| {
        let tbf = ["qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "60mbit", "burst", "10kb", "limit", "15kb"];
        client.netns.command("tc", &tbf).context("a token bucket").map(drop)
    })
}
