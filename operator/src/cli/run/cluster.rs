//! What an operator on a cluster has besides one that reads manifests: other replicas, and untrusted clients.

use super::RunError;
use crate::cli::options::Options;
use crate::cluster::guard::{self, Guard};
use crate::cluster::membership::{Ends, Membership};
use crate::cluster::owner_reference::OwnerReferences;
use crate::counters::Counters;
use crate::index::probes::Probes;
use crate::live::Registration;
use kube::Client;
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) membership: Membership,
    pub(super) guard: Guard,
    pub(super) registration: Registration,
}

impl Cluster {
    /// Waits for nothing. The writer has to consume what comes back.
    pub(super) fn start(
        client: &Client,
        options: &Options,
        address: SocketAddr,
        ends: Ends,
        counters: Arc<Counters>,
    ) -> Result<(Self, Probes), RunError> {
        let guarded = options.security.guard()?;
        let account = guarded.account.clone();
        let me = options.replica.identity(address);
        let namespace = account.namespace.clone();
        let (probes, pods) = Probes::new(account);
        let guard = guard::start(client, guarded, pods.clone(), counters)?;
        let owner = OwnerReferences::new(client.clone(), &namespace, options.security.deployment.as_deref());
        let membership = Membership::start(client, &namespace, &me, owner, ends, pods);
        let registration = Registration::new(client.clone(), namespace, options.security.deployment.clone());
        Ok((Self { membership, guard, registration }, probes))
    }
}
