//! Limits of label sets: lines of a scrape, label sets of long connections, bytes. A node has a budget of each, a namespace a share
//! of the node's, and a namespace with one other namespace a share of that.
//!
//! A label set is charged for the lines that a scrape contains: for its counters when a connection acquires them, for reasons
//! and histograms when they appear (`settle.rs`). Its bytes are charged from the moment that it is in memory, lines or not.

use super::kinds::Kinds;
use super::pressure::Pressure;
use crate::labels::{UNKNOWN, or_unknown};
use crate::observation::{EdgeRef, Reporter};
use crate::record::FailReason;
use hashbrown::HashMap;
use longwire_model::identity::Workload;
use longwire_model::series::{DIRECTIONS, Kind, Metric, Metrics};
use longwire_model::telemetry::NodeSettings;
use std::ops::{AddAssign, SubAssign};
use std::sync::Arc;

/// How much of a scrape connections may cause, and of the probe's memory.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Lines of the sets of edges, workloads and clusters, those of their overflow sets among them.
    pub series: usize,
    /// Label sets of long connections, a budget of their own, the two overflow sets among them.
    pub connections: usize,
    /// A namespace has one part in so many of the node's.
    pub namespaces: usize,
    /// What a namespace does with one other namespace has one part in so many of its own.
    pub peers: usize,
}

impl Budget {
    /// A third of the node for a namespace. Half of that for its connections with one other namespace, so that a namespace that connects
    /// to everything here leaves it the rest.
    #[must_use]
    pub fn shared(series: usize, connections: usize) -> Self {
        Self { series, connections, namespaces: 3, peers: 2 }
    }

    /// No shares: the first namespace may take everything.
    #[must_use]
    pub fn undivided(series: usize, connections: usize) -> Self {
        Self { series, connections, namespaces: 1, peers: 1 }
    }
}

/// Bytes that a line and a long connection may take on average. A label set of Istio's four lines takes about 1.9 kB with all that
/// belongs to it, and one of a long connection 1.8 kB (`tests/memory.rs` measures both).
const LINE_BYTES: usize = 512;
const CONNECTION_BYTES: usize = 2_048;
/// However few these are.
const LEAST_BYTES: usize = 256 << 10;

/// What a budget counts of a kind of label sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Lines,
    /// Label sets: those of long connections have a budget of their own.
    Sets,
}

/// A limited resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Lines of a scrape, without those of long connections.
    Series,
    /// Label sets of long connections.
    LongConnections,
    /// Memory of label sets.
    Bytes,
}

/// So much of each resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) lines: usize,
    pub(super) connections: usize,
    pub(super) bytes: usize,
}

/// The namespaces whose shares a label set is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payer<'a> {
    /// Of the pod that reports: its connections and its configuration make the label set.
    pub(super) namespace: &'a str,
    /// Of the pod at the other end, where it is another one, because that pod may cause many label sets too. Unknown clients are one
    /// namespace.
    pub(super) peer: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Node,
    Namespace,
    Peer,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) level: Level,
    pub(super) resource: Resource,
    pub(super) limit: usize,
}

#[derive(Debug)]
pub(super) struct Accounts {
    /// From the probe's options, without the operator's settings.
    started: Budget,
    node_limit: Amount,
    namespace_limit: Amount,
    peer_limit: Amount,
    node: Amount,
    /// Where nothing is charged, the namespace is not there.
    namespaces: HashMap<Box<str>, Account>,
    pub(super) pressure: Pressure,
}

#[derive(Debug, Default)]
struct Account {
    used: Amount,
    /// Of that, by the namespace of the other end.
    peers: HashMap<Box<str>, Amount>,
}

impl<'a> Payer<'a> {
    pub(super) fn of(edge: impl Into<EdgeRef<'a>>) -> Self {
        let edge = edge.into();
        let (own, other) = match edge.reporter {
            Reporter::Source => (edge.source, edge.destination),
            Reporter::Destination => (edge.destination, edge.source),
        };
        let namespace = own.map_or(UNKNOWN, namespace_of);
        let peer = match (other, edge.reporter) {
            (Some(other), _) => Some(namespace_of(other)),
            // The client has chosen the addresses outside.
            (None, Reporter::Source) => None,
            (None, Reporter::Destination) => Some(UNKNOWN),
        };
        Self { namespace, peer: peer.filter(|peer| *peer != namespace) }
    }
}

fn namespace_of(workload: &Arc<Workload>) -> &str {
    or_unknown(&workload.namespace)
}

impl Accounts {
    /// The node's overflow sets are charged at once, so that they always fit.
    pub(super) fn new(started: Budget) -> Self {
        let mut accounts = Self {
            started,
            node_limit: Amount::default(),
            namespace_limit: Amount::default(),
            peer_limit: Amount::default(),
            node: Kinds::reserve(),
            namespaces: HashMap::new(),
            pressure: Pressure::default(),
        };
        accounts.configure(&NodeSettings::default());
        accounts
    }

    /// When less is allowed, label sets that there are stay, and no new ones are added.
    pub(super) fn configure(&mut self, settings: &NodeSettings) {
        let NodeSettings {
            reporting_interval: _,
            series,
            long_connections,
            series_per_namespace,
            access_log_rate: _,
            exporters: _,
        } = *settings;
        let Budget { series: lines, connections, namespaces, peers } = self.started;
        let lines = series.map_or(lines, |series| series as usize);
        let connections = long_connections.map_or(connections, |connections| connections as usize);
        self.node_limit = limit(lines, connections);
        let share = match series_per_namespace {
            // The same part of the long connections.
            Some(limit) => (limit as usize, part(connections, limit as usize, lines)),
            None => (lines / namespaces, connections / namespaces),
        };
        self.namespace_limit = limit(share.0, share.1);
        self.peer_limit = limit(share.0 / peers, share.1 / peers);
    }

