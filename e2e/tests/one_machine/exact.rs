//! Graceful connections: both reporters count as the applications do, exact to the byte.

use crate::shared::{cluster, connect};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{
    Edge, Pair, Pod, REPORTERS, SAMPLE_INTERVAL, Truth, confirm, drain, pass, pass_both, receive, send, tcp_info,
    throughout,
};
use nix::sys::sendfile::sendfile;
use socket2::SockRef;
use std::fs::File;
use std::net::{Ipv6Addr, Shutdown, SocketAddr};
use std::os::unix::fs::FileExt;

/// One exchange over an address of the server that the test chooses.
fn check(address_of: impl Fn(&Pod) -> SocketAddr, up: u64, down: u64) -> Result<()> {
    let (client, server) = cluster().machine.two()?;
    let listener = server.listen_on((Ipv6Addr::UNSPECIFIED, 8080))?;
    let truth = client.exchange(address_of(server), &listener, up, down)?;
    Edge::of(client, server).expect(&cluster().probe, truth)
}

#[test]
fn an_ipv6_connection_is_exact() -> Result<()> {
    check(|server| (server.ipv6, 8080).into(), 1_111_111, 2_222)
}

#[test]
fn an_ipv4_connection_is_exact_with_and_without_a_byte_and_by_a_mapped_address() -> Result<()> {
    check(Pod::address, 1_234_567, 7_654_321).context("with bytes")?;
    check(Pod::address, 0, 0).context("without a byte")?;
    check(|server| (server.ipv4.to_ipv6_mapped(), 8080).into(), 3_333, 44_444).context("mapped")
}

#[test]
fn what_the_server_sends_after_the_client_has_shut_down_counts() -> Result<()> {
    let (edge, near, far) = connect()?;
    send(&near, 1_000)?;
    near.shutdown(Shutdown::Write)?;
    ensure!(drain(&far)? == 1_000);
    edge.expect(&cluster().probe, Truth::open(1_000, 0))?;
    pass(&far, &near, 500_000)?;
    drop((far, near));
    edge.expect(&cluster().probe, Truth::whole(1_000, 500_000))
}

#[test]
fn what_the_client_sends_after_the_server_has_shut_down_counts() -> Result<()> {
    let (edge, near, far) = connect()?;
    send(&far, 700)?;
    far.shutdown(Shutdown::Write)?;
    ensure!(drain(&near)? == 700);
    pass(&near, &far, 300_000)?;
    drop((near, far));
    edge.expect(&cluster().probe, Truth::whole(300_000, 700))
}

#[test]
fn bytes_sent_from_a_file_without_a_copy_count() -> Result<()> {
    let (edge, near, far) = connect()?;
    let file: File = tempfile::tempfile()?;
    file.write_all_at(&[1; 4096], 5_000_000 - 4096)?;
    std::thread::scope(|scope| -> Result<()> {
        let reader = scope.spawn(|| receive(&far, 5_000_000));
        let mut left = 5_000_000;
        while left > 0 {
            left -= sendfile(&near, &file, None, left)?;
        }
        reader.join().expect("a reader")
    })?;
    drop((near, far));
    edge.expect(&cluster().probe, Truth::whole(5_000_000, 0))
}

#[test]
fn an_open_connection_is_opened_once_and_active_through_idle_and_busy_times() -> Result<()> {
    let ((edge, near, far), probe) = (connect()?, &cluster().probe);
    edge.expect(probe, Truth::open(0, 0))?;
    throughout(SAMPLE_INTERVAL * 3, || {
        let scrape = probe.scrape()?;
        for reporter in REPORTERS {
            ensure!(edge.reported(&scrape, reporter) == Truth::open(0, 0), "idle, but {reporter} changed");
            ensure!(edge.sum(&scrape, "longwire_tcp_connections_active", reporter) == 1, "not active once");
        }
        Ok(())
    })?;
    pass_both(&near, &far, 2_000_000, 1_000_000)?;
    edge.expect(probe, Truth::open(2_000_000, 1_000_000))?;
    drop((near, far));
    edge.expect(probe, Truth::whole(2_000_000, 1_000_000))?;
    confirm!(edge.sum(&probe.scrape()?, "longwire_tcp_connections_active", "source") == 0, "closed, but still active")
}

#[test]
fn a_connection_that_was_never_accepted_counts_the_bytes_that_the_kernel_received() -> Result<()> {
    let (Pair { client, server, listener, edge }, probe) = (cluster().pair()?, &cluster().probe);
    let near = client.connect(server.address())?;
    send(&near, 4_321)?;
    edge.expect(probe, Truth::open(4_321, 0))?;
    drop(listener);
    // The kernel of the server resets it.
    ensure!(drain(&near).is_err());
    edge.expect(probe, Truth::whole(4_321, 0))
}

#[test]
fn a_socket_that_disconnects_and_connects_again_is_two_connections() -> Result<()> {
    let pair = cluster().pair()?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 600)?;
    tcp_info::disconnect(&near)?;
    drop(far);
    SockRef::from(&near).connect(&pair.server.address().into())?;
    let far = pair.listener.accept()?.0;
    pass(&near, &far, 50)?;
    drop((near, far));
    pair.edge.expect(&cluster().probe, Truth::whole(600, 0) + Truth::whole(50, 0))
}
