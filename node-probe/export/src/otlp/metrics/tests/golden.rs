//! Single metrics, field for field.

use super::read::{message, metrics, pairs};
use super::{FAILED, OFFSET, RTT, SECOND, SENT, Stage, Temporality, failed, received};
use crate::otlp::metrics::Request;
use crate::otlp::proto::metrics::v1::{HistogramDataPoint, Metric, NumberDataPoint, metric};
use longwire_model::series::FAMILIES;
use longwire_pipeline::labels::samples::{self, edge};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;

fn request(delta: &Delta) -> Request {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("client");
    stage.add(&held, delta);
    stage.store.activate(&held);
    stage.store.publish();
    let export = stage.begin(usize::MAX);
    stage.requests(export, usize::MAX).remove(0)
}

fn metric(request: &Request, name: &str) -> Metric {
    let mut found: Vec<_> = metrics(request).into_iter().filter(|metric| metric.name == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

fn labels() -> Vec<(String, String)> {
    samples::pairs(edge(Reporter::Source, "client", "server"))
}

fn owned(pairs: Vec<(&str, &str)>) -> Vec<(String, String)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn sum(metric: &Metric) -> (&[NumberDataPoint], i32, bool) {
    match metric.data.as_ref().unwrap() {
        metric::Data::Sum(sum) => (&sum.data_points, sum.aggregation_temporality, sum.is_monotonic),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_counter_is_a_monotonic_cumulative_sum_with_all_labels_in_their_order() {
    let request = request(&received(7));
    let metric = metric(&request, SENT);
    assert_eq!(metric.description, "Bytes from server to client, cumulative.");
    assert_eq!(metric.unit, "By");
    let (points, temporality, is_monotonic) = sum(&metric);
    assert_eq!((points.len(), temporality, is_monotonic), (1, 2, true));
    assert_eq!(owned(pairs(&points[0].attributes)), labels());
    assert_eq!(points[0].start_time_unix_nano, OFFSET + 1_000 * SECOND);
    assert_eq!(points[0].time_unix_nano, OFFSET + 1_001 * SECOND);
    assert_eq!((points[0].flags, points[0].exemplars.len()), (0, 0));
}

#[test]
fn failures_have_their_reason_as_the_last_attribute() {
    let request = request(&failed(FailReason::NeverSent, 3));
    let metric = metric(&request, FAILED);
    let (points, _, is_monotonic) = sum(&metric);
    let expected: Vec<_> = labels().into_iter().chain([("reason".to_owned(), "never_sent".to_owned())]).collect();
    assert_eq!((points.len(), is_monotonic, metric.unit.as_str()), (1, true, ""));
    assert_eq!(owned(pairs(&points[0].attributes)), expected);
}

#[test]
fn a_gauge_has_no_beginning() {
    let request = request(&received(1));
    let metric = metric(&request, "longwire_tcp_connections_active");
    let Some(metric::Data::Gauge(gauge)) = metric.data else { panic!("no gauge") };
    assert_eq!((gauge.data_points.len(), gauge.data_points[0].start_time_unix_nano), (1, 0));
}

#[test]
fn a_histogram_has_the_bounds_of_the_table_in_seconds() {
    let request = request(&Delta { rtt_us: Some(20_000), received: 1, ..Delta::default() });
    let metric = metric(&request, RTT);
    assert_eq!(metric.unit, "s");
    let Some(metric::Data::Histogram(histogram)) = metric.data else { panic!("no histogram") };
    assert_eq!((histogram.aggregation_temporality, histogram.data_points.len()), (2, 1));
    let point = &histogram.data_points[0];
    assert_eq!(owned(pairs(&point.attributes)), labels());
    let expected = HistogramDataPoint {
        attributes: point.attributes.clone(),
        start_time_unix_nano: OFFSET + 1_000 * SECOND,
        time_unix_nano: OFFSET + 1_001 * SECOND,
        count: 1,
        sum: Some(0.02),
        bucket_counts: vec![0, 0, 1, 0],
        explicit_bounds: vec![0.001, 0.01, 0.1],
        ..HistogramDataPoint::default()
    };
    assert_eq!(*point, expected);
}

#[test]
fn resource_and_scope_are_those_of_the_origin() {
    let message = message(&request(&received(1)));
    let of_resource = &message.resource_metrics[0];
    let attributes = &of_resource.resource.as_ref().unwrap().attributes;
    assert_eq!(pairs(attributes), [("service.name", "longwire-probe"), ("k8s.node.name", "node-1")]);
    let scope = of_resource.scope_metrics[0].scope.as_ref().unwrap();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("longwire", env!("CARGO_PKG_VERSION")));
}

/// Prometheus appends the word of a unit that the name does not end in, before `_total`.
#[test]
fn a_unit_is_one_that_the_name_says() {
    for family in &FAMILIES {
        let metric = super::super::metric::Metric::of(family, false);
        let mut bytes = Vec::new();
        metric.write(1, &[], &mut bytes);
        let name = family.name.strip_suffix("_total").unwrap_or(family.name);
        let has = |unit: &[u8]| bytes.windows(unit.len()).any(|part| part == unit);
        assert_eq!(has(b"\x1a\x02By"), name.ends_with("_bytes"), "{name}");
        assert_eq!(has(b"\x1a\x01s"), name.ends_with("_seconds"), "{name}");
    }
}
