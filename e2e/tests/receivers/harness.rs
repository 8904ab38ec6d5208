//! The receivers read what the encoders write, and are read back, without a probe.

mod answers;

use crate::collector::server::Collector;
use crate::lines::{Lines, beyond_zero, counted, expect_close, expect_equal, page};
use crate::otlp::{Logs, points, records, text, told};
use crate::prometheus;
use crate::stage::PATIENCE;
use crate::statsd::server::StatsdExporter;
use anyhow::{Context, Result, bail, ensure};
use longwire_export::access_log::samples::record;
use longwire_export::exposition::{self, Cursor, Format};
use longwire_export::otlp::metrics::{Encoder, Export, Temporality};
use longwire_export::otlp::{Origin, logs};
use longwire_export::statsd::{self, Baseline, Framing, Options};
use longwire_model::access_log::{LogEvent, LogFormat};
use longwire_model::exporter::StatsdPrefix;
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::{FailReason, Monotonic};
use longwire_testkit::{Netns, Scrape, Truth, confirm, eventually, http, janitor};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::{SystemTime, UNIX_EPOCH};

const PROTOBUF: &str = "application/x-protobuf";

/// Some series of two edges. Its clock is the wall clock.
struct World {
    store: SeriesStore,
    now: Monotonic,
}

impl World {
    fn new() -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos().try_into()?;
        let mut store = SeriesStore::new(Budget::undivided(1_000, 1_000));
        let sets: SeriesSets = SeriesSet::ALL.into_iter().collect();
        for (client, sent) in [("web", 1_000_000_007), ("job", 3)] {
            let held = hold_edge(&mut store, &edge(Reporter::Source, client, "db"), sets.into(), now);
            let lived = Delta {
                sent,
                received: 9,
                opened: 1,
                closed: 1,
                rtt_us: Some(1_234),
                handshake: Some(2_000_000),
                duration: Some(60_000_000_001),
                ..Delta::default()
            };
            store.record(&held, Reporter::Source, &lived, now);
            let failed = Delta { failed: Some((FailReason::Refused, 2)), ..Delta::default() };
            store.record(&held, Reporter::Source, &failed, now);
        }
        store.publish();
        store.open(None, now);
        Ok(Self { store, now })
    }

    fn page(&self) -> Result<Lines> {
        let (mut encoder, mut cursor) = (exposition::Encoder::default(), Cursor::new(Format::Text));
        let mut text = Vec::new();
        while encoder.render(&self.store, &mut cursor, usize::MAX, &mut text) {}
        page(&Scrape::parse(str::from_utf8(&text)?, longwire_testkit::Format::Text)?)
    }

    /// The requests of one export.
    fn requests(&self) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(origin(), Temporality::Cumulative);
        let (mut export, mut ready) = (Export::new(self.now, 0, 4_096), Vec::new());
        while encoder.render(&self.store, &mut export, usize::MAX, &mut ready) {}
        ready.into_iter().map(|request| request.bytes().to_vec()).collect()
    }

    /// A flush for one receiver.
    fn packets(&self, prefix: &str, framing: Framing) -> Result<Vec<Vec<u8>>> {
        let options = Options { prefix: StatsdPrefix::parse(prefix)?, framing, ..Options::default() };
        let mut encoder = statsd::Encoder::new(options, Baseline::ZERO);
        let (mut cursor, mut packets) = (encoder.begin(), Vec::new());
        while encoder.render(&self.store, &mut cursor, usize::MAX, &mut packets) {}
        Ok(packets.into_iter().map(|packet| packet.bytes().to_vec()).collect())
    }
}

fn origin() -> Origin {
    Origin::new([("service.name", "longwire-probe"), ("service.instance.id", "node")])
}

fn post(netns: &Netns, to: SocketAddr, path: &str, body: &[u8]) -> Result<()> {
    let response = netns.run(|| http::post_to(to, path, PROTOBUF, body))?;
    let said = String::from_utf8_lossy(&response.body);
    ensure!(response.status == 200, "{path}: {} {said}", response.status);
    Ok(())
}

