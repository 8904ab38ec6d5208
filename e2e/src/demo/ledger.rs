//! What the traffic programs counted themselves.

use crate::edge::Truth;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Two workloads: who dials and who answers.
pub(super) type Pair = (String, String);

/// Each end of a connection writes down what it read and wrote, once it is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub client: Truth,
    pub server: Truth,
    /// Connects that were refused, by the client's account.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: Mutex<BTreeMap<Pair, Account>>,
}

impl Ledger {
    pub(super) fn enter(&self, client: &str, server: &str, entry: impl FnOnce(&mut Account)) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        entry(accounts.entry((client.to_owned(), server.to_owned())).or_default());
    }

    pub(super) fn accounts(&self) -> BTreeMap<Pair, Account> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
