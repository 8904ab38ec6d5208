//! The live API: an aggregated API server, to which kube-apiserver forwards requests of the group `live.telemetry.longwire.io`.
//!
//! ```text
//! ConfigMap extension-apiserver-authentication --front_proxy--> Door: who may connect, which headers name the user
//!                                                                 |
//! kube-apiserver --TLS--> listen --leader--> api --identity, authorize (SubjectAccessReview)--> probes --page--> table
//!                            |                \--> discovery, OpenAPI, health: no review
//!                            +--standby--> relay: the same bytes to the leader
//! ```
//!
//! kube-apiserver chooses any replica, and only the leader has the probes' streams. So a standby passes a connection on before
//! TLS: the leader then sees kube-apiserver's own certificate, and no replica has to believe another one's headers.
//!
//! ```text
//! watchers --Demand--> Watched --ProbeStreams (serve)--> probes --LiveBatch--> LiveReports
//!                                                                                  |
//! lists, watches <--Views: revisions by namespace-- Table: rows of both ends <--Hub: a probe's own end alone
//!               \<--Views-- Edges: rows added up <--/
//! ```
//!
//! probes (the resource) --Questions: asked when somebody reads them--> live streams --AskFacts--> probes --Facts--> their objects
//! What pods have is asked of the task that compiles it (`effective`).
//! An estimate is neither listed nor watched: it is worked out from a copy of the cluster (`estimates`), and asked of all probes at
//! once (`rounds`).
//!
//! With manifests there is no kube-apiserver: the API is served on loopback, in the clear, to everybody.

mod api;
mod authorize;
mod connections;
pub mod demand;
pub mod edges;
mod effective;
mod ended;
mod estimates;
#[cfg(test)]
mod fake;
mod front_proxy;
mod handshakes;
pub mod hub;
mod identity;
mod listen;
pub mod merge;
mod missing;
mod object;
mod page;
mod probes;
pub mod questions;
mod registration;
mod relay;
pub mod rounds;
pub mod row;
mod selector;
mod served;
pub mod streams;
mod table;
pub mod trust;
mod uid;
pub mod view;
mod watcher;
mod watches;

pub use registration::Registration;

use crate::acks::Acks;
use crate::cluster::tls::Serving;
use crate::cluster::writer::questions::Question;
use crate::counters::Counters;
use crate::index::probes::ProbePods;
use crate::index::seen::SeenPods;
use crate::publish::Published;
use crate::publish::role::Role;
use api::Api;
use authorize::Authorizer;
use connections::Connections;
use effective::Effective;
use estimates::Estimates;
use kube::Client;
use listen::{Doors, Listening};
use probes::Probes;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use streams::LiveReports;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Who is served.
#[derive(Clone)]
pub enum Access {
    /// Everybody, in the clear: on loopback.
    Open,
    /// kube-apiserver, for the users that it has authenticated.
    FrontProxy { client: Client, certificate: watch::Receiver<Option<Serving>> },
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::FrontProxy { .. } => "FrontProxy",
        })
    }
}

/// What it is served from.
#[derive(Debug)]
pub struct Context {
    pub published: watch::Receiver<Published>,
    pub acks: Arc<Acks>,
    /// `None`: pods are not known, because there is no API server.
    pub pods: Option<watch::Receiver<ProbePods>>,
    /// Names of the ends of connections.
    pub seen_pods: SeenPods,
    /// What live streams say.
    pub reports: LiveReports,
    /// Where pods' telemetry, and copies of the cluster, are asked for.
    pub to_writer: mpsc::Sender<Question>,
    pub role: watch::Receiver<Role>,
    pub counters: Arc<Counters>,
}

/// For the answers to running requests, when the operator stops.
const LAST: Duration = Duration::from_secs(1);

/// Dropped, its connections break.
#[derive(Debug)]
pub struct Live {
    ending: watch::Sender<bool>,
    listening: JoinSet<()>,
    _tasks: JoinSet<()>,
}

/// Serves until [`Live::end`]. Waits for nothing: an API server that is away now is found when it is back.
#[must_use]
pub fn start(listener: TcpListener, access: Access, context: Context) -> Live {
    let Context { published, acks, pods, seen_pods, reports, to_writer, role, counters } = context;
    let LiveReports { watched, news, questions, rounds } = reports;
    counters.live.begin();
    let mut tasks = JoinSet::new();
    let (doors, authorizer) = match access {
        Access::Open => (Doors::Open, None),
        Access::FrontProxy { client, certificate } => {
            let (door, receiver) = watch::channel(None);
            let follower = front_proxy::Follower::new(client.clone(), certificate, door, Arc::clone(&counters));
            tasks.spawn(follower.run());
            (Doors::FrontProxy(receiver), Some(Authorizer::new(client)))
        }
    };
    let connections = Arc::new(Connections::new(probes::microseconds(), watched, Arc::clone(&acks), pods.clone()));
    let joined = Arc::clone(&connections);
    tasks.spawn(connections::join(joined, news, seen_pods, role.clone(), Arc::clone(&counters)));
    let estimates = Estimates::new(to_writer.clone(), published.clone(), rounds);
    let probes = Arc::new(Probes::new((acks, questions), pods, published));
    tasks.spawn(probes::begin_with_each_term(Arc::clone(&probes), role.clone()));
    let sources = (probes, connections, Effective::new(to_writer));
    let api = Api::new(sources, authorizer, role.clone(), Arc::clone(&counters));
    let api = Arc::new(api.with_estimates(estimates));
    let (ending, ended) = watch::channel(false);
    let listening = Listening { doors, role, api, counters, ending: ended };
    let serving = listening.run(listener);
    let mut listening = JoinSet::new();
    listening.spawn(serving);
    Live { ending, listening, _tasks: tasks }
}

impl Live {
    /// Whoever sends true here ends all connections, each as soon as its running requests are answered.
    #[must_use]
    pub fn ending(&self) -> watch::Sender<bool> {
        self.ending.clone()
    }

    /// Ends all connections, and waits a moment for them.
    pub async fn end(mut self) {
        self.ending.send_replace(true);
        // What has not ended by then breaks.
        let _ = timeout(LAST, self.listening.join_next()).await;
    }
}
