//! The life of one live stream.

use super::super::lifetime;
use super::newest::{Newest, Taken};
use crate::cluster::tls::Peer;
use crate::counters::Counters;
use crate::live::questions::Member;
use crate::live::rounds::Able;
use crate::live::streams::{FromStream, ProbeStreams, StreamNews};
use crate::publish::role::Role;
use longwire_model::estimate::EstimateOrder;
use longwire_model::live::Watched;
use longwire_wire::live::{InvalidLive, LiveDecoder, ask_facts, estimated, facts, order, order_estimate};
use longwire_wire::proto;
use longwire_wire::proto::live_report::Report;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tonic::{Status, Streaming};

/// A probe sends its hello within this time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks whether the connection's control stream is still there.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct Stream {
    pub(super) number: u64,
    /// `None`: no authentication, on loopback.
    pub(super) who: Option<Who>,
    pub(super) reports: Streaming<proto::LiveReport>,
    pub(super) orders: mpsc::Sender<Result<proto::LiveOrder, Status>>,
    pub(super) live: ProbeStreams,
    pub(super) role: watch::Receiver<Role>,
    pub(super) counters: Arc<Counters>,
    pub(super) newest: Arc<Newest>,
}

/// The probe whose connection it is.
pub(super) struct Who {
    pub(super) peer: Peer,
    pub(super) node: Arc<str>,
}

/// Why a stream ends that could go on.
struct Lifetime {
    role: watch::Receiver<Role>,
    who: Option<Who>,
    taken: Taken,
}

impl Stream {
    /// Runs until either side ends the stream; an error is its final status.
    pub(super) async fn converse(mut self) {
        let orders = self.orders.clone();
        let outcome = match self.hello().await {
            Ok(hello) => self.follow(hello).await,
            Err(status) => Err(status),
        };
        if let Err(status) = outcome {
            // A probe that has gone does not receive it.
            let _ = orders.send(Err(status)).await;
        }
    }

    async fn hello(&mut self) -> Result<proto::LiveHello, Status> {
        let first = tokio::time::timeout(TIMEOUT, self.reports.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded(format!("no hello within {TIMEOUT:?}")))??;
        let Some(proto::LiveReport { report: Some(Report::Hello(hello)) }) = first else {
            return Err(Status::invalid_argument("the first report of a stream must be hello"));
        };
        if hello.node.is_empty() {
            return Err(Status::invalid_argument("hello.node: empty, must be the name of the probe's node"));
        }
        if let Some(Who { node, .. }) = self.who.as_ref().filter(|who| *who.node != *hello.node) {
            self.counters.refused("other_node");
            let text = format!("hello names node {}, and the connection is of node {node}", hello.node);
            return Err(Status::permission_denied(text));
        }
        Ok(hello)
    }

    async fn follow(self, hello: proto::LiveHello) -> Result<(), Status> {
        let proto::LiveHello { node, probe_version, knows_facts, without_views, knows_estimates } = hello;
        let Self { number, who, reports, orders, live, role, counters, newest } = self;
        let node = Arc::<str>::from(node);
        let Some((taken, is_newer)) = newest.take(&node, number) else {
            counters.refused("too_many");
            return Err(Status::resource_exhausted("this operator already has its maximum of live streams"));
        };
        if is_newer {
            counters.refused("replaced");
        }
        let ProbeStreams { watched, news, questions, rounds } = live;
        let mut lifetime = Lifetime { role, who, taken };
        let asked = knows_facts.then(|| questions.join(&node, number));
        let able = knows_estimates.then(|| rounds.able(number, &node));
        let to = (!without_views).then(|| Joiner { stream: number, node, news });
        if let Some(to) = &to {
            lifetime.or(to.say(StreamNews::Opened { release: probe_version })).await?;
        }
        let outcome =
            Relay { reports, orders, watched, to: to.as_ref(), asked, able, counters }.run(&mut lifetime).await;
        if let Some(to) = &to {
            // The task that joins reports needs this news. An error means that it has ended.
            let _ = to.say(StreamNews::Ended).await;
        }
        outcome
    }
}

/// Whoever joins what streams say.
struct Joiner {
    stream: u64,
    node: Arc<str>,
    news: mpsc::Sender<FromStream>,
}

impl Joiner {
    async fn say(&self, news: StreamNews) -> Result<(), Status> {
        let said = FromStream { stream: self.stream, node: Arc::clone(&self.node), news };
        self.news.send(said).await.map_err(|_| stopping())
    }
}

