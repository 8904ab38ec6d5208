//! Starts the parts in the order in which they need each other.

use crate::compile::Compiler;
use crate::event::Batch;
use crate::kubernetes::{self, Membership, NoApiServer};
use crate::options::Options;
use crate::publish::{Published, Publisher};
use crate::serve;
use crate::source::{self, InvalidDirectory, Manifests};
use crate::writer::Writer;
use kube::Client;
use longwire_model::identity::UnixNanos;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Batches of events that may wait for the writer.
const WAITING: usize = 4;
/// How long a probe that does not read may delay the end.
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("cannot listen on {address}: {reason}; is another operator running? choose another address with --listen")]
    Listen {
        address: SocketAddr,
        #[source]
        reason: io::Error,
    },
    #[error(transparent)]
    ApiServer(#[from] NoApiServer),
    #[error(transparent)]
    Manifests(#[from] InvalidDirectory),
    #[error("cannot start the thread that watches the manifests: {0}")]
    Watch(#[source] io::Error),
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
    writer: JoinHandle<()>,
    /// `None`: it reads manifests.
    membership: Option<Membership>,
}

/// The whole program: until SIGTERM or SIGINT.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let stop = stop_signal().map_err(Failure::Signals)?;
    let operator = Operator::start(options).await?;
    match &options.manifests {
        Some(manifests) => tracing::info!(listen = %operator.address(), manifests = %manifests.display(), "serving"),
        None => tracing::info!(listen = %operator.address(), "serving what the API server tells"),
    }
    operator.serve(stop).await?;
    tracing::info!("stopped");
    Ok(())
}

impl Operator {
    pub async fn start(options: &Options) -> Result<Self, Failure> {
        let source = Source::open(options).await?;
        let (listener, address) = listen(options.listen).await?;
        let (publisher, published) = Publisher::new();
        let (batches, events) = mpsc::channel(WAITING);
        let writer = Writer::new(Compiler::new(options.settings()), publisher).run(events, now);
        let membership = source.follow(options, address, batches, &published)?;
        Ok(Self { listener, address, published, writer: tokio::spawn(writer), membership })
    }

    /// Where it listens, with the port it was given if that was left open.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers probes until told to stop.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let Self { listener, published, writer, membership, .. } = self;
        let (tell, mut told) = watch::channel(());
        let stop = async move {
            stop.await;
            // First, so that probes whose streams end find somebody.
            if let Some(membership) = membership {
                membership.leave().await;
            }
            // Streams end when nothing can come any more.
            writer.abort();
            tell.send_replace(());
        };
        let overdue = async {
            // An error means that serving ended by itself, and then nobody waits here.
            let _ = told.changed().await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            served = serve::serve(listener, published, stop) => Ok(served?),
            () = overdue => Ok(()),
        }
    }
}

/// Where objects come from.
enum Source {
    Manifests(Manifests),
    ApiServer(Client),
}

impl Source {
    async fn open(options: &Options) -> Result<Self, Failure> {
        match &options.manifests {
            Some(directory) => Ok(Self::Manifests(Manifests::open(directory)?)),
            None => Ok(Self::ApiServer(kubernetes::connect().await?)),
        }
    }

    /// Has it told from now on; an API server is also told things.
    fn follow(
        self,
        options: &Options,
        address: SocketAddr,
        batches: mpsc::Sender<Batch>,
        published: &watch::Receiver<Published>,
    ) -> Result<Option<Membership>, Failure> {
        match self {
            Self::Manifests(manifests) => {
                source::follow(manifests, batches).map_err(Failure::Watch)?;
                Ok(None)
            }
            Self::ApiServer(client) => {
                let me = options.replica.identity(address);
                let namespace = client.default_namespace();
                Ok(Some(Membership::start(&client, namespace, &me, batches, published.clone())))
            }
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let failed = |reason| Failure::Listen { address, reason };
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
