//! Limits of what the clients of one listener may hold, and for how long.

use std::time::Duration;

/// Limits of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time. A further one replaces one without a request in flight, of the source that has most.
    pub connections: usize,
    /// The same for one source. A cluster may masquerade a whole node, Prometheus' and attackers' addresses, as one. So
    /// the limit is far above what readers need, and a further connection replaces another instead of being refused.
    pub connections_of_source: usize,
    /// Time from a request's first byte to the end of its head; for the first request from the accept.
    pub head: Duration,
    /// Time between two requests of a connection. Above Prometheus' usual intervals, so that it keeps its connection.
    pub idle: Duration,
    /// Time in which the client reads no byte of an answer.
    pub stall: Duration,
    /// Time for a whole answer.
    pub answer: Duration,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Socket buffers as passed to setsockopt; Linux doubles them. Without them the kernel lets each grow to several
    /// MiB, which count as the container's memory.
    pub send_buffer: usize,
    pub receive_buffer: usize,
}

impl Limits {
    /// At most about 50 MiB in total: 256 connections with a socket buffer of 128 KiB, and hyper's 64 KiB each.
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

    /// The kubelet connects for each probe, every second.
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
