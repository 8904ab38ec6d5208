//! Counters of the traffic programs.

use longwire_testkit::edge::{Edge, Truth};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

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

/// Each end of a connection adds what it read and wrote, when it is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub client: Truth,
    pub server: Truth,
    /// Connects that were refused, counted by the client.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: Mutex<BTreeMap<Pair, Account>>,
}

impl Ledger {
    pub(super) fn enter(&self, client: &str, server: Server, entry: impl FnOnce(&mut Account)) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        entry(accounts.entry(Pair { client: client.to_owned(), server }).or_default());
    }

    pub(super) fn accounts(&self) -> BTreeMap<Pair, Account> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
