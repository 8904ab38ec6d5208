//! The live API: for the API server on a cluster, and for this machine with manifests.

use crate::cluster::tls::Serving;
use crate::live::{self, Access, Context, Live, Registration};
use crate::publish::role::Role;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

#[derive(Debug)]
pub(super) struct LiveApi {
    live: Live,
    /// `None`: there is no API server that knows of it.
    registration: Option<Registration>,
    role: watch::Receiver<Role>,
    _following: JoinSet<()>,
}

/// What is done before the operator stops.
#[derive(Debug)]
pub(super) struct Leaving {
    ending: watch::Sender<bool>,
    registration: Option<Registration>,
    role: watch::Receiver<Role>,
}

impl LiveApi {
    /// `cluster`: there is an API server, and this is what it is served with.
    pub(super) fn start(
        listener: TcpListener,
        cluster: Option<(Registration, watch::Receiver<Option<Serving>>)>,
        context: Context,
    ) -> Self {
        let role = context.role.clone();
        let mut following = JoinSet::new();
        let (access, registration) = match cluster {
            None => (Access::Open, None),
            Some((registration, certificate)) => {
                following.spawn(registration.clone().follow());
                (Access::FrontProxy { client: registration.client(), certificate }, Some(registration))
            }
        };
        Self { live: live::start(listener, access, context), registration, role, _following: following }
    }

    pub(super) fn leaving(&self) -> Leaving {
        let Self { live, registration, role, _following } = self;
        Leaving { ending: live.ending(), registration: registration.clone(), role: role.clone() }
    }

    /// Waits a moment for answers.
    pub(super) async fn end(self) {
        self.live.end().await;
    }
}

impl Leaving {
    /// While this replica still leads: the leader alone does it.
    pub(super) async fn withdraw(&self) {
        if let Some(registration) = &self.registration {
            registration.leave(&self.role).await;
        }
    }

    /// Connections end, so that their clients find another replica.
    pub(super) fn end(&self) {
        self.ending.send_replace(true);
    }
}