    /// `None`: charged to the node only.
    pub(super) fn charge(&mut self, payer: Option<Payer<'_>>, cost: Amount) -> Result<(), Full> {
        check(Level::Node, self.node, cost, self.node_limit)?;
        if let Some(Payer { namespace, peer }) = payer {
            let account = self.namespaces.get(namespace);
            let used = account.map_or_else(Amount::default, |account| account.used);
            check(Level::Namespace, used, cost, self.namespace_limit)?;
            if let Some(peer) = peer {
                let used = account.and_then(|account| account.peers.get(peer)).copied().unwrap_or_default();
                check(Level::Peer, used, cost, self.peer_limit)?;
            }
        }
        self.charge_existing(payer, cost);
        Ok(())
    }

    /// Whether it could be charged.
    pub(super) fn has_room(&self, payer: Payer<'_>, cost: Amount) -> bool {
        let account = self.namespaces.get(payer.namespace);
        let used = account.map_or_else(Amount::default, |account| account.used);
        let of_peer = payer.peer.and_then(|peer| account?.peers.get(peer)).copied().unwrap_or_default();
        check(Level::Node, self.node, cost, self.node_limit).is_ok()
            && check(Level::Namespace, used, cost, self.namespace_limit).is_ok()
            && (payer.peer.is_none() || check(Level::Peer, of_peer, cost, self.peer_limit).is_ok())
    }

    /// Label sets of long connections that could still come, of so many bytes each.
    pub(super) fn long_room(&self, bytes: usize) -> usize {
        let left = self.node_limit.connections.saturating_sub(self.node.connections);
        left.min(self.node_limit.bytes.saturating_sub(self.node.bytes) / bytes)
    }

    /// Charges a label set that exists already, whether there is room or not.
    pub(super) fn charge_existing(&mut self, payer: Option<Payer<'_>>, cost: Amount) {
        self.node += cost;
        if let Some(Payer { namespace, peer }) = payer {
            let account = self.namespaces.entry_ref(namespace).or_default();
            account.used += cost;
            if let Some(peer) = peer {
                *account.peers.entry_ref(peer).or_default() += cost;
            }
        }
    }

    pub(super) fn release(&mut self, payer: Option<Payer<'_>>, cost: Amount) {
        self.node -= cost;
        let Some(Payer { namespace, peer }) = payer else { return };
        let Some(account) = self.namespaces.get_mut(namespace) else { return };
        account.used -= cost;
        if let Some(peer) = peer
            && let Some(used) = account.peers.get_mut(peer)
        {
            *used -= cost;
            if *used == Amount::default() {
                account.peers.remove(peer);
            }
        }
        if account.used == Amount::default() {
            self.namespaces.remove(namespace);
        }
    }

    pub(super) fn used(&self) -> Amount {
        self.node
    }

    pub(super) fn limit(&self) -> Amount {
        self.node_limit
    }
}

fn limit(lines: usize, connections: usize) -> Amount {
    let bytes = lines.saturating_mul(LINE_BYTES).saturating_add(connections.saturating_mul(CONNECTION_BYTES));
    Amount { lines, connections, bytes: bytes.saturating_add(LEAST_BYTES) }
}

/// `of` times `some / all`, and not more than `of`.
fn part(of: usize, some: usize, all: usize) -> usize {
    if some >= all { of } else { of.saturating_mul(some) / all }
}

/// A cost of 0 fits, however full the resource is.
fn check(level: Level, used: Amount, cost: Amount, limit: Amount) -> Result<(), Full> {
    for (resource, used, cost, limit) in [
        (Resource::Series, used.lines, cost.lines, limit.lines),
        (Resource::LongConnections, used.connections, cost.connections, limit.connections),
        (Resource::Bytes, used.bytes, cost.bytes, limit.bytes),
    ] {
        if cost != 0 && used + cost > limit {
            return Err(Full { level, resource, limit });
        }
    }
    Ok(())
}

impl AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.connections += more.connections;
        self.bytes += more.bytes;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, less: Self) {
        self.lines -= less.lines;
        self.connections -= less.connections;
        self.bytes -= less.bytes;
    }
}

/// The most lines that these can come to in one label set.
pub(super) fn lines_of(metrics: Metrics) -> usize {
    let lines = |metric: Metric| match (metric, metric.family().kind) {
        (Metric::LongwireFailed, _) => FailReason::ALL.len(),
        (Metric::LocalityBytes, _) => DIRECTIONS.len(),
        (_, Kind::Counter | Kind::Gauge) => 1,
        // The buckets, that of +Inf, sum and count.
        (_, Kind::Histogram(bounds)) => bounds.len() + 3,
    };
    metrics.iter().map(lines).sum()
}

/// Lines that appear with the first delta. A handle of reasons only has one reason to record.
pub(super) fn lines_at_once(metrics: Metrics) -> usize {
    if metrics == Metrics::NONE.with(Metric::LongwireFailed) {
        return 1;
    }
    let comes_later =
        |metric: &Metric| *metric == Metric::LongwireFailed || matches!(metric.family().kind, Kind::Histogram(_));
    lines_of(metrics.iter().filter(|metric| !comes_later(metric)).collect())
}
