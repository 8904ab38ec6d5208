//! Live streams, on connections of probes.

use super::{AUDIENCE, NAME, PROBE, Secured, Stream, TIMEOUT, token};
use crate::harness::hello;
use longwire_model::estimate::{EstimateOrder, Estimated};
use longwire_model::live::{Facts, LiveBatch, Moved, Watched, WatchedNamespaces};
use longwire_operator::live::streams::{FromStream, StreamNews};
use longwire_operator::publish::role::Role;
use longwire_wire::live::{Asked, LiveEncoder, asked, estimated_to_proto, facts_report, to_estimate};
use longwire_wire::message::{FromProbe, Interest};
use longwire_wire::proto::control_client::ControlClient;
use longwire_wire::proto::live_client::LiveClient;
use longwire_wire::proto::live_report::Report;
use longwire_wire::proto::{LiveConnection, LiveHello, LiveOrder, LiveReport};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};

/// A probe's connection, with its control stream.
pub(super) struct Connected {
    pub(super) channel: Channel,
    control: Stream,
}

pub(super) struct LiveStream {
    reports: mpsc::Sender<LiveReport>,
    orders: Streaming<LiveOrder>,
}

pub(super) async fn connected(operator: &Secured, node: &str, pod: &str) -> Connected {
    let channel = operator.channel(&operator.api.bundle(|_| true).await, NAME).await.unwrap();
    let (messages, outbox) = mpsc::channel(16);
    messages.send(FromProbe::Hello(hello(node)).into()).await.unwrap();
    let mut request = Request::new(ReceiverStream::new(outbox));
    let own = format!("Bearer {}", token(PROBE, pod, AUDIENCE, 600));
    request.metadata_mut().insert("authorization", own.parse().unwrap());
    let updates = ControlClient::new(channel.clone()).connect(request).await.unwrap().into_inner();
    let mut control = Stream { messages, updates };
    control.next().await.unwrap();
    Connected { channel, control }
}

fn report(report: Report) -> LiveReport {
    LiveReport { report: Some(report) }
}

pub(super) fn opening(node: &str) -> LiveReport {
    report(Report::Hello(LiveHello {
        node: node.to_owned(),
        probe_version: "0.9.0".to_owned(),
        ..LiveHello::default()
    }))
}

/// Of a probe that knows facts, and nothing else if it has no views.
pub(super) fn opening_with_facts(node: &str, without_views: bool) -> LiveReport {
    report(Report::Hello(LiveHello {
        node: node.to_owned(),
        probe_version: "0.9.0".to_owned(),
        knows_facts: true,
        without_views,
        ..LiveHello::default()
    }))
}

pub(super) fn opening_with_estimates(node: &str) -> LiveReport {
    report(Report::Hello(LiveHello {
        node: node.to_owned(),
        probe_version: "0.9.0".to_owned(),
        knows_estimates: true,
        ..LiveHello::default()
    }))
}

/// A stream that begins with this.
pub(super) async fn open(channel: &Channel, first: LiveReport) -> Result<LiveStream, Status> {
    let (reports, outbox) = mpsc::channel(16);
    reports.send(first).await.unwrap();
    let orders = LiveClient::new(channel.clone()).stream(ReceiverStream::new(outbox)).await?.into_inner();
    Ok(LiveStream { reports, orders })
}

impl LiveStream {
    /// What it is asked for next.
    pub(super) async fn asked(&mut self) -> Result<Asked, Status> {
        let message = timeout(TIMEOUT, self.orders.message()).await.expect("an order")?;
        Ok(asked(message.ok_or_else(|| Status::ok("ended"))?).unwrap())
    }

    pub(super) async fn next(&mut self) -> Result<Watched, Status> {
        match self.asked().await? {
            Asked::Watched(watched) => Ok(watched),
            other => panic!("it is asked for {other:?}"),
        }
    }

    /// The next estimate that it is asked for.
    pub(super) async fn estimate(&mut self) -> EstimateOrder {
        loop {
            if let Asked::Estimate(order) = self.asked().await.unwrap() {
                return to_estimate(*order).unwrap();
            }
        }
    }

