//! One edge, line for line.

use super::parsed::texts;
use super::stage::{SECOND, options};
use crate::statsd::{Baseline, Encoder, Flavor, Histograms, Options};
use longwire_model::exporter::StatsdPrefix;
use longwire_model::series::{Metrics, SeriesSet};
use longwire_pipeline::labels::samples::{self, edge};
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;
use rstest::rstest;

/// Of the series of this set, without their labels.
fn lines(set: SeriesSet, options: &Options) -> Vec<String> {
    let mut store = SeriesStore::new(Budget::undivided(1_000, 10));
    let to = hold_edge(&mut store, &edge(Reporter::Source, "client", "server"), Metrics::of(set), 0);
    let lived = Delta { sent: 5, received: 7, opened: 1, duration: Some(61 * SECOND), ..Delta::default() };
    store.record(&to, Reporter::Source, &lived, 0);
    for rtt in [200, 400, 5_000] {
        store.record(&to, Reporter::Source, &Delta { rtt_us: Some(rtt), ..Delta::default() }, 0);
    }
    for reason in [FailReason::Refused, FailReason::NeverSent, FailReason::Refused] {
        store.record(&to, Reporter::Source, &Delta { failed: Some((reason, 1)), ..Delta::default() }, 0);
    }
    store.activate(&to);
    store.publish();
    let (mut encoder, mut out) = (Encoder::new(options.clone(), Baseline::ZERO), Vec::new());
    let mut cursor = encoder.begin();
    while encoder.render(&store, &mut cursor, usize::MAX, &mut out) {}
    let labels = labels(options.flavor);
    let lines = out.iter().flat_map(|packet| texts(packet.bytes(), options.framing));
    lines
        .map(|line| {
            assert!(line.contains(&labels), "{labels} in {line}");
            line.replace(&labels, "{}")
        })
        .collect()
}

/// None of them has a character that is escaped, except for the dots of a folded name.
fn labels(flavor: Flavor) -> String {
    let pairs = samples::pairs(edge(Reporter::Source, "client", "server"));
    let texts: Vec<_> = pairs
        .iter()
        .map(|(name, value)| match flavor {
            Flavor::Statsd => value.replace('.', "_"),
            Flavor::Dogstatsd => format!("{name}:{value}"),
            Flavor::Graphite => format!("{name}={value}"),
        })
        .collect();
    texts.join(match flavor {
        Flavor::Statsd => ".",
        Flavor::Dogstatsd => ",",
        Flavor::Graphite => ";",
    })
}

#[rstest]
#[case(Flavor::Statsd, ["istio_tcp_sent_bytes_total.{}:7|c", "istio_tcp_received_bytes_total.{}:5|c", "istio_tcp_connections_opened_total.{}:1|c"])]
#[case(Flavor::Dogstatsd, ["istio_tcp_sent_bytes_total:7|c|#{}", "istio_tcp_received_bytes_total:5|c|#{}", "istio_tcp_connections_opened_total:1|c|#{}"])]
#[case(Flavor::Graphite, ["istio_tcp_sent_bytes_total;{}:7|c", "istio_tcp_received_bytes_total;{}:5|c", "istio_tcp_connections_opened_total;{}:1|c"])]
fn istios_series_have_their_names_and_labels(#[case] flavor: Flavor, #[case] expected: [&str; 3]) {
    assert_eq!(lines(SeriesSet::Istio, &options(flavor, Histograms::Buckets)), expected);
}

#[test]
fn a_datagram_of_the_default_options_reads_so() {
    let labels = labels(Flavor::Dogstatsd);
    assert!(
        labels.starts_with("reporter:source,source_workload:client,source_canonical_service:client-app,"),
        "{labels}"
    );
    assert!(labels.ends_with("request_protocol:tcp,response_flags:-,connection_security_policy:unknown"), "{labels}");
}

#[rstest]
#[case(Flavor::Statsd, ["{}.refused:2|c", "{}.never_x5fsent:1|c"])]
#[case(Flavor::Dogstatsd, ["2|c|#{},reason:refused", "1|c|#{},reason:never_sent"])]
#[case(Flavor::Graphite, ["{};reason=refused:2|c", "{};reason=never_sent:1|c"])]
fn failures_come_by_the_reasons_that_occurred(#[case] flavor: Flavor, #[case] expected: [&str; 2]) {
    let lines = lines(SeriesSet::Longwire, &options(flavor, Histograms::Buckets));
    let name = "longwire_tcp_connections_failed_total";
    let of_name: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(name)).map(|line| &line[1..]).collect();
    assert_eq!(of_name, expected);
}

fn of_rtt(flavor: Flavor, histograms: Histograms) -> Vec<String> {
    let lines = lines(SeriesSet::Longwire, &options(flavor, histograms));
    lines.iter().filter_map(|line| line.strip_prefix("longwire_tcp_rtt_seconds")).map(str::to_owned).collect()
}

#[rstest]
#[case(Flavor::Statsd, ["_bucket.{}.0_001:2|c", "_bucket.{}.0_01:3|c", "_bucket.{}.0_1:3|c", "_bucket.{}.Inf:3|c", "_sum.{}:0.0056|c", "_count.{}:3|c"])]
#[case(Flavor::Dogstatsd, ["_bucket:2|c|#{},le:0.001", "_bucket:3|c|#{},le:0.01", "_bucket:3|c|#{},le:0.1", "_bucket:3|c|#{},le:+Inf", "_sum:0.0056|c|#{}", "_count:3|c|#{}"])]
#[case(Flavor::Graphite, ["_bucket;{};le=0.001:2|c", "_bucket;{};le=0.01:3|c", "_bucket;{};le=0.1:3|c", "_bucket;{};le=Inf:3|c", "_sum;{}:0.0056|c", "_count;{}:3|c"])]
fn an_aggregated_histogram_is_counters(#[case] flavor: Flavor, #[case] expected: [&str; 6]) {
    assert_eq!(of_rtt(flavor, Histograms::Buckets), expected);
}

#[rstest]
#[case(Flavor::Statsd, [".{}:0.418|ms|@0.5", ".{}:4.764|ms"])]
#[case(Flavor::Dogstatsd, [":0.000418|d|@0.5|#{}", ":0.004764|d|#{}"])]
#[case(Flavor::Graphite, [";{}:0.418|ms|@0.5", ";{}:4.764|ms"])]
fn timers_are_a_line_a_bucket(#[case] flavor: Flavor, #[case] expected: [&str; 2]) {
    let lines = of_rtt(flavor, Histograms::Timers);
    assert_eq!(lines, expected);
}

#[test]
fn a_gauge_is_its_value_and_a_prefix_stands_before_every_name() {
    let prefix = StatsdPrefix::parse("node.longwire").unwrap();
    let lines = lines(SeriesSet::Longwire, &Options { prefix, ..Options::default() });
    assert!(lines.contains(&"node.longwire.longwire_tcp_connections_active:1|g|#{}".to_owned()), "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("node.longwire.longwire_tcp_")));
}
