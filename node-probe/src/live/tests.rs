//! The stream against an operator on loopback, and how fast it may be.

use super::pace::{Pace, faster};
use super::{Following, follow};
use crate::kernel::monotonic;
use crate::readers::tests::connect;
use crate::shared::Shared;
use longwire_export::exposition::Format;
use longwire_model::estimate::{Estimated, NodeEstimate};
use longwire_model::live::{Facts, LiveBatch, Lost, Watched, WatchedNamespaces};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use longwire_wire::live::{LiveDecoder, ask_facts, estimated, facts, order, order_estimate};
use longwire_wire::proto::live_order::Order;
use longwire_wire::proto::live_report::Report;
use longwire_wire::proto::live_server::{Live, LiveServer};
use longwire_wire::proto::{EstimateOrder, LiveOrder, LiveReport};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// A timeout that no step of a test reaches.
const TIMEOUT: Duration = Duration::from_secs(60);

type Sent = Result<LiveOrder, Status>;

/// Hands over both ends of each stream.
struct Operator(mpsc::Sender<(mpsc::Sender<Sent>, Streaming<LiveReport>)>);

#[tonic::async_trait]
impl Live for Operator {
    type StreamStream = ReceiverStream<Sent>;

    async fn stream(&self, request: Request<Streaming<LiveReport>>) -> Result<Response<Self::StreamStream>, Status> {
        let (orders, receiver) = mpsc::channel(4);
        self.0.send((orders, request.into_inner())).await.unwrap();
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

fn shared(live_history: usize) -> Arc<Shared> {
    Arc::new(Shared::new(Pipeline::new(Options {
        budget: Budget::undivided(1_000, 10),
        max_connections: 10,
        long_connection_threshold: 1,
        waits: Waits { answer: 1, pod: 1, settling: 0 },
        max_pending: 10,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 0,
        live_history,
    })))
}

struct Streamed {
    orders: mpsc::Sender<Sent>,
    reports: Streaming<LiveReport>,
    decoder: LiveDecoder,
    _following: Following,
}

impl Streamed {
    async fn start(shared: &Arc<Shared>) -> Self {
        let (streams, mut opened) = mpsc::channel(4);
        let service = LiveServer::new(Operator(streams));
        let channel = connect(Server::builder().add_service(service)).await;
        let following = follow(shared, channel, "n1");
        let (orders, reports) = tokio::time::timeout(TIMEOUT, opened.recv()).await.unwrap().unwrap();
        Self { orders, reports, decoder: LiveDecoder::default(), _following: following }
    }

    async fn next(&mut self) -> Report {
        let message = tokio::time::timeout(TIMEOUT, self.reports.message()).await.expect("a report");
        message.unwrap().unwrap().report.unwrap()
    }

    async fn batch(&mut self) -> LiveBatch {
        match self.next().await {
            Report::Batch(batch) => self.decoder.decode(*batch).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The answer to a question.
    async fn facts(&mut self, question: u64) -> Facts {
        self.orders.send(Ok(ask_facts(question))).await.unwrap();
        loop {
            if let Report::Facts(said) = self.next().await {
                let (answers, facts) = facts(*said).unwrap();
                assert_eq!(answers, question);
                return facts;
            }
        }
    }

    async fn watch(&self, generation: u64) {
        let watched = Watched { generation, namespaces: WatchedNamespaces::All, history: false };
        self.orders.send(Ok(order(&watched))).await.unwrap();
    }
}

async fn until(what: impl Fn() -> bool) {
    let waits = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, waits).await.expect("it becomes true");
}

fn pass(shared: &Shared) {
    let mut pipeline = shared.pipeline();
    pipeline.begin_pass(monotonic());
    pipeline.end_pass(true, monotonic());
}

#[tokio::test]
async fn what_the_operator_watches_is_watched_until_the_stream_ends() {
    let shared = shared(8);
    let mut stream = Streamed::start(&shared).await;
    let Report::Hello(hello) = stream.next().await else { panic!("no hello") };
    assert_eq!((hello.node.as_str(), hello.probe_version.as_str()), ("n1", env!("CARGO_PKG_VERSION")));
    for generation in 1..=2 {
        stream.watch(generation).await;
        until(|| shared.pipeline().live().changes() == generation).await;
        pass(&shared);
        let batch = stream.batch().await;
        assert_eq!((batch.generation, batch.complete), (generation, true));
    }
    assert!(shared.pipeline().live().is_on());
    drop(stream);
    until(|| !shared.pipeline().live().is_on()).await;
}

/// As after a change of the leader: the former task may end late.
#[tokio::test]
async fn the_end_of_a_stream_does_not_end_the_next_ones_watch() {
    let shared = shared(8);
    let former = Arc::clone(&shared.live_turn).lock_owned().await;
    let (streams, mut opened) = mpsc::channel(4);
    let channel = connect(Server::builder().add_service(LiveServer::new(Operator(streams)))).await;
    let _following = follow(&shared, channel, "n1");
    tokio::task::yield_now().await;
    let begins = tokio::time::timeout(Duration::from_millis(50), opened.recv()).await;
    assert!(begins.is_err(), "the former one has not ended");
    drop(former);
    let (orders, _reports) = tokio::time::timeout(TIMEOUT, opened.recv()).await.unwrap().unwrap();
    let watched = Watched { generation: 1, namespaces: WatchedNamespaces::All, history: false };
    orders.send(Ok(order(&watched))).await.unwrap();
    until(|| shared.pipeline().live().is_on()).await;
}

#[tokio::test]
async fn an_order_of_a_newer_operator_changes_nothing() {
    let shared = shared(8);
    let stream = Streamed::start(&shared).await;
    stream.orders.send(Ok(LiveOrder { order: None })).await.unwrap();
    stream.watch(1).await;
    until(|| shared.pipeline().live().is_on()).await;
    assert_eq!(shared.pipeline().live().changes(), 1);
}

/// What is in the answer, the pipeline's tests say.
#[tokio::test]
async fn an_estimate_is_answered_under_its_number_beside_what_is_watched() {
    let shared = shared(8);
    let mut stream = Streamed::start(&shared).await;
    let Report::Hello(hello) = stream.next().await else { panic!("no hello") };
    assert!(hello.knows_estimates);
    stream.watch(1).await;
    // One that cannot be read is not answered.
    let unreadable = EstimateOrder { id: 1, all: true, ..EstimateOrder::default() };
    stream.orders.send(Ok(LiveOrder { order: Some(Order::Estimate(Box::new(unreadable))) })).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let order = longwire_model::estimate::EstimateOrder { id: 2, ..Default::default() };
    stream.orders.send(Ok(order_estimate(&order).unwrap())).await.unwrap();
    let Report::Estimated(said) = stream.next().await else { panic!("no estimate") };
    let Estimated { id, estimate } = estimated(said);
    assert_eq!((id, estimate), (2, NodeEstimate { complete: true, ..NodeEstimate::default() }));
    pass(&shared);
    assert_eq!(stream.batch().await.generation, 1);
}

#[tokio::test]
async fn an_operator_without_live_views_is_asked_once() {
    let shared = shared(8);
    let channel = connect(Server::builder().add_optional_service(None::<LiveServer<Operator>>)).await;
    let mut following = follow(&shared, channel, "n1");
    tokio::time::timeout(TIMEOUT, &mut following.0).await.expect("it ends").unwrap();
    assert!(!shared.pipeline().live().is_on());
}

#[tokio::test]
async fn a_probe_without_live_views_has_a_stream_for_facts_alone() {
    let unsupported = shared(8);
    unsupported.cannot_watch("an old kernel".to_owned());
    for (shared, unready) in
        [(shared(0), "no configuration yet: is the operator reachable?"), (unsupported, "an old kernel")]
    {
        let mut stream = Streamed::start(&shared).await;
        let Report::Hello(hello) = stream.next().await else { panic!("no hello") };
        assert!(hello.without_views && hello.knows_facts);
        // An older operator does not know that.
        stream.watch(1).await;
        let said = stream.facts(7).await;
        assert!(said.unready.contains(&unready.to_owned()), "{said:?}");
        assert!(!shared.pipeline().live().is_on());
    }
}

#[tokio::test]
async fn facts_are_said_whenever_they_are_asked_for_and_are_those_of_the_self_metrics() {
    let shared = shared(8);
    let mut stream = Streamed::start(&shared).await;
    let Report::Hello(hello) = stream.next().await else { panic!("no hello") };
    assert!(hello.knows_facts && !hello.without_views);
    let first = stream.facts(1).await;
    assert_eq!((first.losses, first.lag.pass, first.lag.configuration), (Vec::new(), None, None));
    assert_eq!(first.kernel, std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim_end());
    // A record that is none, beside a live view.
    stream.watch(1).await;
    shared.pipeline().ingest(&[0], monotonic());
    shared.lag.passed(monotonic());
    shared.lag.configured(monotonic());
    shared.lag.ring((3, 8));
    let second = stream.facts(2).await;
    let lost =
        Lost { metric: "longwire_probe_records_skipped_total".to_owned(), reason: "invalid_size".to_owned(), count: 1 };
    assert_eq!(second.losses, [lost]);
    assert!(second.lag.pass.is_some() && second.lag.configuration.is_some() && second.uptime > first.uptime);
    let budgets: Vec<_> = second.budgets.iter().map(|budget| (budget.name.as_str(), budget.limit)).collect();
    let page = page(&shared);
    let bytes = value(&page, "longwire_probe_label_set_bytes_limit");
    let limits =
        [("series", 1_000), ("longConnections", 10), ("labelSetBytes", bytes), ("connections", 10), ("ringBytes", 8)];
    assert_eq!(budgets, limits);
    let used = ["longwire_probe_series_charged", "longwire_probe_label_set_bytes"].map(|name| value(&page, name));
    assert_eq!([second.budgets[0].used, second.budgets[2].used], used);
    assert_eq!(second.budgets[4].used, 3);
}

/// The self-metrics of a scrape.
fn page(shared: &Shared) -> String {
    let mut page = Vec::new();
    crate::self_metrics::write(shared, Format::Text, &mut page);
    String::from_utf8(page).unwrap()
}

fn value(page: &str, name: &str) -> u64 {
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_else(|| panic!("{page}"))
}

#[test]
fn a_pass_comes_each_second_while_somebody_watches_unless_that_is_much_of_the_time() {
    const MS: u64 = 1_000_000;
    assert_eq!(faster(5_000 * MS, MS), 1_000 * MS);
    assert_eq!(faster(500 * MS, MS), 500 * MS);
    assert_eq!(faster(5_000 * MS, 100 * MS), 2_000 * MS);
    assert_eq!(faster(5_000 * MS, 900 * MS), 5_000 * MS);
    assert_eq!(faster(u64::MAX, u64::MAX), u64::MAX);
}

#[test]
fn ends_are_sent_at_2000_a_second() {
    let begin = Instant::now();
    let at = |ms| begin + Duration::from_millis(ms);
    let mut pace = Pace::new(begin);
    assert_eq!(pace.left(at(0)), 2_000);
    pace.spend(2_000);
    assert_eq!((pace.left(at(0)), pace.left(at(10))), (0, 20));
    pace.spend(20);
    // A quarter of a second, then more than a second.
    assert_eq!((pace.left(at(260)), pace.left(at(9_000))), (500, 2_000));
    pace.spend(1_999);
    let mut taken = 0;
    for ms in 9_000..10_000 {
        let left = pace.left(at(ms));
        pace.spend(left);
        taken += left;
    }
    assert!((1_990..=2_001).contains(&taken), "{taken}");
}