    pub(super) async fn estimated(&self, estimated: Estimated) {
        self.send(report(Report::Estimated(estimated_to_proto(estimated)))).await;
    }

    /// The next question for facts.
    pub(super) async fn question(&mut self) -> u64 {
        loop {
            if let Asked::Facts(question) = self.asked().await.unwrap() {
                return question;
            }
        }
    }

    pub(super) async fn answer(&self, question: u64, facts: Facts) {
        self.send(facts_report(question, facts)).await;
    }

    pub(super) async fn send(&self, report: LiveReport) {
        self.reports.send(report).await.unwrap();
    }

    pub(super) async fn last_status(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }

    async fn say(&self, batch: &LiveBatch) {
        self.say_with(&mut LiveEncoder::default(), batch).await;
    }

    /// `encoder`: of all that the stream has said.
    pub(super) async fn say_with(&self, encoder: &mut LiveEncoder, batch: &LiveBatch) {
        let batch = encoder.encode(batch).unwrap();
        self.reports.send(report(Report::Batch(Box::new(batch)))).await.unwrap();
    }
}

async fn heard(operator: &mut Secured) -> (u64, String, StreamNews) {
    let news = timeout(TIMEOUT, operator.live.news.recv()).await.expect("news").unwrap();
    let FromStream { stream, node, news } = news;
    (stream, node.to_string(), news)
}

fn all(generation: u64) -> Watched {
    Watched { generation, namespaces: WatchedNamespaces::All, history: false }
}

fn batch(generation: u64) -> LiveBatch {
    LiveBatch { generation, moved: vec![(1, Moved::default())], ..LiveBatch::default() }
}

fn opened() -> StreamNews {
    StreamNews::Opened { release: "0.9.0".to_owned() }
}

#[tokio::test]
async fn what_is_watched_goes_to_every_stream_and_what_they_say_comes_back_under_their_nodes() {
    let mut operator = Secured::start().await;
    let (one, two) = (connected(&operator, "n1", "p1").await, connected(&operator, "n2", "p2").await);
    let mut first = open(&one.channel, opening("n1")).await.unwrap();
    assert_eq!(heard(&mut operator).await, (1, "n1".to_owned(), opened()));
    assert_eq!(first.next().await.unwrap(), Watched::default());
    operator.live.watched.send_replace(Arc::new(all(7)));
    assert_eq!(first.next().await.unwrap(), all(7));
    // A stream that comes later is told at once.
    let mut second = open(&two.channel, opening("n2")).await.unwrap();
    assert_eq!(second.next().await.unwrap(), all(7));
    assert_eq!(heard(&mut operator).await, (2, "n2".to_owned(), opened()));
    second.say(&batch(7)).await;
    assert_eq!(heard(&mut operator).await, (2, "n2".to_owned(), StreamNews::Batch(batch(7))));
    drop(first);
    assert_eq!(heard(&mut operator).await, (1, "n1".to_owned(), StreamNews::Ended));
}

#[tokio::test]
async fn only_a_connection_with_an_admitted_stream_may_have_one_and_only_of_its_node() {
    let operator = Secured::start().await;
    let stranger = operator.channel(&operator.api.bundle(|_| true).await, NAME).await.unwrap();
    let status = open(&stranger, opening("n1")).await.err().unwrap();
    let text = "this connection has no admitted stream of a probe";
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, text));
    let one = connected(&operator, "n1", "p1").await;
    let mut stream = open(&one.channel, opening("n2")).await.unwrap();
    let status = stream.last_status().await;
    let text = "hello names node n2, and the connection is of node n1";
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, text));
    let mut stream = open(&one.channel, opening("")).await.unwrap();
    assert_eq!(stream.last_status().await.code(), Code::InvalidArgument);
    assert_eq!(operator.counters.refusals(), [("no_stream", 1), ("other_node", 1)].into());
}

