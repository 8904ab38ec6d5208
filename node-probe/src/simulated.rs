//! A simulated probe without a kernel: its caller sends it records, and its stream to the operator is a real one. For
//! tests of many probes. Also the answers of such a probe's HTTP listener, over streams that are no sockets.

use crate::control;
use crate::http;
use crate::kernel::monotonic;
use crate::options::Task;
use crate::run::pipeline_options;
use crate::shared::Shared;
use anyhow::bail;
use axum::Router;
use longwire_pipeline::pipeline::Pipeline;
use longwire_wire::message::{FromProbe, Interest};
use parking_lot::MutexGuard;
use std::fmt::{self, Debug, Formatter};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Ends its stream when dropped.
pub struct SimulatedProbe {
    shared: Arc<Shared>,
    queue: mpsc::Sender<FromProbe>,
    following: JoinHandle<()>,
}

/// Counters of the stream so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounters {
    /// The stream is connected.
    pub connected: bool,
    /// Streams that were opened.
    pub streams: u64,
    /// Updates that were applied.
    pub updates: u64,
    /// Their bytes, without TLS.
    pub bytes: u64,
}

impl SimulatedProbe {
    /// Takes the probe's command line without its program name. Runs on the caller's runtime.
    pub fn start(line: &[String]) -> anyhow::Result<Self> {
        let arguments = ["longwire-probe"].into_iter().chain(line.iter().map(String::as_str));
        let Task::Run(options) = Task::parse_from(arguments)? else { bail!("a command instead of flags") };
        let options = *options;
        let operator = options.operator()?;
        let shared = Arc::new(Shared::new(Pipeline::new(pipeline_options(&options)?)));
        let (queue, queued) = mpsc::channel(control::QUEUE);
        let following = tokio::spawn(control::follow(options, operator, Arc::clone(&shared), queued));
        Ok(Self { shared, queue, following })
    }

    /// The pipeline, to send it records and to read its state.
    pub fn pipeline(&self) -> MutexGuard<'_, Pipeline> {
        self.shared.pipeline()
    }

    /// Nanoseconds of the clock of its records.
    #[must_use]
    pub fn now() -> u64 {
        monotonic()
    }

    /// Handles timeouts and expiry, and sends the pipeline's queries.
    pub fn settle(&self) {
        let queries = {
            let mut pipeline = self.pipeline();
            pipeline.tick(monotonic());
            pipeline.queries()
        };
        let interest = Interest { add: queries.addresses, drop: queries.forget };
        control::enqueue(&self.shared, &self.queue, interest, (&queries.observations, Vec::new()));
    }

    #[must_use]
    pub fn stream_counters(&self) -> StreamCounters {
        let counters = &self.shared.counters;
        StreamCounters {
            connected: counters.connected.load(Relaxed),
            streams: counters.streams.load(Relaxed),
            updates: counters.updates.load(Relaxed),
            bytes: counters.update_bytes.load(Relaxed),
        }
    }
}

impl Drop for SimulatedProbe {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl Debug for SimulatedProbe {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimulatedProbe").field("stream", &self.stream_counters()).finish_non_exhaustive()
    }
}

/// The metrics listener of a probe that has caught up, without a socket.
pub struct Scraped {
    shared: Arc<Shared>,
    router: Router,
}

impl Scraped {
    #[must_use]
    pub fn new(pipeline: Pipeline) -> Self {
        let shared = Arc::new(Shared::new(pipeline));
        shared.caught_up();
        Self { router: http::everything(Arc::clone(&shared), None), shared }
    }

    /// Answers one client until either end closes the stream.
    pub async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        longwire_endpoint::converse(stream, client, self.router.clone(), &self.shared.metrics).await;
    }
}

impl Debug for Scraped {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scraped").field("listener", &self.shared.metrics).finish_non_exhaustive()
    }
}
