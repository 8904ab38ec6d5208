//! A probe and an operator over gRPC: what somebody watches there is said here.

#[path = "live/estimates.rs"]
mod estimates;

use longwire_model::connection::{CloseReason, Reporter, Traffic};
use longwire_model::live::{Ending, LiveBatch, LiveName, WatchedNamespaces, Whose};
use longwire_operator::acks::Acks;
use longwire_operator::cluster::writer::Writer;
use longwire_operator::cluster::writer::questions::Question;
use longwire_operator::counters::Counters;
use longwire_operator::live::demand::{Demand, Interest, LINGER, Scope};
use longwire_operator::live::streams::{self, FromStream, LiveReports, StreamNews};
use longwire_operator::policy::compile::{Compiler, Settings};
use longwire_operator::publish::role::Role;
use longwire_operator::publish::{Published, Publisher};
use longwire_operator::serve::{self, Context};
use longwire_operator::source::event::{Batch, Event};
use longwire_operator::source::object::Object;
use longwire_pipeline::record::{Counters as Moved, RawRecord, Sample, flag, kind};
use longwire_probe::simulated::SimulatedProbe;
use serde_json::json;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use zerocopy::{FromZeros, IntoBytes};

/// Longer than anything takes, even on a machine that stalls for seconds.
const TIMEOUT: Duration = Duration::from_secs(60);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);

/// An operator with pod `web` of `shop` at `CLIENT` on node `n1`, and `db` of `data` at `SERVER` elsewhere.
struct Operator {
    address: SocketAddr,
    reports: LiveReports,
    demand: Demand,
    events: mpsc::Sender<Batch>,
    published: watch::Receiver<Published>,
    acks: Arc<Acks>,
    questions: mpsc::Sender<Question>,
    counters: Arc<Counters>,
    /// Nobody writes a role while the operator lives.
    role: watch::Sender<Role>,
}

fn pod((namespace, name): (&str, &str), node: &str, address: Ipv4Addr) -> Event {
    let pod = json!({
        "metadata": {"name": name, "namespace": namespace, "uid": name},
        "spec": {"nodeName": node, "containers": []},
        "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
    });
    let pod: k8s_openapi::api::core::v1::Pod = serde_json::from_value(pod).unwrap();
    Event::Apply(Object::Pod(Arc::new(pod.try_into().unwrap())))
}

impl Operator {
    async fn start() -> Self {
        let text = str::to_owned;
        let settings =
            Settings { cluster_name: text("c"), cluster_domain: text("cluster.local"), root_namespace: text("watch") };
        let counters = Arc::<Counters>::default();
        let (publisher, published) = Publisher::new();
        let writer = Writer::new(Compiler::new(settings), publisher, None, Arc::clone(&counters));
        let (observations, questions) = (writer.observations(), writer.questions());
        let (events, batches) = mpsc::channel(4);
        tokio::spawn(writer.run(batches, || 1));
        let (web, db) = (pod(("shop", "web"), "n1", CLIENT), pod(("data", "db"), "n2", SERVER));
        events.send(vec![web, db, Event::Synced]).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (live, reports) = streams::channel();
        let (role, receiver) = watch::channel(Role::Leader);
        let acks = Arc::<Acks>::default();
        let context = Context {
            published: published.clone(),
            acks: Arc::clone(&acks),
            role: receiver,
            gate: None,
            readers: None,
            counters: Arc::clone(&counters),
            observations,
            live: Some(live),
        };
        tokio::spawn(serve::serve(listener, context, None, pending()));
        let demand = Demand::default();
        Self { address, reports, demand, events, published, acks, questions, counters, role }
    }

    fn probe(&self) -> SimulatedProbe {
        self.probe_with(&[])
    }

