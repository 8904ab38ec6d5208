//! Starts the parts in the order in which they need each other.

use crate::acks::Acks;
use crate::cli::options::{InvalidListen, InvalidSecurity, Options};
use crate::cluster::guard::{Guard, InsecureStart};
use crate::cluster::membership::Ends;
use crate::cluster::writer::Writer;
use crate::cluster::writer::questions::Question;
use crate::counters::Counters;
use crate::index::seen::{Seen, SeenPods};
use crate::live;
use crate::live::streams;
use crate::policy::compile::Compiler;
use crate::policy::defaults::{self, InvalidDefaults};
use crate::publish::role::Role;
use crate::publish::{Published, Publisher};
use crate::serve::health::{self, Endpoints};
use crate::serve::webhook;
use crate::serve::{self, Context};
use crate::source::api_server::client::{self, NoApiServer};
use crate::source::event::AddressObservations;
use crate::source::manifests::{self, InvalidDirectory, Manifests};
use crate::source::{Reread, Sink};
use cluster::Cluster;
use kube::Client;
use live_api::LiveApi;
use longwire_endpoint::descriptors;
use longwire_model::identity::UnixNanos;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

mod cluster;
mod live_api;

/// Batches of events that may wait for the writer; an API server ends a watch that is not read.
const WAITING: usize = 16;
/// How long a probe that does not read may delay the end.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("cannot listen on {address}: {reason}; is another operator running? choose another address with {flag}")]
    Listen {
        address: SocketAddr,
        flag: &'static str,
        #[source]
        reason: io::Error,
    },
    #[error(transparent)]
    Address(#[from] InvalidListen),
    #[error(transparent)]
    Security(#[from] InvalidSecurity),
    #[error(transparent)]
    Insecure(#[from] InsecureStart),
    #[error(transparent)]
    ApiServer(#[from] NoApiServer),
    #[error(transparent)]
    Manifests(#[from] InvalidDirectory),
    #[error(transparent)]
    Defaults(#[from] InvalidDefaults),
    #[error("cannot start the thread that watches the manifests: {0}")]
    Watch(#[source] io::Error),
    #[error("cannot start the thread of the health endpoint: {0}")]
    Health(#[source] io::Error),
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
    #[error("serving failed: {0}")]
    Serve(#[from] tonic::transport::Error),
}

/// An operator that listens and works, but does not answer yet.
#[derive(Debug)]
pub struct Operator {
    listener: TcpListener,
    address: SocketAddr,
    published: watch::Receiver<Published>,
    acks: Arc<Acks>,
    writer: JoinHandle<()>,
    observations: mpsc::Sender<AddressObservations>,
    questions: mpsc::Sender<Question>,
    counters: Arc<Counters>,
    /// Where /metrics is served.
    metrics: Option<TcpListener>,
    health: Option<TcpListener>,
    /// The address of the validating webhook, and which namespace counts for the whole cluster.
    webhook: Option<(TcpListener, String)>,
    live: Option<TcpListener>,
    seen_pods: SeenPods,
    /// `None`: it reads manifests, alone and in the clear.
    cluster: Option<Cluster>,
}

/// Where objects come from.
enum Source {
    Manifests(Manifests),
    ApiServer(Client),
}

/// The whole program: until SIGTERM or SIGINT.
pub async fn run(options: &Options) -> Result<(), RunError> {
    descriptors::raise_limit();
    let stop = stop_signal().map_err(RunError::Signals)?;
    let operator = Operator::start(options).await?;
    match &options.manifests {
        Some(manifests) => tracing::info!(listen = %operator.address(), manifests = %manifests.display(), "serving"),
        None => tracing::info!(listen = %operator.address(), "serving the objects of the API server"),
    }
    operator.serve(stop).await?;
    tracing::info!("stopped");
    Ok(())
}

impl Operator {
    pub async fn start(options: &Options) -> Result<Self, RunError> {
        options.check_readers()?;
        let mut compiler = Compiler::new(options.settings());
        if let Some(file) = &options.defaults {
            compiler = compiler.with_defaults(defaults::read(file, &options.root_namespace)?);
        }
        let counters = Arc::<Counters>::default();
        let source = Source::open(options, &counters).await?;
        let (listener, address) = listen(options.listen()?, "--listen").await?;
        let metrics = listen_if(options.metrics_listen(), "--metrics-listen").await?;
        let health = listen_if(options.health_listen(), "--health-listen").await?;
        let webhook = listen_if(options.security.webhook_listen, "--webhook-listen").await?;
        let webhook = webhook.map(|listener| (listener, options.root_namespace.clone()));
        let live = listen_if(options.live_listen()?, "--live-listen").await?;
        let (publisher, published) = Publisher::new();
        let acks = Arc::<Acks>::default();
        let (batches, events) = mpsc::channel(WAITING);
        let reread = Reread::default();
        let sink = Sink { batches, reread: reread.clone(), counters: Arc::clone(&counters) };
        let (cluster, probes) = match source {
            Source::Manifests(manifests) => {
                manifests::follow(manifests, sink).map_err(RunError::Watch)?;
                (None, None)
            }
            Source::ApiServer(client) => {
                let ends = Ends { sink, published: published.clone(), acks: Arc::clone(&acks) };
                let (cluster, probes) = Cluster::start(&client, options, address, ends, Arc::clone(&counters))?;
                (Some(cluster), Some(probes))
            }
        };
        let seen = live.is_some().then(Seen::default);
        let seen_pods = seen.as_ref().map(Seen::pods).unwrap_or_default();
        let writer = Writer::new(compiler, publisher, probes, Arc::clone(&counters)).with_seen_pods(seen);
        let mut writer = writer.with_reread(reread).with_acks(Arc::clone(&acks));
        if let Some(cluster) = &cluster {
            writer = writer.with_warnings(cluster.membership.warnings.clone());
        }
        let (observations, questions) = (writer.observations(), writer.questions());
        let writer = tokio::spawn(writer.run(events, now));
        Ok(Self {
            listener,
            address,
            published,
            acks,
            writer,
            observations,
            questions,
            counters,
            metrics,
            health,
            webhook,
            live,
            seen_pods,
            cluster,
        })
    }

    /// Where it listens, with the port it was given if that was left open.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers probes until `stop` resolves.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self {
            listener,
            address: _,
            published,
            acks,
            writer,
            observations,
            questions,
            counters,
            metrics,
            health,
            webhook,
            live,
            seen_pods,
            cluster,
        } = self;
        // Manifests have one reader.
        let (_always, alone) = watch::channel(Role::Leader);
        let registration = cluster.as_ref().map(|cluster| cluster.registration.clone());
        let (membership, guard) = cluster.map(|Cluster { membership, guard, .. }| (membership, guard)).unzip();
        let role = membership.as_ref().map_or(alone, |membership| membership.role.clone());
        let gate = guard.as_ref().map(|guard| Arc::clone(&guard.gate));
        let readers = guard.as_ref().map(|guard| Arc::clone(&guard.readers));
        let own_readers = guard.as_ref().and_then(|guard| guard.own_readers.clone());
        let tls = guard.as_ref().map(|guard| Arc::clone(&guard.tls));
        let certificate = guard.as_ref().map(|guard: &Guard| guard.certificate.clone());
        let webhook = webhook
            .zip(certificate.clone())
            .map(|((listener, root), certificate)| tokio::spawn(webhook::serve(listener, certificate, root)));
        let (streams, reports) = streams::channel();
        // Without it probes are told that there are no live streams.
        let streams = live.is_some().then_some(streams);
        let live = live.map(|listener| {
            let (published, acks, role) = (published.clone(), Arc::clone(&acks), role.clone());
            let pods = gate.as_ref().map(|gate| gate.pods());
            let counters = Arc::clone(&counters);
            let context =
                live::Context { published, acks, pods, seen_pods, reports, to_writer: questions, role, counters };
            LiveApi::start(listener, registration.zip(certificate.clone()), context)
        });
        let leaving = live.as_ref().map(LiveApi::leaving);
        let context = Context { published, acks, role, gate, readers, counters, observations, live: streams };
        let state = {
            let Context { published, role, counters, .. } = context.clone();
            let endpoints = Endpoints::new(&counters);
            health::State { published, role, certificate, counters, endpoints }
        };
        let health = health.map(|listener| health::start(listener, state.clone())).transpose();
        let _health = health.map_err(RunError::Health)?;
        let metrics = metrics.map(|listener| tokio::spawn(health::serve(listener, state, own_readers)));
        let (stopping, mut stopped) = watch::channel(());
        let stop = async move {
            stop.await;
            if let Some(leaving) = &leaving {
                leaving.withdraw().await;
            }
            // Before streams end, so that their probes find another leader.
            if let Some(membership) = membership {
                membership.leave().await;
            }
            // Streams end when nothing can come any more.
            writer.abort();
            if let Some(leaving) = leaving {
                leaving.end();
            }
            stopping.send_replace(());
        };
        let overdue = async {
            // An error means that serving ended by itself; then this future is dropped.
            let _ = stopped.changed().await;
            tokio::time::sleep(GRACE_PERIOD).await;
        };
        let outcome = tokio::select! {
            served = serve::serve(listener, context, tls, stop) => Ok(served?),
            () = overdue => Ok(()),
        };
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        if let Some(webhook) = webhook {
            webhook.abort();
        }
        if let Some(live) = live {
            live.end().await;
        }
        outcome
    }
}

impl Source {
    async fn open(options: &Options, counters: &Arc<Counters>) -> Result<Self, RunError> {
        match &options.manifests {
            Some(directory) => Ok(Self::Manifests(Manifests::open(directory)?)),
            None => Ok(Self::ApiServer(client::connect(Arc::clone(counters)).await?)),
        }
    }
}

async fn listen_if(address: Option<SocketAddr>, flag: &'static str) -> Result<Option<TcpListener>, RunError> {
    match address {
        Some(address) => Ok(Some(listen(address, flag).await?.0)),
        None => Ok(None),
    }
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), RunError> {
    let failed = |reason| RunError::Listen { address, flag, reason };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A clock before 1970 is as good as none.
fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
