//! Connections of the control endpoint by stage and by source. Pure: times are arguments.
//!
//! ```text
//! handshake --> pending (no stream yet) <--> admitted (has one)
//! ```
//!
//! When a stage is full its oldest connection is closed, not the newest: a real client leaves the stage in a moment, and one
//! that holds connections open does not. Nodes have limits of their own, so that other peers cannot use up what their probes
//! need.
//! A pod may share its node's address, so an admitted connection does not count against the ones that are to come.

use crate::cluster::bucket::{Bucket, Rate};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

#[cfg(test)]
mod tests;

/// The source of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// A node's own address.
    Node(IpAddr),
    /// Any other: an IPv6 one stands for its /64.
    Other(IpAddr),
}

/// Connections at a time in a stage, by the kind of their source.
struct Limits {
    of_source: usize,
    in_all: usize,
    /// Of those of a source, calls that wait to be admitted.
    calls: usize,
}

const NODES: Limits = Limits { of_source: 128, in_all: 512, calls: 32 };
/// A source may be the gateway of many nodes.
const OTHERS: Limits = Limits { of_source: 128, in_all: 256, calls: 32 };
/// Connections with a stream, of one source: a node has two streams at most, a gateway before many nodes has theirs.
const ADMITTED_OF_NODE: usize = 16;
const ADMITTED_OF_OTHER: usize = 2_048;
const ADMITTED: usize = 8_192;

/// Handshakes that are answered: each costs a signature. Every node has its own; what it needs beyond is common to all nodes.
const OF_NODE: Rate = Rate { per_second: 10, burst: 20 };
const OF_NODES: Rate = Rate { per_second: 1_500, burst: 1_500 };
const OF_OTHER: Rate = Rate { per_second: 100, burst: 200 };
const OF_OTHERS: Rate = Rate { per_second: 200, burst: 400 };
/// Sources whose rate is known.
const SOURCES: usize = 16_384;

/// A connection has an admitted stream after this long.
const UNADMITTED: Duration = Duration::from_secs(5);
/// A connection whose call waits for the API server, after this.
const UNANSWERED: Duration = Duration::from_secs(12);
/// Calls that a connection may make before one is admitted.
const CALLS: u32 = 4;

/// Why a connection or a call is refused, for the counter.
pub(super) type Reason = &'static str;

#[derive(Debug)]
pub(super) struct Connections {
    next: u64,
    /// By number: oldest first.
    handshakes: BTreeMap<u64, Connection>,
    pending: BTreeMap<u64, Connection>,
    admitted: HashMap<u64, Connection>,
    rates: HashMap<Source, Bucket>,
    of_nodes: Bucket,
    of_others: Bucket,
}

#[derive(Debug)]
struct Connection {
    source: Source,
    /// In this stage.
    since: Instant,
    /// Calls that wait to be admitted.
    waiting: u32,
    calls: u32,
    streams: u32,
    /// Sent or dropped, the connection ends.
    _close: oneshot::Sender<()>,
}

impl Source {
    pub(super) fn of(address: IpAddr, is_node: impl Fn(&IpAddr) -> bool) -> Self {
        let address = address.to_canonical();
        if is_node(&address) {
            return Self::Node(address);
        }
        Self::Other(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        })
    }

    fn is_node(&self) -> bool {
        matches!(self, Self::Node(_))
    }

    fn limits(&self) -> &'static Limits {
        if self.is_node() { &NODES } else { &OTHERS }
    }
}

impl Connections {
    pub(super) fn new(now: Instant) -> Self {
        let (of_nodes, of_others) = (Bucket::new(OF_NODES, now), Bucket::new(OF_OTHERS, now));
        let (handshakes, pending) = (BTreeMap::new(), BTreeMap::new());
        Self { next: 0, handshakes, pending, admitted: HashMap::new(), rates: HashMap::new(), of_nodes, of_others }
    }

    /// A new connection, and what resolves when it has to end. Others may have to give way: so many were evicted.
    pub(super) fn arrive(&mut self, source: Source, now: Instant) -> (u64, oneshot::Receiver<()>, u64) {
        let evicted = make_room(&mut self.handshakes, source);
        let (close, closed) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.handshakes
            .insert(number, Connection { source, since: now, waiting: 0, calls: 0, streams: 0, _close: close });
        (number, closed, evicted)
    }

    /// Whether a handshake of this source may be answered.
    pub(super) fn may_answer(&mut self, source: Source, now: Instant) -> bool {
        if self.rates.len() >= SOURCES && !self.rates.contains_key(&source) {
            self.rates.retain(|_, bucket| !bucket.is_full(now));
        }
        let rate = if source.is_node() { OF_NODE } else { OF_OTHER };
        let own = if self.rates.len() < SOURCES || self.rates.contains_key(&source) {
            self.rates.entry(source).or_insert_with(|| Bucket::new(rate, now)).take(now)
        } else {
            false
        };
        if source.is_node() { own || self.of_nodes.take(now) } else { own && self.of_others.take(now) }
    }