    /// With more flags.
    fn probe_with(&self, more: &[&str]) -> SimulatedProbe {
        let line = ["--node-name", "n1", "--operator"].map(str::to_owned).into_iter();
        let line = line.chain([format!("http://{}", self.address)]);
        let line: Vec<_> = line.chain(more.iter().map(|word| (*word).to_owned())).collect();
        let probe = SimulatedProbe::start(&line).unwrap();
        probe.pipeline().local_cgroups([(1, "kubepods/podweb/x".to_owned())]);
        probe
    }

    fn ask(&mut self) {
        self.reports.watched.send_replace(self.demand.watched());
    }

    async fn heard(&mut self) -> (u64, StreamNews) {
        let news = timeout(TIMEOUT, self.reports.news.recv()).await.expect("news").unwrap();
        let FromStream { stream, node, news } = news;
        assert_eq!(&*node, "n1");
        (stream, news)
    }
}

fn client(kind: u32, moved: Moved) -> RawRecord {
    let mut record = RawRecord::new_zeroed();
    let now = SimulatedProbe::now();
    (record.kind, record.flags, record.id) = (kind, flag::ACTIVE, 7);
    (record.time, record.syn_time, record.established) = (now, now - 2_000, now - 1_000);
    (record.cgroup, record.netns) = (1, 2);
    (record.client_isn, record.server_isn) = (3, 4);
    (record.local, record.remote) = (CLIENT.to_ipv6_mapped().octets(), SERVER.to_ipv6_mapped().octets());
    (record.local_port, record.remote_port) = (40_000, 5_432);
    record.counters = moved;
    record
}

fn moved(sent: u64) -> Moved {
    Moved { sent, received: 3, srtt_us: 70, ..Moved::default() }
}

fn pass(probe: &SimulatedProbe, sent: u64) {
    probe.settle();
    let mut pipeline = probe.pipeline();
    let now = SimulatedProbe::now();
    pipeline.begin_pass(now);
    pipeline.samples(&[Sample { id: 7, counters: moved(sent) }], now);
    pipeline.end_pass(true, SimulatedProbe::now());
}

