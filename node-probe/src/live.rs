//! The live stream to the operator, on the connection of the control stream: the operator says what is watched, and gets which
//! connections live now. It may also ask how the probe is; a probe without live views has a stream for that alone.
//!
//! While nothing is watched nothing is sent but answers to estimates. What the operator does not read in time waits in the pipeline, which keeps the newest
//! values and counts what it leaves out.

mod estimate;
mod pace;
#[cfg(test)]
mod tests;

pub(crate) use pace::faster;

use crate::facts::facts;
use crate::kernel::monotonic;
use crate::shared::Shared;
use estimate::Estimates;
use longwire_model::live::Watched;
use longwire_wire::live::{Asked, LiveEncoder, MAX_LIVE_ORDER, MAX_LIVE_REPORT, TooManyNames, asked, facts_report};
use longwire_wire::proto::live_client::LiveClient;
use longwire_wire::proto::live_report::Report;
use longwire_wire::proto::{LiveHello, LiveReport};
use pace::Pace;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// Within it the operator hears of a connection that has opened or ended.
const TURN: Duration = Duration::from_millis(250);
/// Timeout of the operator's answer.
const ANSWER: Duration = Duration::from_secs(8);
/// After a stream that has ended, while the control stream goes on.
const AGAIN: Duration = Duration::from_secs(5);

/// Ends with the control stream.
#[derive(Debug)]
pub(crate) struct Following(JoinHandle<()>);

/// Nothing is watched any more when it is dropped, with the task that has it.
struct Watching {
    shared: Arc<Shared>,
    /// Given back after that: a task that is aborted may end later than the next one begins, and would end the next one's watch.
    _turn: OwnedMutexGuard<()>,
}

pub(crate) fn follow(shared: &Arc<Shared>, channel: Channel, node: &str) -> Following {
    let (shared, node) = (Arc::clone(shared), node.to_owned());
    Following(tokio::spawn(async move {
        let turn = Arc::clone(&shared.live_turn).lock_owned().await;
        keep(Watching { shared, _turn: turn }, channel, node).await;
    }))
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watching {
    fn end(&self) {
        self.shared.pipeline().watch(&Watched::default());
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(Debug, thiserror::Error)]
enum StreamEnd {
    #[error("no answer within {ANSWER:?}")]
    Silent,
    #[error("{}", .0.message())]
    Status(#[from] Status),
    #[error("closed by the operator")]
    Closed,
    #[error(transparent)]
    Names(#[from] TooManyNames),
}

/// Keeps a stream open, unless the operator knows none.
async fn keep(watching: Watching, channel: Channel, node: String) {
    loop {
        let end = match converse(&watching.shared, channel.clone(), &node).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        watching.end();
        if matches!(&end, StreamEnd::Status(status) if status.code() == Code::Unimplemented) {
            tracing::debug!("the operator has no live views: it is of an older release, or they are off");
            return;
        }
        tracing::debug!(reason = %end, "the live stream ended");
        tokio::time::sleep(AGAIN).await;
    }
}

async fn converse(shared: &Arc<Shared>, channel: Channel, node: &str) -> Result<std::convert::Infallible, StreamEnd> {
    let (reports, sent) = mpsc::channel(1);
    let has_views = shared.pipeline().live().is_available() && shared.unsupported().is_none();
    let hello = LiveHello {
        node: node.to_owned(),
        probe_version: env!("CARGO_PKG_VERSION").to_owned(),
        knows_facts: true,
        knows_estimates: has_views,
        without_views: !has_views,
    };
    reports.send(report(Report::Hello(hello))).await.map_err(|_| StreamEnd::Closed)?;
    let mut client =
        LiveClient::new(channel).max_decoding_message_size(MAX_LIVE_ORDER).max_encoding_message_size(MAX_LIVE_REPORT);
    let answered = tokio::time::timeout(ANSWER, client.stream(ReceiverStream::new(sent))).await;
    let mut orders = answered.map_err(|_| StreamEnd::Silent)??.into_inner();
    let (mut encoder, mut pace) = (LiveEncoder::default(), Pace::new(Instant::now()));
    let mut turn = tokio::time::interval(TURN);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Something is watched; and there may be news of it.
    let (mut is_on, mut may_have_news) = (false, false);
    // The question that is not answered yet. A newer one takes its place.
    let mut question = None;
    let mut estimates = Estimates::new(Arc::clone(shared));
    loop {
        tokio::select! {
            order = orders.message() => {
                match asked(order?.ok_or(StreamEnd::Closed)?) {
                    Ok(Asked::Watched(watched)) if has_views => {
                        is_on = watched.is_on();
                        may_have_news &= is_on;
                        shared.pipeline().watch(&watched);
                    }
                    Ok(Asked::Estimate(order)) if has_views => estimates.order(*order),
                    Ok(Asked::Facts(number)) => question = Some(number),
                    // Orders that this probe does not know are of a newer operator, which does without.
                    Ok(Asked::Watched(_) | Asked::Estimate(_)) | Err(_) => {}
                }
            }
            room = reports.reserve(), if question.is_some() => {
                let room = room.map_err(|_| StreamEnd::Closed)?;
                if let Some(number) = question.take() {
                    room.send(facts_report(number, facts(shared)));
                }
            }
            estimated = estimates.next() => {
                reports.send(report(Report::Estimated(estimated))).await.map_err(|_| StreamEnd::Closed)?;
            }
            _ = turn.tick(), if is_on && !may_have_news => may_have_news = true,
            room = reports.reserve(), if may_have_news => {
                let room = room.map_err(|_| StreamEnd::Closed)?;
                let batch = shared.pipeline().take_live(pace.left(Instant::now()), monotonic());
                match batch {
                    Some(batch) => {
                        pace.spend(batch.ended.len());
                        room.send(report(Report::Batch(Box::new(encoder.encode(&batch)?))));
                    }
                    None => may_have_news = false,
                }
            }
        }
    }
}

fn report(report: Report) -> LiveReport {
    LiveReport { report: Some(report) }
}
