//! Short connections one after the other.

use crate::edge::Truth;
use crate::pod::Pod;
use crate::traffic::{receive, send};
use anyhow::Result;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Payload bytes of each connection, from its client and from its server.
pub const UP: u64 = 100;
pub const DOWN: u64 = 200;

/// Makes a connection every `pace`, until `stop`.
pub fn until(stop: &AtomicBool, pace: Duration, client: &Pod, server: &Pod, listener: &TcpListener) -> Result<Truth> {
    let (mut truth, mut due) = (Truth::default(), Instant::now());
    while !stop.load(Ordering::Relaxed) {
        truth += once(client, server, listener)?;
        due += pace;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(truth)
}

/// Makes so many.
pub fn count(connections: usize, client: &Pod, server: &Pod, listener: &TcpListener) -> Result<Truth> {
    (0..connections).map(|_| once(client, server, listener)).sum()
}

fn once(client: &Pod, server: &Pod, listener: &TcpListener) -> Result<Truth> {
    let (near, far) = client.connect_to(server.address(), listener)?;
    send(&near, UP)?;
    receive(&far, UP)?;
    send(&far, DOWN)?;
    receive(&near, DOWN)?;
    Ok(Truth::whole(UP, DOWN))
}
