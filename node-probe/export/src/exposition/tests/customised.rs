//! Label sets that are not as the table has them, and Envoy's, line for line.

use crate::exposition::Format;
use crate::exposition::grammar::{parse, text};
use longwire_model::series::{Metric, Metrics, SERVICE_LABELS};
use longwire_model::tag::TagName;
use longwire_pipeline::labels::samples::{edge, pod, service, workload};
use longwire_pipeline::metrics::samples::{hold_cluster, hold_customised};
use longwire_pipeline::metrics::{Budget, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;

/// One connection, counted under these labels alone.
fn under(labels: &[(&str, &str)], metrics: Metrics, delta: &Delta, format: Format) -> String {
    let added = labels.iter().map(|(name, value)| (*name, Some(*value)));
    let mut all: Vec<_> = SERVICE_LABELS.map(|name| (name, None)).into_iter().chain(added).collect();
    all.sort_unstable();
    let label = |(name, value): (&str, Option<&str>)| (TagName::parse(name).unwrap(), value.map(Into::into));
    let mut store = SeriesStore::new(Budget::undivided(1_000, 10));
    let edge = edge(Reporter::Source, "client", "server");
    let held = hold_customised(&mut store, &edge, metrics, all.into_iter().map(label).collect(), 0);
    store.record(&held, Reporter::Source, delta, 0);
    text(&mut store, format, usize::MAX)
}

#[test]
fn labels_of_ones_own_are_written_like_all_others() {
    let opened = Metrics::NONE.with(Metric::IstioOpened);
    let delta = Delta { opened: 1, ..Delta::default() };
    let help = "# HELP istio_tcp_connections_opened_total Connections established, cumulative.\n\
                # TYPE istio_tcp_connections_opened_total counter\n";
    for (labels, expected) in [
        (vec![], "istio_tcp_connections_opened_total{} 1\n"),
        (vec![("team", "a\"b\\c\nd")], "istio_tcp_connections_opened_total{team=\"a\\\"b\\\\c\\nd\"} 1\n"),
        (vec![("zone", "z"), ("team", "t")], "istio_tcp_connections_opened_total{team=\"t\",zone=\"z\"} 1\n"),
    ] {
        assert_eq!(under(&labels, opened, &delta, Format::Text), format!("{help}{expected}"));
    }
}

#[test]
fn a_label_of_the_family_follows_them_and_stands_alone_without_any() {
    let metrics = Metrics::NONE.with(Metric::LongwireFailed).with(Metric::LongwireDuration);
    let delta = Delta { failed: Some((FailReason::Timeout, 2)), duration: Some(1), ..Delta::default() };
    for (labels, failed, bucket) in [
        (vec![], "{reason=\"timeout\"} 2", "{le=\"+Inf\"} 1"),
        (vec![("team", "t")], "{team=\"t\",reason=\"timeout\"} 2", "{team=\"t\",le=\"+Inf\"} 1"),
    ] {
        for format in [Format::Text, Format::OpenMetrics] {
            let text = under(&labels, metrics, &delta, format);
            assert!(text.contains(&format!("\nlongwire_tcp_connections_failed_total{failed}\n")), "{text}");
            assert!(text.contains(&format!("\nlongwire_tcp_connection_duration_seconds_bucket{bucket}\n")), "{text}");
            parse(&text, format);
        }
    }
}

#[test]
fn envoys_names_stay_and_openmetrics_calls_a_counter_only_what_is_named_like_one() {
    let mut store = SeriesStore::new(Budget::undivided(1_000, 10));
    let pod = pod("client-0", &workload("client"));
    let edge = edge(Reporter::Source, "client", "server");
    let held = hold_cluster(&mut store, (edge, pod), (80, service("web")), 0);
    let delta = Delta { sent: 3, received: 4, opened: 3, closed: 2, closed_by_remote: 1, ..Delta::default() };
    store.record(&held, Reporter::Source, &delta, 0);
    store.activate(&held);
    let labels = "{cluster_name=\"outbound|80||web.shop.svc.cluster.local\",source_pod_namespace=\"ns\",source_pod_name=\"client-0\"}";
    for (format, rows) in [
        (
            Format::Text,
            [
                ("total", "total", "counter", "3"),
                ("active", "active", "gauge", "1"),
                ("connect_fail", "connect_fail", "untyped", "0"),
                ("destroy", "destroy", "untyped", "2"),
                ("destroy_local", "destroy_local", "untyped", "1"),
                ("destroy_remote", "destroy_remote", "untyped", "1"),
                ("rx_bytes_total", "rx_bytes_total", "counter", "4"),
                ("tx_bytes_total", "tx_bytes_total", "counter", "3"),
            ],
        ),
        (
            Format::OpenMetrics,
            [
                ("", "total", "counter", "3"),
                ("active", "active", "gauge", "1"),
                ("connect_fail", "connect_fail", "unknown", "0"),
                ("destroy", "destroy", "unknown", "2"),
                ("destroy_local", "destroy_local", "unknown", "1"),
                ("destroy_remote", "destroy_remote", "unknown", "1"),
                ("rx_bytes", "rx_bytes_total", "counter", "4"),
                ("tx_bytes", "tx_bytes_total", "counter", "3"),
            ],
        ),
    ] {
        let text = text(&mut store, format, usize::MAX);
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("# HELP")).collect();
        let expected = rows.iter().flat_map(|(family, sample, kind, value)| {
            let family = format!("envoy_cluster_upstream_cx_{family}");
            let family = family.trim_end_matches('_');
            [format!("# TYPE {family} {kind}"), format!("envoy_cluster_upstream_cx_{sample}{labels} {value}")]
        });
        assert_eq!(lines, expected.collect::<Vec<_>>());
        parse(&text, format);
    }
}
