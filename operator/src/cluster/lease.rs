//! Which of the replicas serves: the one that holds the Lease `longwire-operator` in the operator's namespace.
//!
//! ```text
//! Lease --observe--> Election (pure) --step--> create or replace, by resourceVersion --> Lease
//!                       |
//!                       +--> watch<Role>
//! ```
//!
//! A leader that cannot reach the API server keeps serving until it sees another one: it cannot know whether only itself is
//! cut off, and two replicas that serve for a while do no harm.

use crate::cluster::owner_reference::OwnerReferences;
use crate::publish::role::Role;
use crate::source::api_server::client::chain;
use election::{Election, Step};
use k8s_openapi::api::coordination::v1 as k8s;
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};
use longwire_crds::names::OPERATOR;
use record::Record;
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

mod election;
mod identity;
mod record;
#[cfg(test)]
mod tests;

pub(crate) use identity::Identity;

/// A leader that has been silent for this long counts as dead.
const DURATION: Duration = Duration::from_secs(6);
/// Between two renewals.
const RENEW: Duration = Duration::from_secs(2);
/// Between two reads by a standby: with [`DURATION`] the longest time without a leader after a kill, 7 s.
const POLL: Duration = Duration::from_secs(1);
/// Time for a leader to renew after an API server that was away for all is back: it tries every second meanwhile.
const GRACE: Duration = Duration::from_secs(4);
/// Rounds that fail before it is logged: a restart of the API server is not worth a line.
const FAILURES_BEFORE_LOG: u32 = 3;
/// For one request: two of them fit between renewal and expiry.
const TIMEOUT: Duration = Duration::from_millis(1500);

#[derive(Debug)]
pub(crate) struct Elector {
    leases: Api<k8s::Lease>,
    owner: OwnerReferences,
    election: Election,
    role: watch::Sender<Role>,
    started: Instant,
    /// Rounds that did not work, one after the other.
    failed: u32,
}

#[derive(Debug, thiserror::Error)]
enum LeaseFailure {
    #[error("{}", chain(.0))]
    Refused(#[from] kube::Error),
    #[error("the API server did not answer within {TIMEOUT:?}")]
    Silent,
}

impl Elector {
    /// The receiver has standby until the Lease was read.
    #[must_use]
    pub(crate) fn new(
        client: Client,
        namespace: &str,
        me: &Identity,
        owner: OwnerReferences,
    ) -> (Self, watch::Receiver<Role>) {
        let (role, receiver) = watch::channel(Role::Standby { leader: None });
        let leases = Api::namespaced(client, namespace);
        let election = Election::new(me.to_string(), DURATION);
        (Self { leases, owner, election, role, started: Instant::now(), failed: 0 }, receiver)
    }

    /// Runs until `stop` resolves; then releases the Lease, so that another replica takes it at once.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            // A request that is in flight is not cut off: what it did would not be known.
            let round = self.round().await;
            self.report(round);
            let renew = if self.failed > 0 { POLL } else { RENEW };
            let wait = self.election.wait(self.started.elapsed(), renew, POLL);
            tokio::select! {
                () = &mut stop => break,
                () = sleep(wait) => {}
            }
        }
        if let Some(record) = self.election.release(Timestamp::now()) {
            match self.write(record).await {
                Ok(_) => tracing::info!("Lease {OPERATOR} released"),
                Err(LeaseFailure::Refused(kube::Error::Api(status))) if status.is_conflict() => {
                    tracing::info!("Lease {OPERATOR} has been taken by another replica");
                }
                Err(error) => {
                    tracing::warn!("cannot release the Lease {OPERATOR}: {error}; it expires in {DURATION:?}");
                }
            }
        }
    }

    async fn round(&mut self) -> Result<(), LeaseFailure> {
        let lease = patient(self.leases.get_opt(OPERATOR)).await?;
        self.observe(lease.as_ref());
        let step = self.election.step(self.started.elapsed(), Timestamp::now());
        let (Step::Create(record) | Step::Replace(record)) = step else { return Ok(()) };
        match self.write(record).await {
            Ok(lease) => self.observe(Some(&lease)),
            // Another replica was quicker: the next read shows which.
            Err(LeaseFailure::Refused(kube::Error::Api(status)))
                if status.is_conflict() || status.is_already_exists() =>
            {
                tracing::debug!("another replica took the Lease {OPERATOR} first");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Creates it, if the record has no version to replace.
    async fn write(&self, record: Record) -> Result<k8s::Lease, LeaseFailure> {
        let mut lease = record.into_lease(OPERATOR);
        lease.metadata.owner_references = patient(self.owner.references()).await?;
        let parameters = PostParams::default();
        match lease.metadata.resource_version {
            None => patient(self.leases.create(&parameters, &lease)).await,
            Some(_) => patient(self.leases.replace(OPERATOR, &parameters, &lease)).await,
        }
    }

    fn observe(&mut self, lease: Option<&k8s::Lease>) {
        self.election.observe(lease.map(Record::from), self.started.elapsed());
        let role = self.election.role();
        let turned = self.role.send_if_modified(|known| std::mem::replace(known, role) != role);
        match role {
            _ if !turned => {}
            Role::Leader => tracing::info!("leader: holds the Lease {OPERATOR} and serves probes"),
            Role::Standby { leader: Some(leader) } => {
                tracing::info!("standby: {leader} holds the Lease {OPERATOR}, and probes are redirected to it");
            }
            Role::Standby { leader: None } => tracing::debug!("standby: no replica holds the Lease {OPERATOR}"),
        }
    }

    fn report(&mut self, round: Result<(), LeaseFailure>) {
        match round {
            Ok(()) => {
                if std::mem::take(&mut self.failed) >= FAILURES_BEFORE_LOG {
                    tracing::info!("the API server answers about the Lease {OPERATOR} again");
                }
                return;
            }
            Err(error) => {
                self.failed = self.failed.saturating_add(1);
                if self.failed == FAILURES_BEFORE_LOG {
                    tracing::warn!(
                        "cannot reach the API server about the Lease {OPERATOR}: {error}; retrying every {POLL:?}, and what is \
                         served stays as it is"
                    );
                } else {
                    tracing::debug!("Lease {OPERATOR}: {error}");
                }
            }
        }
        self.election.blind(self.started.elapsed(), GRACE);
    }
}

async fn patient<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, LeaseFailure> {
    timeout(TIMEOUT, request).await.map_err(|_| LeaseFailure::Silent)?.map_err(LeaseFailure::from)
}