#[test]
fn a_collectors_files_are_read_back_over_its_kill() -> Result<()> {
    janitor::hire()?;
    let (netns, world) = (Netns::new()?, World::new()?);
    let mut collector = Collector::start(&netns)?;
    for round in 1..=2 {
        let exported = world.requests();
        for request in &exported {
            post(&netns, collector.http, "/v1/metrics", request)?;
        }
        let mut batch = logs::Batch::new(origin(), usize::MAX);
        for event in [LogEvent::Close, LogEvent::Failed] {
            ensure!(batch.push(&record(event, LogFormat::Json)).is_none(), "there is room for all");
        }
        post(&netns, collector.http, "/v1/logs", &batch.finish().context("no request")?.bytes)?;
        // It writes to its files after it has answered.
        eventually(PATIENCE, || {
            let (metrics, logs) = (collector.metrics()?, collector.logs()?.len());
            let due = (round * exported.len(), round);
            confirm!((metrics.len(), logs) == due, "{} and {logs} requests instead of {due:?}", metrics.len())
        })?;
        let points = collector.metrics()?.iter().map(points).collect::<Result<Vec<_>>>()?.concat();
        ensure!(points.iter().all(|point| point.time == world.now && point.start <= world.now), "other times");
        let values: Lines = points.into_iter().map(|point| (point.line, point.value)).collect();
        expect_equal(&values, &world.page()?)?;
        collector.kill();
        collector.restart()?;
    }
    let requests: Vec<Logs> = collector.logs()?;
    ensure!(records(&requests).len() == 4, "{} records", records(&requests).len());
    // Twice the same.
    let told = told(&requests)?;
    let only = told.values().copied().collect::<Vec<_>>();
    let [only] = only[..] else { bail!("{told:?} is not of one edge") };
    ensure!(only.truth == Truth::whole(108, 406) && only.failed == 1, "{only:?}");
    let attributes = text(&records(&requests)[0].attributes)?;
    ensure!(attributes.get("longwire.close_reason").is_some_and(|reason| reason == "fin"), "{attributes:?}");
    Ok(())
}

#[test]
fn prometheus_names_what_is_pushed_as_the_page_does_with_any_strategy() -> Result<()> {
    janitor::hire()?;
    let strategies =
        ["UnderscoreEscapingWithSuffixes", prometheus::STRATEGY, "NoUTF8EscapingWithSuffixes", "NoTranslation"];
    for strategy in strategies {
        let (netns, world) = (Netns::new()?, World::new()?);
        let server = prometheus::start(&netns, &[], strategy)?;
        for request in world.requests() {
            post(&netns, server.address, "/api/v1/otlp/v1/metrics", &request)?;
        }
        let page = world.page()?;
        let names: BTreeSet<String> = page.keys().map(|(name, _)| name.clone()).collect();
        let pushed = prometheus::values(&server, &names, "job=\"longwire-probe\",instance=\"node\"")?;
        expect_equal(&pushed, &page).context(strategy)?;
        let range = server.samples("istio_tcp_sent_bytes_total[1m]", longwire_testkit::now())?;
        ensure!(range.len() == 2 && range.iter().all(|(_, samples)| samples.len() == 1), "{range:?}");
    }
    Ok(())
}

#[test]
fn statsd_exporter_adds_up_what_comes_over_each_transport() -> Result<()> {
    janitor::hire()?;
    let (netns, world) = (Netns::new()?, World::new()?);
    let mut receiver = StatsdExporter::start(&netns)?;
    // Twice, because it forgets.
    for _ in 0..2 {
        let udp = netns.run(|| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))?;
        for packet in world.packets("udp", Framing::Datagrams)? {
            udp.send_to(&packet, receiver.udp)?;
        }
        let unix = UnixDatagram::unbound()?;
        for packet in world.packets("unix", Framing::Datagrams)? {
            unix.send_to(&packet, receiver.socket())?;
        }
        let mut tcp = netns.run(|| TcpStream::connect(receiver.tcp))?;
        for packet in world.packets("tcp", Framing::Stream)? {
            tcp.write_all(&packet)?;
        }
        let due = beyond_zero(&counted(&world.page()?));
        for transport in ["udp", "unix", "tcp"] {
            eventually(PATIENCE, || {
                let totals = beyond_zero(&counted(&receiver.totals(transport)?));
                expect_close(&totals, &due, |(name, _)| if name.ends_with("_sum") { 1e-6 } else { 0.0 })
            })
            .with_context(|| transport.to_owned())?;
        }
        receiver.kill();
        receiver.restart()?;
    }
    Ok(())
}
