//! A connection's place in the table of connections, for the server.

use super::connections::{Connections, Reason, Source};
use crate::counters::Counters;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::oneshot;

/// The connections of one endpoint, shared by all of them.
#[derive(Debug)]
pub(super) struct Table {
    connections: Mutex<Connections>,
    counters: Arc<Counters>,
}

/// One connection. Each request on it carries a clone; the connection ends with the last.
#[derive(Clone, Debug)]
pub struct Peer(Arc<Slot>);

#[derive(Debug)]
struct Slot {
    table: Arc<Table>,
    number: u64,
    source: Source,
    address: IpAddr,
    /// The node of its first admitted stream.
    node: OnceLock<Arc<str>>,
}

/// While it lives its connection has a call that wants to be admitted.
#[derive(Debug)]
pub(crate) struct Call(Peer);

/// While it lives its connection has an admitted stream.
#[derive(Debug)]
pub(crate) struct AdmittedStream(Peer);

impl Table {
    pub(super) fn new(connections: Connections, counters: Arc<Counters>) -> Self {
        Self { connections: Mutex::new(connections), counters }
    }

    pub(super) fn arrive(this: &Arc<Self>, source: Source, address: IpAddr) -> (Peer, oneshot::Receiver<()>) {
        let (number, closed, evicted) = this.change(|connections| connections.arrive(source, Instant::now()));
        this.evicted(evicted);
        let node = OnceLock::new();
        (Peer(Arc::new(Slot { table: Arc::clone(this), number, source, address, node })), closed)
    }

    pub(super) fn close_overdue(&self) {
        for _ in 0..self.change(|connections| connections.close_overdue(Instant::now())) {
            self.refused("no_stream");
        }
    }

    pub(super) fn refused(&self, reason: Reason) {
        self.counters.handshake_refused(reason);
    }

    fn evicted(&self, count: u64) {
        (0..count).for_each(|_| self.refused("evicted"));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Connections) -> T) -> T {
        let mut connections = self.connections.lock();
        let outcome = change(&mut connections);
        self.counters.connections(connections.counts());
        outcome
    }
}

impl Peer {
    /// The peer's address, from the kernel.
    #[must_use]
    pub(crate) fn address(&self) -> IpAddr {
        self.0.address
    }

    /// A call is here; `Err` is for the counter, and a connection that calls too often ends.
    pub(crate) fn call(&self) -> Result<Call, &'static str> {
        self.change(|connections, number| connections.call(number))?;
        Ok(Call(self.clone()))
    }

    /// The node whose probe has this connection; `None`: the connection has no admitted stream.
    #[must_use]
    pub(crate) fn node(&self) -> Option<Arc<str>> {
        let Slot { table, number, node, .. } = &*self.0;
        node.get().filter(|_| table.connections.lock().is_admitted(*number)).cloned()
    }

    pub(super) fn may_answer(&self) -> bool {
        let Slot { table, source, .. } = &*self.0;
        table.change(|connections| connections.may_answer(*source, Instant::now()))
    }

    pub(super) fn secured(&self) -> bool {
        let evicted = self.change(|connections, number| connections.secured(number, Instant::now()));
        match evicted {
            Some(evicted) => self.0.table.evicted(evicted),
            None => self.refused("busy"),
        }
        evicted.is_some()
    }

    pub(super) fn refused(&self, reason: Reason) {
        self.0.table.refused(reason);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Connections, u64) -> T) -> T {
        self.0.table.change(|connections| change(connections, self.0.number))
    }
}

impl Call {
    /// The call has become a stream of this node.
    pub(crate) fn admit(self, node: &Arc<str>) -> Result<AdmittedStream, &'static str> {
        // First, so that an admitted call has a place. A place that is already there was taken by an earlier stream.
        let _ = self.0.0.node.set(Arc::clone(node));
        self.0.change(|connections, number| connections.admit(number))?;
        Ok(AdmittedStream(self.0.clone()))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.change(|connections, number| connections.answered(number));
    }
}

impl Drop for AdmittedStream {
    fn drop(&mut self) {
        self.0.change(|connections, number| connections.left(number, Instant::now()));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.table.change(|connections| connections.end(self.number));
    }
}