/// Between a probe, whoever watches, and whoever joins.
struct Relay<'a> {
    reports: Streaming<proto::LiveReport>,
    orders: mpsc::Sender<Result<proto::LiveOrder, Status>>,
    watched: watch::Receiver<Arc<Watched>>,
    /// `None`: the probe has no live views.
    to: Option<&'a Joiner>,
    /// `None`: the probe knows no facts.
    asked: Option<Member>,
    /// `None`: the probe knows no estimates.
    able: Option<Able>,
    counters: Arc<Counters>,
}

/// What the probe is to be told as soon as there is room.
#[derive(Clone, Copy, Debug)]
struct Owed {
    watched: bool,
    question: bool,
}

impl Relay<'_> {
    async fn run(self, lifetime: &mut Lifetime) -> Result<(), Status> {
        let Self { mut reports, orders, mut watched, to, mut asked, mut able, counters } = self;
        let mut decoder = LiveDecoder::default();
        let invalid = |error: InvalidLive| {
            counters.refused("invalid_report");
            Status::invalid_argument(error.to_string())
        };
        // What is watched already is news to this stream.
        let mut owed = Owed { watched: to.is_some(), question: false };
        let mut estimate = None;
        loop {
            tokio::select! {
                status = lifetime.over() => return Err(status),
                report = reports.message() => match report?.map(|report| report.report) {
                    Some(Some(Report::Batch(batch))) => {
                        let Some(to) = to else {
                            return Err(Status::invalid_argument("a probe without live views sends no batch"));
                        };
                        let batch = decoder.decode(*batch).map_err(invalid)?;
                        lifetime.or(to.say(StreamNews::Batch(batch))).await?;
                    }
                    Some(Some(Report::Facts(said))) => {
                        let (question, facts) = facts(*said).map_err(invalid)?;
                        if let Some(asked) = &asked {
                            asked.answer(question, facts);
                        }
                    }
                    Some(Some(Report::Hello(_))) => {
                        return Err(Status::invalid_argument("only the first report of a stream may be hello"));
                    }
                    Some(Some(Report::Estimated(said))) => {
                        if let Some(able) = &able {
                            able.answered(estimated(said));
                        }
                    }
                    // Of a newer probe.
                    Some(None) => {}
                    None => return Ok(()),
                },
                room = orders.reserve(), if owed.watched || owed.question => {
                    let Ok(room) = room else { return Ok(()) };
                    if owed.watched {
                        owed.watched = false;
                        room.send(Ok(order(&watched.borrow_and_update())));
                    } else if let Some(asked) = &mut asked {
                        owed.question = false;
                        room.send(Ok(ask_facts(*asked.asked.borrow_and_update())));
                    }
                }
                // The newest one alone: an older one is of a round that is over. Of one that is too large there is no answer.
                asked = ordered(&mut able) => estimate = order_estimate(&asked),
                room = orders.reserve(), if estimate.is_some() => {
                    let Ok(room) = room else { return Ok(()) };
                    if let Some(order) = estimate.take() {
                        room.send(Ok(order));
                    }
                }
                changed = watched.changed(), if to.is_some() && !owed.watched => {
                    changed.map_err(|_| stopping())?;
                    owed.watched = true;
                }
                changed = asked_anew(&mut asked), if !owed.question => {
                    changed.map_err(|_| stopping())?;
                    owed.question = true;
                }
            }
        }
    }
}

async fn ordered(able: &mut Option<Able>) -> EstimateOrder {
    match able {
        Some(able) => able.next().await,
        None => pending().await,
    }
}

/// There is a question that the probe has not been asked.
async fn asked_anew(asked: &mut Option<Member>) -> Result<(), watch::error::RecvError> {
    match asked {
        Some(asked) => asked.asked.changed().await,
        None => pending().await,
    }
}

fn stopping() -> Status {
    Status::unavailable("the operator is stopping")
}

impl Lifetime {
    /// Resolves to the stream's final status when it may not go on.
    async fn over(&mut self) -> Status {
        let Self { role, who, taken } = self;
        tokio::select! {
            status = lifetime::standby(role) => status,
            _ = &mut taken.lost => Status::aborted("a newer live stream of this node has taken this one's place"),
            () = left(who.as_ref()) => Status::unauthenticated("this connection has no admitted stream any more"),
        }
    }

    /// Something that may have to wait, unless the stream may not go on meanwhile.
    async fn or(&mut self, done: impl Future<Output = Result<(), Status>>) -> Result<(), Status> {
        tokio::select! {
            status = self.over() => Err(status),
            done = done => done,
        }
    }
}

/// The control stream of the connection is over.
async fn left(who: Option<&Who>) {
    let Some(Who { peer, .. }) = who else { return pending().await };
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while peer.node().is_some() {
        look.tick().await;
    }
}
