//! Two pods: a client, and a server that listens.

use crate::crew::{all_at_once, beside, paced};
use crate::edge::{Edge, Truth};
use crate::pod::Pod;
use crate::traffic::{pass, receive, send};
use anyhow::Result;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Payload bytes of each connection of a churn, from its client and from its server.
pub const UP: u64 = 100;
pub const DOWN: u64 = 200;

#[derive(Debug)]
pub struct Pair {
    pub client: Pod,
    pub server: Pod,
    pub listener: TcpListener,
    pub edge: Edge,
}

impl Pair {
    pub fn new(client: &Pod, server: &Pod) -> Result<Self> {
        let (listener, edge) = (server.listen()?, Edge::of(client, server));
        Ok(Self { client: client.clone(), server: server.clone(), listener, edge })
    }

    /// A connection: both ends.
    pub fn connect(&self) -> Result<(TcpStream, TcpStream)> {
        self.client.connect_to(self.server.address(), &self.listener)
    }

    /// So many connections that stay open, with so many bytes up on each.
    pub fn open(&self, count: u64, up: u64) -> Result<Vec<(TcpStream, TcpStream)>> {
        let one = |_| {
            let (near, far) = self.connect()?;
            pass(&near, &far, up).map(|()| (near, far))
        };
        (0..count).map(one).collect()
    }

    /// A whole connection with so many bytes up and down.
    pub fn exchange(&self, up: u64, down: u64) -> Result<Truth> {
        self.client.exchange(self.server.address(), &self.listener, up, down)
    }

    /// So many short connections, one after the other.
    pub fn churn(&self, connections: usize) -> Result<Truth> {
        (0..connections).map(|_| self.short()).sum()
    }

    /// The same, one every `pace` until `stop`.
    pub fn churn_until(&self, stop: &AtomicBool, pace: Duration) -> Result<Truth> {
        let mut truth = Truth::default();
        paced(stop, pace, || {
            truth += self.short()?;
            Ok(())
        })?;
        Ok(truth)
    }

    fn short(&self) -> Result<Truth> {
        let (near, far) = self.connect()?;
        send(&near, UP)?;
        receive(&far, UP)?;
        send(&far, DOWN)?;
        receive(&near, DOWN)?;
        Ok(Truth::whole(UP, DOWN))
    }
}

/// Short connections of all pairs at this pace, while a job is done.
pub fn churn_beside<J>(pairs: &[Pair], pace: Duration, job: impl FnOnce() -> Result<J>) -> Result<(Vec<Truth>, J)> {
    beside(|over| all_at_once(pairs, |pair| pair.churn_until(over, pace)), job)
}
