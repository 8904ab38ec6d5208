//! Counters of the traffic programs.

use longwire_testkit::{Edge, Truth};
use std::collections::BTreeMap;
use std::fmt;

/// A client and its server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub client: String,
    pub server: Server,
}

/// A workload; or a Service if the pod is unknown, because conntrack forgets a refused connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    Workload(String),
    Service(String),
}

impl Pair {
    pub(super) fn edge(&self) -> Edge {
        match &self.server {
            Server::Workload(workload) => Edge::between(&self.client, workload),
            Server::Service(service) => Edge::to_service(&self.client, service),
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.server {
            Server::Workload(workload) => format!("{} > {workload}", self.client),
            Server::Service(service) => format!("{} > {service}:?", self.client),
        };
        f.pad(&name)
    }
}

/// Who counted: each end of a connection adds what it read and wrote, when it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    pub pair: Pair,
    pub is_client: bool,
}

pub(super) type Ledger = longwire_testkit::Ledger<Counter>;

/// What both ends of a pair have counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub client: Truth,
    pub server: Truth,
    /// Connects that were refused, counted by the client.
    pub refused: u64,
}

pub(super) fn accounts(ledger: &Ledger) -> BTreeMap<Pair, Account> {
    let mut accounts = BTreeMap::<Pair, Account>::new();
    for book in ledger.books() {
        let (total, Counter { pair, is_client }) = (book.total(), book.edge);
        let account = accounts.entry(pair).or_default();
        account.refused += total.failed;
        *(if is_client { &mut account.client } else { &mut account.server }) = total.truth;
    }
    accounts
}
