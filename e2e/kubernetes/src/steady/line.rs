//! A client that repeats the same traffic.

use super::Named;
use super::town::ANSWERS;
use crate::running::Running;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Counts, Labels, Ledger, TcpInfo, Truth, ledger::ByEnd, ledger::Time, traffic};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A line's labels, for the server that answered.
pub(super) type Naming = Box<dyn Fn(Option<&str>) -> Labels + Send>;

pub struct Line {
    pub(super) name: &'static str,
    /// `None`: a client outside the cluster.
    pub(super) from: Option<Running>,
    pub(super) to: SocketAddr,
    pub(super) up: u64,
    pub(super) work: Work,
    pub(super) labels: Naming,
    pub(super) reporters: &'static [&'static str],
}

pub(super) enum Work {
    /// A connection in each turn, whose answer identifies the server.
    Short,
    /// The port is closed.
    Refused,
    /// One connection that stays open; bytes in each turn from server to client.
    Long { ends: (TcpStream, TcpStream), down: u64, server: &'static str, seen: Counts },
}

impl std::fmt::Debug for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Line {
    pub(super) fn turn(&mut self, ledger: &Ledger<Named>) -> Result<()> {
        let Self { from, to, up, work, labels, reporters, .. } = self;
        let named = |server| Named { labels: labels(server), reporters };
        match work {
            Work::Short => {
                let start = Instant::now();
                let stream = connect(from.as_ref(), *to)?;
                let handshake = start.elapsed();
                traffic::send(&stream, *up)?;
                stream.shutdown(Shutdown::Write)?;
                let answer = traffic::drain(&stream)?;
                let round_trip = TcpInfo::of(&stream)?.round_trip;
                drop(stream);
                let (server, _) = ANSWERS.iter().find(|(_, bytes)| *bytes == answer).context("nobody's answer")?;
                let times =
                    [(Time::Handshake, handshake), (Time::RoundTrip, round_trip), (Time::Lifetime, start.elapsed())];
                ledger.add(&named(Some(*server)), Truth::whole(*up, answer).into(), &times);
            }
            Work::Refused => {
                ensure!(connect(from.as_ref(), *to).is_err(), "somebody listens at {to}");
                ledger.add(&named(None), Counts { failed: 1, ..Counts::default() }, &[]);
            }
            Work::Long { ends: (near, far), down, server, seen } => {
                traffic::pass(near, far, *up)?;
                traffic::pass(far, near, *down)?;
                let (client, other) = (TcpInfo::of(near)?, TcpInfo::of(far)?);
                // Retransmissions of an end outside the cluster are not reported.
                let of = |reporter: &str, counted| if reporters.contains(&reporter) { counted } else { 0 };
                *seen = Counts {
                    truth: Truth::open(seen.truth.to_server + *up, seen.truth.to_client + *down),
                    open: 1,
                    again: of("source", client.retransmitted_bytes) + of("destination", other.retransmitted_bytes),
                    segments_again: ByEnd {
                        client: of("source", client.retransmitted_segments),
                        server: of("destination", other.retransmitted_segments),
                    },
                    failed: 0,
                };
                let times = [(Time::RoundTrip, client.round_trip), (Time::RoundTrip, other.round_trip)];
                ledger.reach(&named(Some(*server)), *seen, &times);
            }
        }
        Ok(())
    }
}

pub(super) fn connect(from: Option<&Running>, to: SocketAddr) -> Result<TcpStream> {
    match from {
        Some(pod) => pod.connect(to),
        None => TcpStream::connect_timeout(&to, Duration::from_secs(10)).with_context(|| format!("connect to {to}")),
    }
}
