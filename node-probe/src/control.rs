//! The stream to the operator, which sends this node's pods and the owners of the addresses that the pipeline queries.
//!
//! The operator may be unreachable at any time. The probe continues with what it has, and lists its versions when it
//! reconnects.

mod known;
mod operator;
mod outage;
mod route;
#[cfg(test)]
mod tests;

pub(crate) use operator::{InvalidOperator, Operator};

use crate::budgets;
use crate::kernel::monotonic;
use crate::live;
use crate::options::Options;
use crate::shared::Shared;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures::FutureExt;
use known::Known;
use longwire_endpoint::descriptors;
use longwire_model::identity::ObservedAddress;
use longwire_wire::decode::{Decoder, InvalidUpdate};
use longwire_wire::message::{FromProbe, Hello, Interest, Token};
use longwire_wire::proto::control_client::ControlClient;
use longwire_wire::proto::{ProbeMessage, Update};
use longwire_wire::{MAX_PROBE_MESSAGE, MAX_UPDATE};
use operator::Unreachable;
use outage::Outage;
use route::{Next, Route, STEADY};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;

/// Messages that wait to be sent to the operator.
pub(crate) const QUEUE: usize = 256;
/// Address observations in one message, far below the largest message that an operator accepts.
const MAX_OBSERVATIONS: usize = 4096;
/// Timeout of the operator's first answer, for which it may need the API server.
const ANSWER: Duration = Duration::from_secs(8);
/// Longest delay between two attempts, without jitter, which at most doubles it.
const MAX_DELAY: Duration = Duration::from_secs(1);
/// Interval of checks of the token file. Kubernetes renews the token long before it expires.
const TOKEN_INTERVAL: Duration = Duration::from_secs(5);
/// Messages to the operator that are not yet written; the sampler's wait behind them in a queue of their own.
const OUTGOING: usize = 16;

#[derive(Debug, thiserror::Error)]
enum StreamEnd {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("no answer within {ANSWER:?}")]
    Silent,
    #[error("{0}")]
    Status(#[from] tonic::Status),
    #[error("closed by the operator")]
    Closed,
    #[error("the operator did not read the probe's messages in time")]
    Overrun,
}

/// Keeps a stream open for as long as the probe runs.
pub(crate) async fn follow(
    options: Options,
    operator: Operator,
    shared: Arc<Shared>,
    mut queue: mpsc::Receiver<FromProbe>,
) {
    let mut route = Route::default();
    let mut known = Known::of(&shared.pipeline());
    let mut backoff = waits();
    let mut outage = Outage::default();
    loop {
        let began = Instant::now();
        let address = operator.address(route.leader);
        let attempt = Attempt { options: &options, operator: &operator, leader: route.leader, shared: &shared };
        let end = attempt.stream(&mut queue, &mut known).await;
        shared.controlling().waits();
        let starved = end.is_for_want_of_descriptors();
        shared.counters.streams_without_descriptor.fetch_add(starved.into(), Relaxed);
        let next = route.after(end.status(), began.elapsed(), operator.is_secured());
        let was_connected = shared.counters.connected.swap(false, Relaxed);
        if let (Next::AtOnce, Some(leader), false) = (next, route.leader, was_connected) {
            tracing::debug!(operator = address, %leader, "redirected to the leader");
            continue;
        }
        if began.elapsed() >= STEADY {
            backoff = waits();
        }
        let wait = if next == Next::Wait { backoff.next().unwrap_or(MAX_DELAY) } else { Duration::ZERO };
        outage.log(&address, was_connected, &end.reason(), wait);
        tokio::time::sleep(wait).await;
    }
}

/// 200 ms to 2 s, with jitter, so that the probes of a cluster do not all reconnect at once.
fn waits() -> ExponentialBackoff {
    let bounds = ExponentialBuilder::new().with_min_delay(Duration::from_millis(200)).with_max_delay(MAX_DELAY);
    bounds.with_jitter().without_max_times().build()
}

impl StreamEnd {
    fn is_for_want_of_descriptors(&self) -> bool {
        match self {
            Self::Unreachable(unreachable) => unreachable.is_for_want_of_descriptors(),
            end => descriptors::are_exhausted_below(end),
        }
    }

    /// The cause, without the address and "failed", which the log line has already.
    fn reason(&self) -> String {
        let mut error: &(dyn std::error::Error + 'static) = self;
        while let Some(source) = error.source() {
            error = source;
        }
        match self {
            Self::Status(status) if !status.message().is_empty() => {
                format!("{} ({})", status.message(), status.code().description())
            }
            Self::Status(status) => status.code().description().to_owned(),
            _ => match error.downcast_ref::<std::io::Error>() {
                Some(error) if error.raw_os_error().is_some() => error.kind().to_string(),
                _ => error.to_string(),
            },
        }
    }

    fn status(&self) -> Option<&tonic::Status> {
        match self {
            Self::Status(status) => Some(status),
            _ => None,
        }
    }
}

/// One attempt to keep a stream: its server, and the state that it updates.
struct Attempt<'a> {
    options: &'a Options,
    operator: &'a Operator,
    /// The leader's address, instead of the configured one.
    leader: Option<SocketAddr>,
    shared: &'a Arc<Shared>,
}

