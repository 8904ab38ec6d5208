//! A metrics page of tens of thousands of lines, from series of long connections.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Pod, Probe, eventually};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

pub(crate) struct ManyLines {
    _connections: Vec<(TcpStream, TcpStream)>,
    /// Lines of a scrape.
    pub(crate) lines: usize,
}

/// Opens connections between two pods until a scrape has so many lines.
pub(crate) fn expose(lines: usize, pair: (&Pod, &Pod), probe: &Probe) -> Result<ManyLines> {
    let (client, server) = pair;
    let listener = server.listen()?;
    // Four lines for each end.
    let connections = client.netns.run(|| open(lines / 8 + 1, server, &listener))?;
    let lines = eventually(Duration::from_secs(40), || {
        let exposed = probe.text()?.lines().count();
        ensure!(exposed >= lines, "{exposed} lines");
        Ok(exposed)
    })?;
    Ok(ManyLines { _connections: connections, lines })
}

fn open(count: usize, server: &Pod, listener: &TcpListener) -> Result<Vec<(TcpStream, TcpStream)>> {
    let open = |_| {
        let near = TcpStream::connect(server.address()).context("a long connection")?;
        Ok((near, listener.accept()?.0))
    };
    (0..count).map(open).collect()
}