#[tokio::test]
async fn a_stream_ends_with_its_control_stream_and_with_the_lease() {
    let mut operator = Secured::start().await;
    let one = connected(&operator, "n1", "p1").await;
    let mut stream = open(&one.channel, opening("n1")).await.unwrap();
    assert_eq!(heard(&mut operator).await.2, opened());
    let Connected { channel, mut control } = one;
    control.authenticate(token(PROBE, "p2", AUDIENCE, 600)).await;
    control.last_status().await;
    assert_eq!(stream.last_status().await.code(), Code::Unauthenticated);
    assert_eq!(heard(&mut operator).await.2, StreamNews::Ended);
    assert_eq!(open(&channel, opening("n1")).await.err().unwrap().code(), Code::Unauthenticated);
    let one = connected(&operator, "n1", "p1").await;
    let mut stream = open(&one.channel, opening("n1")).await.unwrap();
    operator.role.send_replace(Role::Standby { leader: Some("10.0.0.7:15010".parse().unwrap()) });
    let status = stream.last_status().await;
    assert_eq!(
        (status.code(), status.metadata().get("longwire-leader").unwrap().to_str().unwrap()),
        (Code::Unavailable, "10.0.0.7:15010")
    );
}

#[tokio::test]
async fn a_newer_stream_of_a_node_takes_the_place_of_the_one_before() {
    let mut operator = Secured::start().await;
    let one = connected(&operator, "n1", "p1").await;
    let mut first = open(&one.channel, opening("n1")).await.unwrap();
    assert_eq!(heard(&mut operator).await, (1, "n1".to_owned(), opened()));
    let mut second = open(&one.channel, opening("n1")).await.unwrap();
    assert_eq!(first.last_status().await.code(), Code::Aborted);
    assert_eq!(second.next().await.unwrap(), Watched::default());
    let news = [heard(&mut operator).await, heard(&mut operator).await];
    assert!(news.contains(&(1, "n1".to_owned(), StreamNews::Ended)), "{news:?}");
    assert!(news.contains(&(2, "n1".to_owned(), opened())), "{news:?}");
    assert_eq!(operator.counters.refusals(), [("replaced", 1)].into());
}

#[tokio::test]
async fn a_report_that_cannot_be_true_ends_its_stream() {
    let mut operator = Secured::start().await;
    let one = connected(&operator, "n1", "p1").await;
    let mut stream = open(&one.channel, opening("n1")).await.unwrap();
    let mut batch = LiveEncoder::default().encode(&batch(1)).unwrap();
    batch.described.push(LiveConnection::default());
    stream.reports.send(report(Report::Batch(Box::new(batch)))).await.unwrap();
    let status = stream.last_status().await;
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "described.number: missing"));
    assert_eq!([heard(&mut operator).await.2, heard(&mut operator).await.2], [opened(), StreamNews::Ended]);
    assert_eq!(operator.counters.refusals(), [("invalid_report", 1)].into());
    // A report of a newer probe is passed over.
    let mut stream = open(&one.channel, opening("n1")).await.unwrap();
    stream.reports.send(LiveReport { report: None }).await.unwrap();
    stream.reports.send(opening("n1")).await.unwrap();
    let text = "only the first report of a stream may be hello";
    assert_eq!(stream.last_status().await.message(), text);
}

/// The control stream shares the connection, and with it the bytes that the operator has not read.
#[tokio::test]
async fn a_live_stream_that_nobody_reads_waits_and_the_control_stream_goes_on() {
    let mut operator = Secured::start().await;
    let mut one = connected(&operator, "n1", "p1").await;
    let stream = open(&one.channel, opening("n1")).await.unwrap();
    let large = LiveBatch { moved: vec![(1, Moved::default()); 1_000], ..batch(1) };
    let mut sent = 0;
    // Until the queues on the way are full.
    while timeout(std::time::Duration::from_secs(2), stream.say(&large)).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "it does not wait");
    }
    let address = "10.0.0.9".parse().unwrap();
    let interest = FromProbe::Interest(Interest { add: vec![address], drop: Vec::new() });
    one.control.messages.send(interest.into()).await.unwrap();
    assert_eq!(one.control.next().await.unwrap().addresses.len(), 1);
    // What was sent comes when somebody reads.
    assert_eq!(heard(&mut operator).await.2, opened());
    for _ in 0..sent {
        assert_eq!(heard(&mut operator).await.2, StreamNews::Batch(large.clone()));
    }
}
