//! Sockets with unusual creation or use.

use crate::shared::{cluster, connect};
use anyhow::Result;
use longwire_testkit::{
    Truth, await_acknowledged, confirm, eventually, exchange, odd_sockets::Sockmap, odd_sockets::TakenDown, pass,
    pass_both,
};
use socket2::{Domain, Protocol};
use std::time::Duration;

#[test]
fn a_connection_that_is_made_again_elsewhere_has_every_byte() -> Result<()> {
    let pair = cluster().pair()?;
    let (near, far) = pair.connect()?;
    pass_both(&near, &far, 1_000, 300)?;
    await_acknowledged(&near, 1_001)?;
    await_acknowledged(&far, 300)?;
    let near = TakenDown::of(near)?.restore(pair.client.socket(Domain::IPV4, Protocol::TCP)?)?;
    exchange(near, far, 500, 20)?;
    // Two sockets of the client's, and one of the server's.
    let source = Truth { opened: 2, closed: 2, to_server: 1_500, to_client: 320 };
    let truths = [("source", source), ("destination", Truth::whole(1_500, 320))];
    pair.edge.expect_of(&cluster().probe, &truths)
}

#[test]
fn a_socket_in_a_sockmap_is_reported() -> Result<()> {
    let (edge, near, far) = connect()?;
    let (probe, sockmap) = (&cluster().probe, Sockmap::new()?);
    let told = || -> Result<u64> { Ok(probe.scrape()?.of_kernel("bypass_sockmap")) };
    let before = told()?;
    sockmap.put(&near)?;
    pass(&near, &far, 100)?;
    edge.expect(probe, Truth::open(100, 0))?;
    eventually(Duration::from_secs(60), || confirm!(told()? > before, "nobody was told"))?;
    exchange(near, far, 0, 0)?;
    edge.expect(probe, Truth::whole(100, 0))
}
