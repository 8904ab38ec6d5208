//! How much one listener's clients may hold, and for how long.

use std::time::Duration;

/// Bounds of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time. One more takes the place of one that has no request under way, of the source with most.
    pub connections: usize,
    /// Of these, from one source. A cluster may translate the addresses of a whole node, Prometheus' and attackers', into
    /// one: so the bound is far above what readers need, and one more takes a place instead of being refused.
    pub connections_of_source: usize,
    /// Until a request's head is complete, from its first byte, or from the accept for the first one.
    pub head: Duration,
    /// Between two requests of a connection. Above Prometheus' usual intervals, so that it keeps its connection.
    pub idle: Duration,
    /// Without the client's taking a single byte of an answer.
    pub stall: Duration,
    /// For a whole answer.
    pub answer: Duration,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Socket buffers as asked for; Linux doubles them. Without a bound the kernel grows each up to several MiB, and charges
    /// them to the container.
    pub send_buffer: usize,
    pub receive_buffer: usize,
}

impl Limits {
    /// At most about 50 MiB in all: 256 connections with a socket buffer of 128 KiB, and hyper's 64 KiB each.
    pub const METRICS: Self = Self {
        connections: 256,
        connections_of_source: 64,
        head: Duration::from_secs(5),
        idle: Duration::from_secs(90),
        stall: Duration::from_secs(5),
        answer: Duration::from_secs(30),
        head_bytes: 16 << 10,
        headers: 64,
        send_buffer: 64 << 10,
        receive_buffer: 16 << 10,
    };

    /// The kubelet asks every second and makes a connection for each question.
    pub const HEALTH: Self = Self {
        connections: 64,
        connections_of_source: 64,
        head: Duration::from_secs(2),
        idle: Duration::from_secs(10),
        stall: Duration::from_secs(2),
        answer: Duration::from_secs(5),
        head_bytes: 8 << 10,
        headers: 64,
        send_buffer: 16 << 10,
        receive_buffer: 8 << 10,
    };
}
