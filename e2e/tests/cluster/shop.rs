//! Two edges that cross the nodes in both directions, each with a connection that lives and moves when told to.

use anyhow::Result;
use longwire_e2e::edge::{Edge, Truth};
use longwire_e2e::kubernetes::namespace::Namespace;
use longwire_e2e::kubernetes::running::Running;
use longwire_e2e::traffic;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

const PORT: u16 = 8080;

#[derive(Debug)]
pub(crate) struct Shop<'a> {
    pub(crate) namespace: &'a Namespace<'a>,
    pub(crate) client: Running,
    pub(crate) server: Running,
    listener: TcpListener,
    /// From `client` to `server` and back: they keep both edges alive.
    open: [(TcpStream, TcpStream); 2],
}

impl<'a> Shop<'a> {
    /// Pods `client` on n1 and `server` on n2, connected both ways.
    pub(crate) fn open(namespace: &'a Namespace<'a>) -> Result<Self> {
        let client = Running::start(namespace, "client", "n1")?;
        let server = Running::start(namespace, "server", "n2")?;
        let (listener, back) = (server.listen(PORT)?, client.listen(PORT)?);
        let open =
            [client.connect_to((server.address, PORT), &listener)?, server.connect_to((client.address, PORT), &back)?];
        Ok(Self { namespace, client, server, listener, open })
    }

    /// What crosses from n1 to n2.
    pub(crate) fn there(&self) -> Edge {
        Edge::between("client", "server").within(&self.namespace.name)
    }

    /// Connections one after the other from `client` to `server`, until told to stop; with the one that lives all the time.
    pub(crate) fn load(&self, stop: &AtomicBool) -> Result<Truth> {
        let mut truth = Truth::open(0, 0);
        let (near, far) = &self.open[0];
        while !stop.load(Ordering::Relaxed) {
            let (one, other) = self.client.connect_to((self.server.address, PORT), &self.listener)?;
            truth += traffic::exchange(one, other, 1_000, 3_000)?;
            traffic::pass(near, far, 500)?;
            truth.to_server += 500;
        }
        Ok(truth)
    }
}