    /// The handshake is over. Returns how many others gave way; `None`: there is no room, or it was evicted meanwhile.
    pub(super) fn secured(&mut self, number: u64, now: Instant) -> Option<u64> {
        let mut connection = self.handshakes.remove(&number)?;
        let evicted = make_room(&mut self.pending, connection.source);
        if is_full(&self.pending, connection.source) {
            return None;
        }
        connection.since = now;
        self.pending.insert(number, connection);
        Some(evicted)
    }

    /// A call waits for admission, until [`Self::answered`].
    pub(super) fn call(&mut self, number: u64) -> Result<(), Reason> {
        if let Some(connection) = self.admitted.get_mut(&number) {
            connection.waiting += 1;
            return Ok(());
        }
        let source = self.pending.get(&number).ok_or("evicted")?.source;
        let waiting: u32 = of(&self.pending, source).map(|connection| connection.waiting).sum();
        let connection = self.pending.get_mut(&number).ok_or("evicted")?;
        connection.calls += 1;
        if connection.calls > CALLS {
            self.pending.remove(&number);
            return Err("too_many_calls");
        }
        if waiting as usize >= source.limits().calls {
            return Err("busy");
        }
        connection.waiting += 1;
        Ok(())
    }

    pub(super) fn answered(&mut self, number: u64) {
        if let Some(connection) = self.pending.get_mut(&number).or(self.admitted.get_mut(&number)) {
            connection.waiting = connection.waiting.saturating_sub(1);
        }
    }

    /// A call became a stream, which [`Self::left`] ends.
    pub(super) fn admit(&mut self, number: u64) -> Result<(), Reason> {
        if let Some(connection) = self.admitted.get_mut(&number) {
            connection.streams += 1;
            return Ok(());
        }
        let mut connection = self.pending.remove(&number).ok_or("evicted")?;
        let of_source = self.admitted.values().filter(|admitted| admitted.source == connection.source).count();
        let most = if connection.source.is_node() { ADMITTED_OF_NODE } else { ADMITTED_OF_OTHER };
        if of_source >= most || self.admitted.len() >= ADMITTED {
            return Err("too_many");
        }
        connection.streams = 1;
        self.admitted.insert(number, connection);
        Ok(())
    }

    /// Whether it has an admitted stream.
    pub(super) fn is_admitted(&self, number: u64) -> bool {
        self.admitted.contains_key(&number)
    }

    /// A stream ended. A connection without any has to get one again.
    pub(super) fn left(&mut self, number: u64, now: Instant) {
        let Some(connection) = self.admitted.get_mut(&number) else { return };
        connection.streams = connection.streams.saturating_sub(1);
        if connection.streams == 0
            && let Some(mut connection) = self.admitted.remove(&number)
        {
            (connection.since, connection.calls) = (now, 0);
            make_room(&mut self.pending, connection.source);
            if !is_full(&self.pending, connection.source) {
                self.pending.insert(number, connection);
            }
        }
    }

    /// It is over, whatever its stage.
    pub(super) fn end(&mut self, number: u64) {
        self.handshakes.remove(&number);
        self.pending.remove(&number);
        self.admitted.remove(&number);
    }

    /// Closes what has been pending for too long. Returns how many.
    pub(super) fn close_overdue(&mut self, now: Instant) -> usize {
        let before = self.pending.len();
        self.pending.retain(|_, connection| {
            let limit = if connection.waiting > 0 { UNANSWERED } else { UNADMITTED };
            now.saturating_duration_since(connection.since) < limit
        });
        before - self.pending.len()
    }

    /// Connections in each stage.
    pub(super) fn counts(&self) -> [(&'static str, usize); 3] {
        let Self { handshakes, pending, admitted, .. } = self;
        [("handshake", handshakes.len()), ("pending", pending.len()), ("admitted", admitted.len())]
    }
}

fn of(stage: &BTreeMap<u64, Connection>, source: Source) -> impl Iterator<Item = &Connection> {
    stage.values().filter(move |connection| connection.source == source)
}

fn of_kind(stage: &BTreeMap<u64, Connection>, source: Source) -> impl Iterator<Item = &Connection> {
    stage.values().filter(move |connection| connection.source.is_node() == source.is_node())
}

fn is_full(stage: &BTreeMap<u64, Connection>, source: Source) -> bool {
    let Limits { of_source, in_all, .. } = source.limits();
    of(stage, source).count() >= *of_source || of_kind(stage, source).count() >= *in_all
}

/// Ends the oldest connections of the source, then those of its kind, until one more fits. A call that waits stays.
fn make_room(stage: &mut BTreeMap<u64, Connection>, source: Source) -> u64 {
    let Limits { of_source, in_all, .. } = source.limits();
    let mut evicted = 0;
    if of(stage, source).count() >= *of_source {
        evicted += evict(stage, |connection| connection.source == source);
    }
    if of_kind(stage, source).count() >= *in_all {
        evicted += evict(stage, |connection| connection.source.is_node() == source.is_node());
    }
    evicted
}

fn evict(stage: &mut BTreeMap<u64, Connection>, which: impl Fn(&Connection) -> bool) -> u64 {
    let oldest = stage.iter().find(|(_, connection)| connection.waiting == 0 && which(connection));
    let oldest = oldest.map(|(number, _)| *number);
    // Dropping the sender closes it.
    u64::from(oldest.is_some_and(|number| stage.remove(&number).is_some()))
}
