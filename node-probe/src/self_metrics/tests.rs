use super::*;
use longwire_model::exporter::{Exporter, ExporterName, Otlp, Target};
use longwire_model::identity::{Place, Pod, Workload};
use longwire_model::matcher::{Pattern, StatsMatcher, StringMatcher};
use longwire_model::series::{LABEL_VALUES, OPEN_LABELS, PROBE_LOOP_DURATION, SeriesSets, is_listed};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn the_reference_lists_the_kinds_that_the_kernel_side_counts() {
    let of = |metric| {
        let rows = LABEL_VALUES.iter().filter(move |row| row.metrics.contains(&metric));
        rows.flat_map(|row| row.values).map(|(kind, _)| *kind).collect::<BTreeSet<_>>()
    };
    let (losses, exceptions): (BTreeSet<_>, BTreeSet<_>) =
        crate::kernel::KINDS.into_iter().partition(|kind| readings::LOST.contains(kind));
    assert_eq!(of("longwire_probe_kernel_losses_total"), losses);
    assert_eq!(of("longwire_probe_kernel_exceptions_total"), exceptions);
}

fn pipeline() -> Pipeline {
    Pipeline::new(Options {
        budget: Budget::undivided(1000, 10),
        max_connections: 10,
        long_connection_threshold: 1,
        waits: Waits { answer: 1, pod: 1, settling: 0 },
        max_pending: 10,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 0,
        live_history: 8,
    })
}

/// Of metrics and logs.
fn exporter() -> Exporter {
    let otlp = Otlp {
        endpoint: None,
        protocol: None,
        compression: None,
        timeout: None,
        interval: None,
        temporality: None,
        headers: Vec::new(),
        resource: Vec::new(),
        secret: None,
        metrics: true,
        logs: true,
    };
    Exporter { name: ExporterName::parse("collector").unwrap(), target: Target::Otlp(Box::new(otlp)) }
}

#[test]
fn every_row_of_the_table_is_read_and_every_reading_has_a_row() {
    let shared = Shared::new(pipeline());
    shared.exports.begin(&exporter());
    let readings = readings::take(&shared);
    let histograms = shared.heartbeats.families();
    let read: BTreeSet<_> =
        readings.iter().map(|reading| reading.name).chain(histograms.iter().map(MetricFamily::name)).collect();
    for metric in histograms.iter().flat_map(MetricFamily::get_metric) {
        let [label] = metric.get_label() else { panic!("{metric:?}") };
        assert!(is_listed(PROBE_LOOP_DURATION.name, label.name(), label.value()), "{}", label.value());
    }
    // Values of the kernel side exist after the first pass.
    let of_kernel = [
        "longwire_probe_kernel_losses_total",
        "longwire_probe_kernel_exceptions_total",
        "longwire_probe_recursion_misses_total",
    ];
    let rows: BTreeSet<_> = SELF_METRICS.iter().map(|row| row.name).filter(|name| !of_kernel.contains(name)).collect();
    assert_eq!(read, rows);
    for reading in &readings {
        let row = SELF_METRICS.iter().find(|row| row.name == reading.name).unwrap();
        assert_eq!(reading.labels().len(), row.labels.len(), "{}", row.name);
        for (label, value) in row.labels.iter().zip(reading.labels()) {
            let is_known = OPEN_LABELS.contains(label) || is_listed(row.name, label, value);
            assert!(is_known, "docs/metrics.md does not say what {label}={value} of {} means", row.name);
        }
    }
    assert!(gather(&readings).is_ok());
}

/// Lines of Envoy's server on a node with pods of these matchers.
fn of_server(matchers: &[Option<StatsMatcher>]) -> Vec<String> {
    let mut pipeline = pipeline();
    let pods = (0..).zip(matchers).map(|(number, stats)| local_pod(number, stats.clone())).collect();
    pipeline.apply(&Update { pods, ..Update::default() }, 1);
    let mut page = Vec::new();
    write(&Shared::new(pipeline), Format::Text, &mut page);
    let page = String::from_utf8(page).unwrap();
    page.lines().filter(|line| line.starts_with("envoy_")).map(str::to_owned).collect()
}

fn local_pod(number: u32, stats: Option<StatsMatcher>) -> LocalPod {
    let name = || "shop".to_owned();
    let workload = Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: name(),
    };
    let pod = Pod {
        uid: format!("uid-{number}"),
        name: format!("pod-{number}"),
        addresses: Vec::new(),
        host_network: false,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::new(Place::default()),
        labels: Vec::new(),
    };
    LocalPod { pod: Arc::new(pod), telemetry: Arc::new(Telemetry { stats, ..Telemetry::plain(SeriesSets::NONE) }) }
}

#[test]
fn statistics_of_envoys_server_are_there_while_a_matcher_of_a_pod_accepts_them() {
    let inclusion = |pattern| Some(StatsMatcher::Inclusion(vec![StringMatcher::new(pattern, false).unwrap()]));
    let of_clusters = inclusion(Pattern::Prefix("cluster.".to_owned()));
    assert_eq!(of_server(&[]), [] as [&str; 0]);
    assert_eq!(of_server(&[None, of_clusters.clone(), Some(StatsMatcher::RejectAll)]), [] as [&str; 0]);
    let one = inclusion(Pattern::Exact("server.watchdog_miss".to_owned()));
    assert_eq!(of_server(&[of_clusters, one.clone(), one]), ["envoy_server_watchdog_miss 0"]);
    let all = [Some(StatsMatcher::Exclusion(Vec::new()))];
    assert_eq!(of_server(&all), ["envoy_server_watchdog_miss 0", "envoy_server_watchdog_mega_miss 0"]);
}
