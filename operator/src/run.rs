//! Starts the parts in the order in which they need each other.

use crate::compile::Compiler;
use crate::figures::Figures;
use crate::health;
use crate::options::Options;
use crate::publish::{Published, Publisher};
use crate::role::Role;
use crate::serve::{self, Context};
use crate::source::{self, InvalidDirectory, Manifests};
use crate::writer::Writer;
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

/// Looks at the manifests that may wait for the writer.
const WAITING: usize = 4;
/// How long a probe that does not read may delay the end.
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("cannot listen on {address}: {reason}; is another operator running? choose another address with {flag}")]
    Listen {
        address: SocketAddr,
        flag: &'static str,
        #[source]
        reason: io::Error,
    },
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
    figures: Arc<Figures>,
    /// Where it says how it is.
    metrics: Option<TcpListener>,
}

/// The whole program: until SIGTERM or SIGINT.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let stop = stop_signal().map_err(Failure::Signals)?;
    let operator = Operator::start(options).await?;
    tracing::info!(listen = %operator.address(), manifests = %options.manifests.display(), "serving");
    operator.serve(stop).await?;
    tracing::info!("stopped");
    Ok(())
}

impl Operator {
    pub async fn start(options: &Options) -> Result<Self, Failure> {
        let manifests = Manifests::open(&options.manifests)?;
        let (listener, address) = listen(options.listen, "--listen").await?;
        let (publisher, published) = Publisher::new();
        let (batches, events) = mpsc::channel(WAITING);
        let figures = Arc::<Figures>::default();
        let writer = Writer::new(Compiler::new(options.settings()), publisher, None, Arc::clone(&figures));
        let metrics = match options.security.metrics_listen {
            Some(address) => Some(listen(address, "--metrics-listen").await?.0),
            None => None,
        };
        source::follow(manifests, batches).map_err(Failure::Watch)?;
        let writer = tokio::spawn(writer.run(events, now));
        Ok(Self { listener, address, published, writer, figures, metrics })
    }

    /// Where it listens, with the port it was given if that was left open.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers probes until told to stop.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let Self { listener, published, writer, figures, metrics, address: _ } = self;
        // Manifests have one reader.
        let (_role, role) = watch::channel(Role::Holder);
        let context = Context { published, role, gate: None, figures };
        let health = metrics.map(|listener| {
            let Context { published, role, figures, .. } = context.clone();
            tokio::spawn(health::serve(listener, health::State { published, role, certificate: None, figures }))
        });
        let (tell, mut told) = watch::channel(());
        let stop = async move {
            stop.await;
            // Streams end when nothing can come any more.
            writer.abort();
            tell.send_replace(());
        };
        let overdue = async {
            // An error means that serving ended by itself, and then nobody waits here.
            let _ = told.changed().await;
            tokio::time::sleep(FAREWELL).await;
        };
        let outcome = tokio::select! {
            served = serve::serve(listener, context, None, stop) => Ok(served?),
            () = overdue => Ok(()),
        };
        if let Some(health) = health {
            health.abort();
        }
        outcome
    }
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), Failure> {
    let failed = |reason| Failure::Listen { address, flag, reason };
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
