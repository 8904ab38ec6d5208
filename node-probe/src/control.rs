//! The stream to the operator: what this node's pods are, and who stands behind the addresses the pipeline asks about.
//!
//! It may be away at any time: the probe goes on with what it knows and says on return what that is.

mod known;

use crate::kernel::monotonic;
use crate::options::Options;
use crate::shared::Shared;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures::FutureExt;
use known::Known;
use longwire_wire::MAX_MESSAGE;
use longwire_wire::decode::{Decoder, InvalidUpdate};
use longwire_wire::message::{FromProbe, Hello, Interest};
use longwire_wire::proto::control_client::ControlClient;
use longwire_wire::proto::{ProbeMessage, Update};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;

const CONNECT: Duration = Duration::from_secs(5);
/// A dead peer is found in this time, even when nothing is said.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Messages to the operator that are not yet written; the sampler's questions wait behind them in a queue of their own.
const OUTBOX: usize = 16;
/// A stream that lived this long was a good one: the next attempt comes soon again.
const STEADY: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
enum StreamEnd {
    #[error("cannot connect")]
    Connect(#[from] tonic::transport::Error),
    #[error("refused or broken: {0}")]
    Status(#[from] tonic::Status),
    #[error("closed by the operator")]
    Closed,
    #[error("did not keep up with the questions")]
    Overrun,
}

/// Keeps a stream up for as long as the probe runs.
pub(crate) async fn follow(options: Options, shared: Arc<Shared>, mut questions: mpsc::Receiver<Interest>) {
    let mut known = Known::of(&shared.pipeline());
    let mut backoff = waits();
    let mut complained = false;
    loop {
        let began = Instant::now();
        let end = stream(&options, &shared, &mut questions, &mut known).await;
        let reason = reasons(&end);
        // Once an outage: the attempts in between say the same.
        if shared.figures.connected.swap(false, Relaxed) {
            tracing::warn!(operator = options.operator, reason, "lost the operator; going on with what is known");
        } else if !complained {
            tracing::warn!(operator = options.operator, reason, "the operator is not to be had; trying again");
        } else {
            tracing::debug!(operator = options.operator, reason, "the operator is not to be had; trying again");
        }
        complained = true;
        if began.elapsed() >= STEADY {
            backoff = waits();
        }
        tokio::time::sleep(backoff.next().unwrap_or(KEEP_ALIVE)).await;
    }
}

/// The error and what is behind it, outermost first.
fn reasons(end: &StreamEnd) -> String {
    let sources = std::iter::successors(Some(end as &dyn std::error::Error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// 200 ms to 10 s, each with jitter, so that the probes of a cluster do not come back as one.
fn waits() -> ExponentialBackoff {
    let bounds = ExponentialBuilder::new().with_min_delay(Duration::from_millis(200)).with_max_delay(KEEP_ALIVE);
    bounds.with_jitter().without_max_times().build()
}

/// One stream, from Hello to its end.
async fn stream(
    options: &Options,
    shared: &Shared,
    questions: &mut mpsc::Receiver<Interest>,
    known: &mut Known,
) -> StreamEnd {
    match converse(options, shared, questions, known).await {
        Ok(never) => match never {},
        Err(end) => end,
    }
}

async fn converse(
    options: &Options,
    shared: &Shared,
    questions: &mut mpsc::Receiver<Interest>,
    known: &mut Known,
) -> Result<std::convert::Infallible, StreamEnd> {
    let endpoint = Endpoint::from_shared(options.operator.clone())?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true);
    let mut client = ControlClient::new(endpoint.connect().await?).max_decoding_message_size(MAX_MESSAGE);
    let (outbox, sent) = mpsc::channel::<ProbeMessage>(OUTBOX);
    say(&outbox, FromProbe::Hello(hello(options, shared, questions, known))).await?;
    let mut updates = client.connect(ReceiverStream::new(sent)).await?.into_inner();
    shared.figures.streams.fetch_add(1, Relaxed);
    shared.figures.connected.store(true, Relaxed);
    tracing::info!(operator = options.operator, "connected");
    let mut decoder = Decoder::default();
    loop {
        tokio::select! {
            update = updates.message() => {
                let update = update?.ok_or(StreamEnd::Closed)?;
                say(&outbox, apply(update, &mut decoder, shared, known)).await?;
            }
            Some(interest) = questions.recv() => {
                known.forget(&interest.drop);
                say(&outbox, FromProbe::Interest(interest)).await?;
            }
            () = shared.resubscribe.notified() => {
                known.forget_addresses();
                return Err(StreamEnd::Overrun);
            }
        }
    }
}

/// What the pipeline asks about now is the whole truth: questions still queued are part of it. What it forgot meanwhile
/// it needs to be told again, and where that is not known, everything.
fn hello(options: &Options, shared: &Shared, questions: &mut mpsc::Receiver<Interest>, known: &mut Known) -> Hello {
    if shared.resubscribe.notified().now_or_never().is_some() {
        known.forget_addresses();
    }
    while let Ok(interest) = questions.try_recv() {
        known.forget(&interest.drop);
    }
    let interest = shared.pipeline().interest();
    Hello {
        node: options.node_name.clone(),
        probe_version: env!("CARGO_PKG_VERSION").to_owned(),
        pods: known.pods(),
        addresses: known.addresses(interest),
    }
}

fn apply(update: Update, decoder: &mut Decoder, shared: &Shared, known: &mut Known) -> FromProbe {
    let version = update.version;
    match decoder.decode(update) {
        Ok(received) => {
            let turn = shared.turn();
            shared.pipeline().apply(&received.update, monotonic());
            drop(turn);
            known.learn(&received);
            shared.figures.updates.fetch_add(1, Relaxed);
            FromProbe::Ack { version }
        }
        Err(error) => {
            shared.figures.updates_refused.fetch_add(1, Relaxed);
            refused(version, &error)
        }
    }
}

fn refused(version: u64, error: &InvalidUpdate) -> FromProbe {
    tracing::warn!(%error, "an update from the operator cannot be applied: are both of one release?");
    FromProbe::Nack { version, error: error.to_string() }
}

async fn say(outbox: &mpsc::Sender<ProbeMessage>, message: FromProbe) -> Result<(), StreamEnd> {
    outbox.send(message.into()).await.map_err(|_| StreamEnd::Closed)
}
