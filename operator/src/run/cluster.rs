//! What an operator on a cluster has besides one that reads manifests: other replicas, and strangers.

use super::Failure;
use crate::auth::Probes;
use crate::belonging::Belonging;
use crate::figures::Figures;
use crate::kubernetes::Membership;
use crate::options::Options;
use crate::publish::Published;
use crate::security::{self, Guard};
use crate::source::Feed;
use kube::Client;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) membership: Membership,
    pub(super) guard: Guard,
}

/// Where an operator's objects go, and what becomes of them.
pub(super) struct Ends {
    pub(super) feed: Feed,
    pub(super) published: watch::Receiver<Published>,
    pub(super) figures: Arc<Figures>,
}

impl Cluster {
    /// Waits for nothing. The writer has to feed what comes back.
    pub(super) fn start(
        client: &Client,
        options: &Options,
        address: SocketAddr,
        ends: Ends,
    ) -> Result<(Self, Probes), Failure> {
        let Ends { feed, published, figures } = ends;
        let account = options.security.account()?;
        let me = options.replica.identity(address);
        let namespace = account.namespace.clone();
        let (probes, pods) = Probes::new(account);
        let guard = security::start(client, &options.security, pods.clone(), figures)?;
        let belonging = Belonging::new(client.clone(), &namespace, options.security.deployment.as_deref());
        let membership = Membership::start(client, &namespace, &me, belonging, feed, published, pods);
        Ok((Self { membership, guard }, probes))
    }
}
