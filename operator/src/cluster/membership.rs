//! All tasks of an operator that write to the API server, started together.

use super::events;
use crate::acks::Acks;
use crate::cluster::lease::{Elector, Identity};
use crate::cluster::owner_reference::OwnerReferences;
use crate::index::probes::ProbePods;
use crate::index::warning::Warning;
use crate::publish::Published;
use crate::publish::role::Role;
use crate::source::Sink;
use crate::source::api_server;
use crate::status::report;
use crate::status::{self, Reports};
use kube::Client;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

/// Warnings that may wait for the API server; senders count what they drop.
const MAX_WARNINGS: usize = 256;

/// Where its objects go, and what becomes of them.
pub(crate) struct Ends {
    pub(crate) sink: Sink,
    pub(crate) published: watch::Receiver<Published>,
    pub(crate) acks: Arc<Acks>,
}

/// Dropped, its tasks end, and the Lease is held until it expires.
#[derive(Debug)]
pub(crate) struct Membership {
    pub role: watch::Receiver<Role>,
    pub warnings: mpsc::Sender<Warning>,
    stop: oneshot::Sender<()>,
    elector: JoinHandle<()>,
    _tasks: JoinSet<()>,
}

impl Membership {
    /// Waits for nothing: an API server that is away now is found when it is back.
    #[must_use]
    pub(crate) fn start(
        client: &Client,
        namespace: &str,
        me: &Identity,
        owner: OwnerReferences,
        ends: Ends,
        probes: watch::Receiver<ProbePods>,
    ) -> Self {
        let Ends { sink, published, acks } = ends;
        let (elector, role) = Elector::new(client.clone(), namespace, me, owner);
        let (stop, stopped) = oneshot::channel();
        let reports = Reports::default();
        let (warnings, received) = mpsc::channel(MAX_WARNINGS);
        let mut tasks = JoinSet::new();
        tasks.spawn(api_server::follow(client.clone(), sink));
        tasks.spawn(report::report(published.clone(), Arc::clone(&acks), probes, role.clone(), reports.clone()));
        tasks.spawn(status::write(client.clone(), reports, role.clone(), warnings.clone()));
        tasks.spawn(events::send(client.clone(), me.pod.clone(), received, role.clone()));
        tasks.spawn(events::send_node_events(client.clone(), me.pod.clone(), acks, role.clone()));
        let elector = tokio::spawn(stand(elector, published, stopped));
        Self { role, warnings, stop, elector, _tasks: tasks }
    }

    /// Releases the Lease, so that another replica takes it at once; then the tasks end.
    pub(crate) async fn leave(self) {
        let Self { stop, elector, .. } = self;
        // Errors mean that the elector has ended by itself, and then there is nothing to release.
        let _ = stop.send(());
        let _ = elector.await;
    }
}

/// A replica that has not read the cluster yet is no candidate.
async fn stand(elector: Elector, mut published: watch::Receiver<Published>, mut stopped: oneshot::Receiver<()>) {
    let synced = tokio::select! {
        synced = published.wait_for(|published| published.synced) => synced.is_ok(),
        _ = &mut stopped => false,
    };
    if synced {
        elector.run(async { drop(stopped.await) }).await;
    }
}
