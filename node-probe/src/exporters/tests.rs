use super::*;
use longwire_model::exporter::{Flavor, Flush, Histograms, Statsd, StatsdAddress, StatsdPrefix};
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::Update;
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use tokio::net::UdpSocket;

fn shared() -> Arc<Shared> {
    Arc::new(Shared::new(Pipeline::new(Options {
        budget: Budget::undivided(1000, 10),
        max_connections: 10,
        long_connection_threshold: 1,
        waits: Waits { answer: 1, pod: 1, settling: 0 },
        max_pending: 10,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 0,
        live_history: 8,
    })))
}

fn exporters(shared: &Arc<Shared>, directory: Option<&Path>) -> Exporters {
    let setup = Setup {
        environment: Environment::default(),
        secrets: None,
        log_directory: directory.map(Path::to_owned),
        node: "n1".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    Exporters::new(Arc::clone(shared), Arc::default(), setup)
}

fn configure(shared: &Shared, exporters: Vec<Exporter>) {
    let settings = NodeSettings { exporters, ..NodeSettings::default() };
    shared.pipeline().apply(&Update { settings: Some(settings), ..Update::default() }, 1);
}

fn named(name: &str, target: Target) -> Exporter {
    Exporter { name: ExporterName::parse(name).unwrap(), target }
}

fn names(shared: &Shared) -> Vec<String> {
    shared.exports.all().iter().map(|(name, _)| name.to_string()).collect()
}

#[tokio::test]
async fn exporters_begin_and_end_with_the_settings() {
    let (directory, shared) = (tempfile::tempdir().unwrap(), shared());
    let mut exporters = exporters(&shared, Some(directory.path()));
    let files = |max_files| Target::File(LogFile { max_files, ..LogFile::default() });
    configure(&shared, vec![named("a", files(2)), named("b", files(2))]);
    exporters.apply();
    assert_eq!(names(&shared), ["a", "b"]);
    assert!(directory.path().join("b.log").exists());
    // One with other settings begins anew, and goes on counting.
    let counts = Arc::clone(&shared.exports.all()[1].1);
    counts.not_written.fetch_add(7, Relaxed);
    configure(&shared, vec![named("b", files(3))]);
    exporters.apply();
    assert_eq!((names(&shared), shared.exports.all()[0].1.not_written.load(Relaxed)), (vec!["b".to_owned()], 7));
    configure(&shared, Vec::new());
    exporters.apply();
    assert!(names(&shared).is_empty() && exporters.running.is_empty());
}

#[tokio::test]
async fn a_directory_that_comes_later_is_used_then() {
    let (directory, shared) = (tempfile::tempdir().unwrap(), shared());
    let logs = directory.path().join("logs");
    let mut exporters = exporters(&shared, Some(&logs));
    configure(&shared, vec![named("a", Target::File(LogFile::default()))]);
    exporters.apply();
    assert!(exporters.running.values().all(|running| running.lacks_file.is_some()));
    fs::create_dir(&logs).unwrap();
    exporters.apply();
    assert!(exporters.running.values().all(|running| running.lacks_file.is_none()) && logs.join("a.log").exists());
}

#[tokio::test]
async fn without_a_directory_there_are_no_files_and_no_failure() {
    let shared = shared();
    let mut exporters = exporters(&shared, None);
    configure(&shared, vec![named("a", Target::File(LogFile::default()))]);
    (0..2).for_each(|_| exporters.apply());
    assert_eq!(names(&shared), ["a"]);
}

fn statsd(address: &str, flush: Flush) -> Exporter {
    let statsd = Statsd {
        address: StatsdAddress::parse(address).unwrap(),
        flavor: Flavor::default(),
        prefix: StatsdPrefix::default(),
        max_packet_bytes: 1432,
        flush,
        histograms: Histograms::default(),
    };
    named("agent", Target::Statsd(Box::new(statsd)))
}

/// An exporter that flushes when the probe is scraped.
async fn on_scrape(shared: &Arc<Shared>) -> (Exporters, UdpSocket) {
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    configure(shared, vec![statsd(&format!("udp://{}", receiver.local_addr().unwrap()), Flush::OnScrape)]);
    let mut exporters = exporters(shared, None);
    exporters.apply();
    (exporters, receiver)
}

/// Of one edge, from the server to the client.
fn count(shared: &Shared, bytes: u64) {
    let mut pipeline = shared.pipeline();
    let all: SeriesSets = SeriesSet::ALL.into_iter().collect();
    let held = hold_edge(pipeline.store_mut(), &edge(Reporter::Source, "client", "server"), all.into(), 1);
    pipeline.store_mut().record(&held, Reporter::Source, &Delta { received: bytes, ..Delta::default() }, 1);
    pipeline.publish();
}

#[tokio::test]
async fn a_flush_follows_a_scrape_and_what_was_counted_before_is_not_new() {
    let shared = shared();
    count(&shared, 5);
    let (exporters, receiver) = on_scrape(&shared).await;
    count(&shared, 7);
    shared.scraped.send_modify(|scrapes| *scrapes += 1);
    let mut packet = vec![0; 2000];
    let read = tokio::time::timeout(Duration::from_secs(60), receiver.recv(&mut packet)).await.unwrap().unwrap();
    let text = String::from_utf8(packet[..read].to_vec()).unwrap();
    let sent = text.lines().find(|line| line.starts_with("istio_tcp_sent_bytes_total:")).unwrap();
    assert!(sent.contains(":7|c|"), "{text}");
    drop(exporters);
}

#[tokio::test]
async fn however_short_its_interval_an_exporter_does_not_try_a_dead_receiver_all_the_time() {
    let (directory, shared) = (tempfile::tempdir().unwrap(), shared());
    let nobody = format!("unix://{}", directory.path().join("nobody").display());
    configure(&shared, vec![statsd(&nobody, Flush::Every(Duration::from_millis(1)))]);
    let mut exporters = exporters(&shared, None);
    exporters.apply();
    count(&shared, 7);
    let counts = Arc::clone(&shared.exports.all()[0].1);
    let failed = || counts.metrics.as_ref().map_or(0, |counts| counts.gave_up.load(Relaxed));
    while failed() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // As often as it could, it would be hundreds of times.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(failed() < 50, "{} packets", failed());
}
