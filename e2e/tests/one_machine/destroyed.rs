//! Which end closes a connection first, in Envoy's statistics of the client's pod.

use crate::shared::{PROXIED, cluster};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{
    Pair, Pod, SERVICE_PORT, await_acknowledged, confirm, drain, eventually, pass, pass_both, reset, send,
};
use socket2::SockRef;
use std::net::TcpStream;
use std::time::Duration;

/// Suffixes of `envoy_cluster_upstream_cx_*`.
const STATISTICS: [&str; 7] =
    ["total", "active", "destroy", "destroy_local", "destroy_remote", "rx_bytes_total", "tx_bytes_total"];
const BY_CLIENT: [f64; 5] = [1.0, 0.0, 1.0, 1.0, 0.0];
const BY_SERVER: [f64; 5] = [1.0, 0.0, 1.0, 0.0, 1.0];

/// Expected statistics of the client's pod for the server's Service.
fn expect(client: &Pod, server: &Pod, ended: [f64; 5], received: f64, sent: f64) -> Result<()> {
    let name = format!("outbound|{SERVICE_PORT}||{}.shop.svc.cluster.local", server.workload);
    let labels = [("cluster_name", name.as_str()), ("source_pod_name", &client.name)];
    let expected: Vec<f64> = ended.into_iter().chain([received, sent]).collect();
    cluster().probe.until(|scrape| {
        let of = |statistic| scrape.select(&format!("envoy_cluster_upstream_cx_{statistic}"), &labels);
        let values: Vec<f64> = STATISTICS.iter().flat_map(of).map(|found| found.value).collect();
        confirm!(values == expected, "{STATISTICS:?}: {values:?} instead of {expected:?}")
    })
}

/// Its connections have Envoy's statistics.
fn proxied() -> Result<Pair> {
    Pair::new(cluster().machine.pod(PROXIED)?, cluster().machine.take()?)
}

/// Ends a connection with 1,000 bytes up and 300 down.
fn check(ended: [f64; 5], end: impl FnOnce(TcpStream, TcpStream) -> Result<()>) -> Result<()> {
    let pair = proxied()?;
    let (near, far) = pair.connect()?;
    pass_both(&near, &far, 1_000, 300)?;
    end(near, far)?;
    expect(&pair.client, &pair.server, ended, 300.0, 1_000.0)
}

fn close(first: TcpStream, other: &TcpStream) -> Result<()> {
    drop(first);
    ensure!(drain(other)? == 0);
    Ok(())
}

fn cut(first: TcpStream, other: &TcpStream) -> Result<()> {
    reset(first)?;
    confirm!(drain(other).is_err(), "no reset came")
}

#[test]
fn the_end_that_closes_or_resets_first_is_local_or_remote() -> Result<()> {
    type Ends = fn(TcpStream, TcpStream) -> Result<()>;
    let cases: [(&str, [f64; 5], Ends); 4] = [
        ("the client closes", BY_CLIENT, |near, far| close(near, &far)),
        ("the server closes", BY_SERVER, |near, far| close(far, &near)),
        ("the client resets", BY_CLIENT, |near, far| cut(near, &far)),
        ("the server resets", BY_SERVER, |near, far| cut(far, &near)),
    ];
    cases.into_iter().try_for_each(|(name, ended, end)| check(ended, end).context(name))
}

#[test]
fn a_client_that_closes_with_unread_bytes_is_local() -> Result<()> {
    let pair = proxied()?;
    let (near, far) = pair.connect()?;
    send(&far, 700)?;
    await_acknowledged(&far, 700)?;
    drop(near);
    ensure!(drain(&far).is_err(), "no reset came");
    expect(&pair.client, &pair.server, BY_CLIENT, 700.0, 0.0)
}

#[test]
fn a_server_that_is_silent_for_too_long_is_remote() -> Result<()> {
    let pair = proxied()?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 1_000)?;
    await_acknowledged(&near, 1_001)?;
    SockRef::from(&near).set_tcp_user_timeout(Some(Duration::from_millis(800)))?;
    cluster().machine.node.iptables(&format!("-I FORWARD -s {} -d {} -j DROP", pair.client.ipv4, pair.server.ipv4))?;
    send(&near, 1)?;
    ensure!(drain(&near).is_err(), "the connection did not time out");
    drop((near, far));
    expect(&pair.client, &pair.server, BY_SERVER, 0.0, 1_001.0)
}

#[test]
fn where_both_have_closed_the_first_counts() -> Result<()> {
    check(BY_SERVER, |near, far| {
        drop(far);
        eventually(Duration::from_secs(60), || confirm!(drain(&near)? == 0, "more came than was sent"))?;
        reset(near)
    })
}

#[test]
fn an_attempt_that_is_refused_is_a_failure_and_remote() -> Result<()> {
    let (client, server) = (cluster().machine.pod(PROXIED)?, cluster().machine.take()?);
    ensure!(client.connect(server.address()).is_err(), "nobody listens");
    expect(client, server, BY_SERVER, 0.0, 0.0)
}
