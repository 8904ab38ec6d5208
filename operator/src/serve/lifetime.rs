//! How long a stream may live: this replica's role, the token's expiry, the pod's life, its slot.

use super::slots::StreamSlot;
use crate::cluster::auth::{Gate, Grant, Refusal};
use crate::index::probes::ProbePods;
use crate::publish::role::Role;
use longwire_wire::LEADER_HEADERS;
use longwire_wire::message::Token;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::sleep_until;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// Between two looks at a newer token that cannot be verified.
const AGAIN: Duration = Duration::from_secs(2);

/// The identity that a stream was admitted with.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) gate: Arc<Gate>,
    pub(super) grant: Grant,
    pods: watch::Receiver<ProbePods>,
}

#[derive(Debug)]
pub(super) struct StreamLifetime {
    role: watch::Receiver<Role>,
    /// `None`: no authentication, on loopback.
    admission: Option<Admission>,
    slot: StreamSlot,
    /// A newer token that could not be verified yet, and when it is looked at again.
    waiting: Option<(Token, Instant)>,
}

impl Admission {
    pub(super) fn new(gate: Arc<Gate>, grant: Grant) -> Self {
        Self { pods: gate.pods(), gate, grant }
    }

    /// Resolves to the reason why it holds no longer.
    async fn over(&mut self) -> Refusal {
        let Self { gate: _, grant, pods } = self;
        tokio::select! {
            () = gone(pods, grant) => Refusal::PodGone(grant.pod.clone()),
            () = sleep_until(grant.until.into()) => Refusal::Expired,
        }
    }
}

impl StreamLifetime {
    pub(super) fn new(role: watch::Receiver<Role>, admission: Option<Admission>, slot: StreamSlot) -> Self {
        Self { role, admission, slot, waiting: None }
    }

    /// Resolves to the stream's final status when it may not continue. Cancellation-safe.
    pub(super) async fn over(&mut self) -> Status {
        loop {
            let Self { role, admission, slot, waiting } = self;
            tokio::select! {
                status = standby(role) => return status,
                refusal = over(admission) => return refusal.into(),
                _ = &mut slot.lost => {
                    return Status::aborted("a newer stream of this node has taken this one's place");
                }
                () = due(waiting.as_ref()) => {}
            }
            // The token is kept until there is an outcome, because this future may be dropped meanwhile.
            if let Some((token, _)) = self.waiting.clone()
                && let Err(status) = self.renew(token).await
            {
                return status;
            }
        }
    }

    /// A token that cannot be verified now does no harm: the former one counts until it expires. The probe does not send the
    /// newer one again, so verification is retried here.
    pub(super) async fn renew(&mut self, token: Token) -> Result<(), Status> {
        let Some(Admission { gate, grant, .. }) = &mut self.admission else { return Ok(()) };
        let renewed = gate.renew(grant, &token.0).await.map_err(Status::from);
        match renewed {
            Ok(renewed) => (*grant, self.waiting) = (renewed, None),
            Err(status) if status.code() == Code::Unavailable => {
                tracing::debug!(node = &*grant.node, text = status.message(), "a new token is not yet verified");
                self.waiting = Some((token, Instant::now() + AGAIN));
            }
            Err(status) => return Err(status),
        }
        Ok(())
    }
}

async fn due(waiting: Option<&(Token, Instant)>) {
    match waiting {
        Some((_, at)) => sleep_until((*at).into()).await,
        None => pending().await,
    }
}

async fn over(admission: &mut Option<Admission>) -> Refusal {
    match admission {
        Some(admission) => {
            let refusal = admission.over().await;
            admission.gate.refused(&refusal);
            refusal
        }
        None => pending().await,
    }
}

/// When the sender is closed the operator is stopping, and ends the stream by itself.
async fn gone(pods: &mut watch::Receiver<ProbePods>, grant: &Grant) {
    if pods.wait_for(|pods| pods.nodes.get(&grant.pod) != Some(&grant.node)).await.is_err() {
        pending::<()>().await;
    }
}

/// When the elector has ended the role no longer changes.
pub(super) async fn standby(role: &mut watch::Receiver<Role>) -> Status {
    let now = role.wait_for(|role| matches!(role, Role::Standby { .. })).await.ok().map(|role| *role);
    match now {
        Some(Role::Standby { leader }) => elsewhere(leader),
        _ => pending().await,
    }
}

/// Refuses the stream and names the leader.
pub(super) fn elsewhere(leader: Option<SocketAddr>) -> Status {
    let Some(leader) = leader else {
        return Status::unavailable("this operator is a standby, and there is no leader now: try again");
    };
    let mut status = Status::unavailable(format!("this operator is a standby: connect to the leader at {leader}"));
    if let Ok(value) = MetadataValue::try_from(leader.to_string()) {
        for name in LEADER_HEADERS {
            status.metadata_mut().insert(name, value.clone());
        }
    }
    status
}
