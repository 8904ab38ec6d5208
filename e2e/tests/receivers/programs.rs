//! The receivers' programs, as `e2e/receivers/build` builds them.

use anyhow::{Context, Result, anyhow};
use longwire_testkit::{Netns, checkout, command};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The path of one of them.
pub(crate) fn program(name: &str) -> Result<String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))).as_ref();
    let path = built.map_err(|error| anyhow!("{error}"))?.join(name);
    path.into_os_string().into_string().map_err(|path| anyhow!("{} is no UTF-8", path.display()))
}

fn build() -> Result<PathBuf> {
    let script = checkout().join("e2e/receivers/build");
    Ok(command::converse(script.to_str().context("path")?, &[])?.trim().into())
}

/// An address of a namespace's loopback on which nobody listens. Nobody else takes it, because the namespace is a test's own.
pub(crate) fn free_tcp(netns: &Netns) -> Result<SocketAddr> {
    Ok(netns.run(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?)
}

/// The same for datagrams.
pub(crate) fn free_udp(netns: &Netns) -> Result<SocketAddr> {
    Ok(netns.run(|| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?)
}