/// Passes go by until this is true.
async fn until(probe: &SimulatedProbe, sent: u64, what: impl Fn() -> bool) {
    let passing = async {
        while !what() {
            pass(probe, sent);
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, passing).await.expect("it becomes true");
}

/// The next batch, while passes go by.
async fn batch(operator: &mut Operator, probe: &SimulatedProbe, sent: u64) -> LiveBatch {
    let passing = async {
        loop {
            pass(probe, sent);
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        (_, news) = operator.heard() => match news {
            StreamNews::Batch(batch) => batch,
            other => panic!("{other:?}"),
        },
        () = passing => unreachable!(),
    }
}

async fn batch_with(
    operator: &mut Operator,
    probe: &SimulatedProbe,
    sent: u64,
    wanted: impl Fn(&LiveBatch) -> bool,
) -> LiveBatch {
    loop {
        let batch = batch(operator, probe, sent).await;
        if wanted(&batch) {
            return batch;
        }
    }
}

#[tokio::test]
async fn a_watched_connection_is_described_moves_and_ends() {
    let mut operator = Operator::start().await;
    let probe = operator.probe();
    let (stream, StreamNews::Opened { release }) = operator.heard().await else { panic!("it opens") };
    assert_eq!(release, env!("CARGO_PKG_VERSION"));
    probe.pipeline().ingest(client(kind::ANNOUNCE, moved(10)).as_bytes(), SimulatedProbe::now());
    let interest = Interest { scope: Scope::Namespace("data".to_owned()), history: false };
    operator.demand.join(&interest, Instant::now()).unwrap();
    operator.ask();

    let first = batch_with(&mut operator, &probe, 10, |batch| !batch.described.is_empty()).await;
    let [(1, described)] = &first.described[..] else { panic!("{first:?}") };
    assert_eq!((first.generation, described.reporter), (1, Reporter::Source));
    assert!(matches!(described.name, LiveName::Shared(_)));
    let names = [&described.source, &described.destination].map(|end| {
        let workload = end.workload.as_ref().unwrap();
        (workload.namespace.clone(), end.pod.as_ref().unwrap().name.clone())
    });
    let expected = [("shop", "web"), ("data", "db")].map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    assert_eq!(names, expected);
    let place = &described.destination.pod.as_ref().unwrap().place;
    assert_eq!((place.node.as_str(), described.answered), ("n2", Some(SocketAddr::from((SERVER, 5_432)))));

    let next = batch_with(&mut operator, &probe, 500, |batch| !batch.moved.is_empty()).await;
    let traffic = Traffic { received: 500, sent: 3, ..Traffic::default() };
    assert_eq!((next.described.len(), next.moved[0].1.traffic), (0, traffic));
    assert_eq!(next.moved[0].1.rtt_us, Some(70));

    probe.pipeline().ingest(client(kind::CLOSE, moved(600)).as_bytes(), SimulatedProbe::now());
    let last = batch_with(&mut operator, &probe, 600, |batch| !batch.ended.is_empty()).await;
    let (Whose::Number(1), moved, ended) = &last.ended[0] else { panic!("{last:?}") };
    let how = Ending::Closed { by: Some(Reporter::Source), reason: Some(CloseReason::Fin) };
    assert_eq!((moved.traffic.received, ended.how), (600, how));

    // Nobody watches any more, and then somebody watches what the connection has no end in.
    operator.demand.leave(&interest, Instant::now());
    operator.demand.expire(Instant::now() + LINGER);
    operator.ask();
    until(&probe, 600, || !probe.pipeline().live().is_on()).await;
    drop(probe);
    while operator.heard().await != (stream, StreamNews::Ended) {}
}

#[tokio::test]
async fn a_probe_that_is_restarted_says_everything_anew() {
    let mut operator = Operator::start().await;
    let interest = Interest { scope: Scope::All, history: false };
    operator.demand.join(&interest, Instant::now()).unwrap();
    operator.ask();
    assert_eq!(operator.demand.watched().namespaces, WatchedNamespaces::All);
    let mut streams = Vec::new();
    for _ in 0..2 {
        let probe = operator.probe();
        let (stream, StreamNews::Opened { .. }) = operator.heard().await else { panic!("it opens") };
        streams.push(stream);
        probe.pipeline().ingest(client(kind::ANNOUNCE, moved(10)).as_bytes(), SimulatedProbe::now());
        let batch = batch_with(&mut operator, &probe, 10, |batch| !batch.described.is_empty()).await;
        assert_eq!((batch.generation, batch.described.len()), (1, 1));
        drop(probe);
        while operator.heard().await.1 != StreamNews::Ended {}
    }
    assert_ne!(streams[0], streams[1]);
}

#[tokio::test]
async fn a_probe_says_how_it_is_when_it_is_asked_with_and_without_live_views() {
    for more in [&[][..], &["--live-history", "0"]] {
        let operator = Operator::start().await;
        let probe = operator.probe_with(more);
        probe.pipeline().ingest(client(kind::ANNOUNCE, moved(10)).as_bytes(), SimulatedProbe::now());
        probe.pipeline().ingest(&[0], SimulatedProbe::now());
        let asking = async {
            loop {
                if let Some(facts) = operator.reports.questions.ask().await.remove("n1") {
                    return facts;
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        let facts = timeout(TIMEOUT, asking).await.expect("an answer");
        let stats = probe.pipeline().stats();
        let connections = facts.budgets.iter().find(|budget| budget.name == "connections").unwrap();
        assert_eq!((connections.used, connections.limit), (1, 131_072));
        assert_eq!((stats.connections, stats.invalid_size), (1, 1));
        let losses: Vec<_> = facts.losses.iter().map(|lost| (lost.reason.as_str(), lost.count)).collect();
        assert_eq!(losses, [("invalid_size", 1)]);
        assert!(!facts.kernel.is_empty() && facts.architecture == std::env::consts::ARCH, "{facts:?}");
    }
}