impl Attempt<'_> {
    /// From Hello to the end of the stream.
    async fn stream(&self, queue: &mut mpsc::Receiver<FromProbe>, known: &mut Known) -> StreamEnd {
        match self.converse(queue, known).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn converse(
        &self,
        queue: &mut mpsc::Receiver<FromProbe>,
        known: &mut Known,
    ) -> Result<std::convert::Infallible, StreamEnd> {
        let Self { options, operator, leader, shared } = self;
        let mut token = operator.token()?;
        let channel = operator.connect(*leader).await?;
        let (outbox, sent) = mpsc::channel::<ProbeMessage>(OUTGOING);
        send(&outbox, FromProbe::Hello(hello(options, shared, queue, known))).await?;
        shared.pipeline().repeat_observations(monotonic());
        let full = shared.pipeline().store().full_budgets();
        let mut call = Request::new(ReceiverStream::new(sent));
        if let Some(token) = &token {
            call.metadata_mut().insert("authorization", operator.authorization(token)?);
        }
        let mut client = ControlClient::new(channel.clone())
            .max_decoding_message_size(MAX_UPDATE)
            .max_encoding_message_size(MAX_PROBE_MESSAGE);
        let answered = tokio::time::timeout(ANSWER, client.connect(call)).await;
        let mut updates = answered.map_err(|_| StreamEnd::Silent)??.into_inner();
        let _live = live::follow(shared, channel.clone(), &options.node_name);
        let _line = shared.line.open(channel);
        shared.counters.streams.fetch_add(1, Relaxed);
        shared.counters.connected.store(true, Relaxed);
        tracing::info!("connected to the operator at {}", operator.address(*leader));
        for notice in full.iter().filter_map(budgets::notice) {
            send(&outbox, FromProbe::Notice(notice)).await?;
        }
        let mut decoder = Decoder::default();
        let mut look = tokio::time::interval(TOKEN_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let heartbeat = shared.controlling();
        loop {
            heartbeat.waits();
            tokio::select! {
                update = updates.message() => {
                    heartbeat.wakes(None);
                    let update = update?.ok_or(StreamEnd::Closed)?;
                    send(&outbox, apply(update, &mut decoder, shared, known)).await?;
                }
                Some(message) = queue.recv() => {
                    heartbeat.wakes(None);
                    known.forget_dropped(&message);
                    send(&outbox, message).await?;
                }
                () = shared.resubscribe.notified() => {
                    known.forget_addresses();
                    return Err(StreamEnd::Overrun);
                }
                due = look.tick() => {
                    heartbeat.wakes(Some(due.elapsed()));
                    // A file that cannot be read may be in the middle of a replacement. The operator ends the stream if
                    // the token expires.
                    let read = operator.token().unwrap_or_else(|unreadable| {
                        let starved = unreadable.is_for_want_of_descriptors();
                        shared.counters.streams_without_descriptor.fetch_add(starved.into(), Relaxed);
                        None
                    });
                    if let Some(fresh) = read.filter(|fresh| !fresh.is_empty() && Some(fresh) != token.as_ref()) {
                        send(&outbox, FromProbe::Authenticate(Token(fresh.clone()))).await?;
                        token = Some(fresh);
                    }
                }
            }
        }
    }
}

/// Sends new interest, interest that ended, and reports of the pipeline. If the queue is full, the stream is made again
/// and sends all.
pub(crate) fn enqueue(
    shared: &Shared,
    queue: &mpsc::Sender<FromProbe>,
    interest: Interest,
    (observations, notices): (&[ObservedAddress], Vec<String>),
) {
    let interest = Some(interest).filter(|Interest { add, drop }| !(add.is_empty() && drop.is_empty()));
    let observations = observations.chunks(MAX_OBSERVATIONS).map(|some| FromProbe::ObservedAddresses(some.to_vec()));
    let notices = notices.into_iter().map(FromProbe::Notice);
    for message in interest.map(FromProbe::Interest).into_iter().chain(observations).chain(notices) {
        if queue.try_send(message).is_err() {
            shared.resubscribe.notify_one();
        }
    }
}

/// All that the pipeline queries and has now. Queued messages are dropped, because this includes them. Forgets
/// addresses that are dropped there, or all if the queue lost messages, so that the operator sends them again.
fn hello(options: &Options, shared: &Shared, queue: &mut mpsc::Receiver<FromProbe>, known: &mut Known) -> Hello {
    if shared.resubscribe.notified().now_or_never().is_some() {
        known.forget_addresses();
    }
    while let Ok(message) = queue.try_recv() {
        known.forget_dropped(&message);
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
    if let Some(reason) = shared.unsupported() {
        return FromProbe::Nack { version, error: reason.to_owned() };
    }
    match decoder.decode(update) {
        Ok(received) => {
            let turn = shared.turn();
            shared.pipeline().apply(&received.update, monotonic());
            drop(turn);
            shared.configured.notify_one();
            known.learn(&received);
            shared.counters.update_bytes.fetch_add(received.bytes as u64, Relaxed);
            shared.counters.updates.fetch_add(1, Relaxed);
            shared.lag.configured(monotonic());
            FromProbe::Ack { version }
        }
        Err(error) => {
            shared.counters.updates_refused.fetch_add(1, Relaxed);
            refused(version, &error)
        }
    }
}

fn refused(version: u64, error: &InvalidUpdate) -> FromProbe {
    tracing::warn!(%error, "an update from the operator cannot be applied: are both of one release?");
    FromProbe::Nack { version, error: error.to_string() }
}

async fn send(outbox: &mpsc::Sender<ProbeMessage>, message: FromProbe) -> Result<(), StreamEnd> {
    outbox.send(message.into()).await.map_err(|_| StreamEnd::Closed)
}
